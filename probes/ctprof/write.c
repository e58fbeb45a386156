#include "probes/ctprof/write.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/json_out.h"
#include "src/base/utf8.h"

/* ',"key":' of every row. */
static const struct {
	const char *s;
	size_t n;
} lead[CTP_NFIELDS] = {
#define FIELD(key, ...) {",\"" #key "\":", sizeof(",\"" #key "\":") - 1},
#include "probes/ctprof/fields.def"
};

/* Room for all keys and numbers of a thread at once: no key has more than 32 characters, no number
 * more than 20. */
enum { ROOM = CTP_NFIELDS * 64 };

static char *put_u64(char *p, uint64_t v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char buf[20], *s = buf + sizeof(buf);
	size_t n;

	while (v >= 100) {
		s -= 2;
		memcpy(s, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		s -= 2;
		memcpy(s, pairs + v * 2, 2);
	} else {
		*--s = (char)('0' + v);
	}
	n = (size_t)(buf + sizeof(buf) - s);
	memcpy(p, s, n);
	return p + n;
}

static char *put_i64(char *p, int64_t v)
{
	if (v >= 0)
		return put_u64(p, (uint64_t)v);
	*p = '-';
	return put_u64(p + 1, 0 - (uint64_t)v);
}

static void put_text(struct str *out, const char *s)
{
	struct json_out j;

	json_init(&j, out, false);
	json_str(&j, s ? s : "");
}

static void put_char(struct str *out, uint64_t v)
{
	char s[5] = {0};

	s[utf8_encode(v ? (uint32_t)v : '~', s)] = '\0';
	put_text(out, s);
}

static void put_map(struct str *out, const struct ctp_map *m)
{
	struct json_out j;

	json_init(&j, out, false);
	json_object(&j);
	for (uint32_t i = 0; i < m->n; i++)
		json_key_u64(&j, m->pairs[i].key, m->pairs[i].v);
	json_object_end(&j);
}

static void make_cpus(struct ctp_thread_writer *w, const struct ctp_cpus *c)
{
	struct json_out j;

	w->runs.n = 0;
	str_clear(&w->cpus);
	json_init(&j, &w->cpus, false);
	json_array(&j);
	for (uint32_t i = 0; i < c->nruns; i++) {
		vec_push(&w->runs, c->runs[i]);
		for (uint32_t cpu = c->runs[i].lo; cpu <= c->runs[i].hi; cpu++)
			json_u64(&j, cpu);
	}
	json_array_end(&j);
}

static void put_cpus(struct ctp_thread_writer *w, const struct ctp_cpus *c, struct str *out)
{
	if (w->cpus.len == 0 || w->runs.n != c->nruns ||
		(c->nruns && memcmp(w->runs.v, c->runs, c->nruns * sizeof(*c->runs)) != 0))
		make_cpus(w, c);
	str_append(out, w->cpus.s, w->cpus.len);
}

static void make_absent(struct ctp_thread_writer *w, const uint8_t *why)
{
	struct json_out j;

	memcpy(w->why, why, CTP_NFIELDS);
	str_clear(&w->absent);
	str_add(&w->absent, ",\"absent\":");
	json_init(&j, &w->absent, false);
	json_object(&j);
	for (int reason = CTP_PRESENT + 1; reason < CTP_NWHYS; reason++) {
		if (!memchr(why, reason, CTP_NFIELDS))
			continue;
		json_key(&j, ctp_why_word(reason));
		json_array(&j);
		for (int f = 0; f < CTP_NFIELDS; f++)
			if (why[f] == reason)
				json_str(&j, ctp_fields[f].key);
		json_array_end(&j);
	}
	json_object_end(&j);
}

static void put_absent(struct ctp_thread_writer *w, const uint8_t *why, struct str *out)
{
	static const uint8_t nothing[CTP_NFIELDS];

	if (memcmp(why, nothing, CTP_NFIELDS) == 0)
		return;
	if (w->absent.len == 0 || memcmp(w->why, why, CTP_NFIELDS) != 0)
		make_absent(w, why);
	str_append(out, w->absent.s, w->absent.len);
}

/* What is not a number. */
static void put_beside(
	struct ctp_thread_writer *w, const struct ctp_record *r, int f, struct str *out)
{
	switch (ctp_fields[f].type) {
	case CTP_STR:
		put_text(out, r->text[f]);
		break;
	case CTP_CHAR:
		put_char(out, r->v[f]);
		break;
	case CTP_CPUS:
		put_cpus(w, &r->cpus, out);
		break;
	default:
		put_map(out, &r->map);
	}
}

/* A number, or NULL when it is none. */
static char *put_number(char *p, enum ctp_type type, uint64_t v)
{
	switch (type) {
	case CTP_U64:
	case CTP_U32:
		return put_u64(p, v);
	case CTP_I32:
		return put_i64(p, (int64_t)v);
	case CTP_BOOL:
		return stpcpy(p, v ? "true" : "false");
	default:
		return NULL;
	}
}

void ctp_write_thread(struct ctp_thread_writer *w, const struct ctp_record *r, struct str *out)
{
	size_t start = out->len;
	char *p = str_reserve(out, ROOM);

	for (int f = 0; f < CTP_NFIELDS; f++) {
		char *next;

		memcpy(p, lead[f].s, lead[f].n);
		p += lead[f].n;
		next = put_number(p, ctp_fields[f].type, r->v[f]);
		if (next) {
			p = next;
			continue;
		}
		out->len = (size_t)(p - out->s);
		put_beside(w, r, f, out);
		p = str_reserve(out, ROOM);
	}
	out->len = (size_t)(p - out->s);
	out->s[start] = '{'; /* instead of the first comma */
	put_absent(w, r->why, out);
	str_addc(out, '}');
}

void ctp_thread_writer_release(struct ctp_thread_writer *w)
{
	str_release(&w->cpus);
	str_release(&w->absent);
	free(w->runs.v);
}
