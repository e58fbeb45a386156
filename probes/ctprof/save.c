/* Everything of a snapshot file but its threads, and writing a whole snapshot. */
#include <string.h>

#include "probes/ctprof/sink.h"
#include "probes/ctprof/store.h"
#include "probes/ctprof/write.h"

static void write_map(struct json_out *j, const struct ctp_map *m)
{
	json_object(j);
	for (uint32_t i = 0; i < m->n; i++)
		json_key_u64(j, m->pairs[i].key, m->pairs[i].v);
	json_object_end(j);
}

static void write_texts(struct json_out *j, const struct ctp_text_map *m)
{
	json_object(j);
	for (uint32_t i = 0; i < m->n; i++)
		json_key_str(j, m->pairs[i].key, m->pairs[i].text);
	json_object_end(j);
}

static void write_opt(struct json_out *j, const struct ctp_opt *o, bool sign)
{
	if (!o->has)
		json_null(j);
	else if (sign)
		json_i64(j, (int64_t)o->v);
	else
		json_u64(j, o->v);
}

static bool is_absent(const struct shape_row *row, const void *at)
{
	switch (row->kind) {
	case SHAPE_OPT_U64:
	case SHAPE_OPT_I64:
		return !((const struct ctp_opt *)at)->has;
	case SHAPE_OPT_TEXT:
		return !*(const char *const *)at;
	case SHAPE_TEXTS:
		return !((const struct ctp_text_map *)at)->present;
	case SHAPE_TEXTS_N:
		return !((const struct ctp_text_map *)at)->n;
	case SHAPE_MAP:
		return !((const struct ctp_map *)at)->n;
	default:
		return false;
	}
}

void ctp_write_value(struct json_out *j, const struct shape_row *row, const void *at)
{
	switch (row->kind) {
	case SHAPE_U64:
		json_u64(j, *(const uint64_t *)at);
		break;
	case SHAPE_U32:
		json_u64(j, *(const uint32_t *)at);
		break;
	case SHAPE_U16:
		json_u64(j, *(const uint16_t *)at);
		break;
	case SHAPE_BOOL:
		json_bool(j, *(const bool *)at);
		break;
	case SHAPE_OPT_U64:
	case SHAPE_OPT_I64:
		write_opt(j, at, row->kind == SHAPE_OPT_I64);
		break;
	case SHAPE_TEXT:
	case SHAPE_OPT_TEXT:
		json_str(j, *(const char *const *)at);
		break;
	case SHAPE_MAP:
		write_map(j, at);
		break;
	case SHAPE_TEXTS:
	case SHAPE_TEXTS_N:
		write_texts(j, at);
		break;
	case SHAPE_OBJECT:
		ctp_write_shape(j, row->shape, at);
	}
}

void ctp_write_shape(struct json_out *j, const struct shape *shape, const void *base)
{
	json_object(j);
	for (size_t i = 0; i < shape->n; i++) {
		const struct shape_row *row = &shape->rows[i];
		const void *at = (const char *)base + row->offset;

		if ((shape->omit || row->omit) && is_absent(row, at))
			continue;
		json_key(j, row->key);
		ctp_write_value(j, row, at);
	}
	json_object_end(j);
}

static void write_cgroups(struct json_out *j, const struct ctp_snapshot *s)
{
	json_object(j);
	for (size_t i = 0; i < s->ncgroups; i++) {
		json_key(j, s->cgroups[i].path);
		ctp_write_shape(j, &ctp_shape_cgroup, &s->cgroups[i]);
	}
	json_object_end(j);
}

static void write_object(
	struct json_out *j, const struct shape_top *top, const struct ctp_snapshot *s)
{
	const void *object;

	memcpy(&object, (const char *)s + top->offset, sizeof(object));
	if (!object && top->omit)
		return;
	json_key(j, top->key);
	if (object)
		ctp_write_shape(j, top->shape, object);
	else
		json_null(j);
}

static void write_top(struct json_out *j, const struct shape_top *top, const struct ctp_snapshot *s)
{
	if (top->kind == SHAPE_TOP_OBJECT) {
		write_object(j, top, s);
		return;
	}
	json_key(j, top->key);
	if (top->kind == SHAPE_TOP_TIME)
		json_u64(j, s->captured_at_unix_ns);
	else if (top->kind == SHAPE_TOP_CGROUPS)
		write_cgroups(j, s);
	else if (top->kind == SHAPE_TOP_PSI)
		ctp_write_shape(j, top->shape, &s->psi);
}

static size_t threads_at(void)
{
	size_t i = 0;

	while (ctp_shape_tops[i].kind != SHAPE_TOP_THREADS)
		i++;
	return i;
}

void ctp_write_head(const struct ctp_snapshot *s, struct str *out)
{
	struct json_out j;

	json_init(&j, out, false);
	json_object(&j);
	for (size_t i = 0; i < threads_at(); i++)
		write_top(&j, &ctp_shape_tops[i], s);
	json_key(&j, ctp_shape_tops[threads_at()].key);
	json_array(&j);
}

void ctp_write_tail(const struct ctp_snapshot *s, struct str *out)
{
	struct json_out j;

	/* The writer stands behind the last thread: in an array, in an object. */
	json_init(&j, out, false);
	j.depth = 2;
	j.comma = true;
	json_array_end(&j);
	for (size_t i = threads_at() + 1; i < ctp_shape_ntops; i++)
		write_top(&j, &ctp_shape_tops[i], s);
	json_object_end(&j);
}

static void fill_record(
	const struct ctp_snapshot *s, const struct ctp_thread *t, struct ctp_record *r)
{
	for (int f = 0; f < CTP_NFIELDS; f++) {
		r->v[f] = t->v[f];
		r->why[f] = (uint8_t)ctp_why(t, f);
		if (ctp_fields[f].type == CTP_STR)
			r->text[f] = ctp_str(s, t, f);
		else if (ctp_fields[f].type == CTP_CPUS)
			r->cpus = *ctp_cpus(s, t, f);
		else if (ctp_fields[f].type == CTP_MAP)
			r->map = *ctp_map(s, t, f);
	}
}

/* Threads from `from` on, until out has some text or all are there; returns the next. */
static size_t write_some(const struct ctp_snapshot *s, size_t from, size_t enough,
	struct ctp_thread_writer *w, struct str *out)
{
	struct ctp_record r = {0};

	for (; from < s->nthreads && out->len < enough; from++) {
		if (from)
			str_addc(out, ',');
		fill_record(s, ctp_thread_at(s, from), &r);
		ctp_write_thread(w, &r, out);
	}
	return from;
}

void ctp_write_threads(const struct ctp_snapshot *s, struct str *out)
{
	struct ctp_thread_writer w = {0};

	write_some(s, 0, SIZE_MAX, &w, out);
	ctp_thread_writer_release(&w);
}

static int save_threads(struct ctp_sink *k, const struct ctp_snapshot *s, struct err *e)
{
	struct ctp_thread_writer w = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->nthreads;) {
		i = write_some(s, i, 64 * 1024, &w, ctp_sink_text(k));
		rc = ctp_sink_flush(k, e);
	}
	ctp_thread_writer_release(&w);
	return rc;
}

int ctp_save(const struct ctp_snapshot *s, const char *path, struct err *e)
{
	struct err own = ERR_INIT;
	struct ctp_sink *k = ctp_sink_new(path, e ? e : &own);
	int rc;

	if (!k)
		return -(e ? e : &own)->code;
	ctp_write_head(s, ctp_sink_text(k));
	rc = save_threads(k, s, e);
	if (rc == 0) {
		ctp_write_tail(s, ctp_sink_text(k));
		rc = ctp_sink_end(k, e);
	}
	ctp_sink_free(k);
	return rc;
}
