#include "src/base/json_pull.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/json_scan.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

/* The window. While a token may begin in it, at least JSON_PULL_TOKEN bytes are ahead or the text
 * is over, so that no token is ever split. A zero byte stands behind its end. */
enum { WINDOW = 4 * JSON_PULL_TOKEN };

enum state {
	ST_VALUE,     /* a value must follow */
	ST_FIRST,     /* behind [ : a value or ] */
	ST_FIRST_KEY, /* behind { : a key or } */
	ST_COLON,     /* behind a key */
	ST_NEXT,      /* behind a value */
};

void json_pull_init(struct json_pull *p, json_pull_read *read, void *ctx)
{
	*p = (struct json_pull){.read = read, .ctx = ctx, .buf = xmalloc(WINDOW + 1)};
	p->buf[0] = '\0';
}

ssize_t json_pull_text_read(void *ctx, void *buf, size_t n, struct err *e)
{
	struct json_pull_text *t = ctx;

	(void)e;
	n = n < t->n ? n : t->n;
	if (n)
		memcpy(buf, t->s, n);
	t->s += n;
	t->n -= n;
	return (ssize_t)n;
}

void json_pull_release(struct json_pull *p)
{
	free(p->buf);
	p->buf = NULL;
}

uint64_t json_pull_offset(const struct json_pull *p)
{
	return p->base + p->at;
}

static int refill(struct json_pull *p, struct err *e)
{
	memmove(p->buf, p->buf + p->at, p->end - p->at);
	p->base += p->at;
	p->end -= p->at;
	p->at = 0;
	while (!p->eof && p->end < WINDOW) {
		ssize_t n = p->read(p->ctx, p->buf + p->end, WINDOW - p->end, e);

		if (n < 0)
			return (int)n;
		p->eof = n == 0;
		p->end += (size_t)n;
	}
	p->buf[p->end] = '\0';
	return 0;
}

/* Skips white space; afterwards a whole token lies in the window. */
static int ready(struct json_pull *p, struct err *e)
{
	for (;;) {
		int rc;

		while (p->buf[p->at] == ' ' || p->buf[p->at] == '\n' || p->buf[p->at] == '\t' ||
			p->buf[p->at] == '\r')
			p->at++;
		if (p->eof || p->end - p->at > JSON_PULL_TOKEN)
			return 0;
		rc = refill(p, e);
		if (rc < 0)
			return rc;
	}
}

static int bad(const struct json_pull *p, size_t at, struct err *e, const char *what)
{
	unsigned long long offset = p->base + at;

	if (at >= p->end)
		return err_set(e, EBADMSG, "the JSON text ends at byte %llu, where %s is expected",
			offset, what);
	return err_set(e, EBADMSG, "bad JSON at byte %llu: %s is expected", offset, what);
}

/* Most strings are plain ASCII without escapes: the first byte that is not, or the quote. */
static size_t plain(const char *s, size_t at)
{
	while ((unsigned char)s[at] >= 0x20 && (unsigned char)s[at] < 0x80 && s[at] != '"' &&
		s[at] != '\\')
		at++;
	return at;
}

/* What is special at `at`: copied, decoded, to `to`. Returns the bytes read, 0 = wrong. */
static size_t special(const struct json_pull *p, size_t at, char *to, size_t *len)
{
	uint32_t cp;
	int n;

	if (p->buf[at] == '\\') {
		char bytes[4];
		size_t used = json_escape(p->buf + at, bytes, len);

		if (used)
			memcpy(to, bytes, *len);
		return used;
	}
	if ((unsigned char)p->buf[at] < 0x80)
		return 0;
	n = utf8_decode(p->buf + at, p->end - at, &cp);
	if (n <= 0)
		return 0;
	memmove(to, p->buf + at, (size_t)n);
	*len = (size_t)n;
	return (size_t)n;
}

static int too_long(const struct json_pull *p, const char *what, struct err *e)
{
	return err_set(e, EBADMSG, "bad JSON at byte %llu: a %s longer than %d bytes",
		(unsigned long long)p->base + p->at, what, JSON_PULL_TOKEN);
}

static int bad_string(const struct json_pull *p, size_t at, struct err *e)
{
	unsigned char c = at < p->end ? (unsigned char)p->buf[at] : 0;

	return bad(p, at, e,
		c == '\\'   ? "a valid escape"
		: c >= 0x80 ? "UTF-8"
			    : "the end of the string");
}

static int string(struct json_pull *p, struct err *e)
{
	size_t start = p->at + 1, at = plain(p->buf, start), to = at;

	while (p->buf[at] != '"') {
		size_t len = 0, used = at < p->end ? special(p, at, p->buf + to, &len) : 0, next;

		if (!used && at >= p->end && !p->eof)
			return too_long(p, "string", e);
		if (!used)
			return bad_string(p, at, e);
		at += used;
		to += len;
		next = plain(p->buf, at);
		memmove(p->buf + to, p->buf + at, next - at);
		to += next - at;
		at = next;
	}
	if (at - start > JSON_PULL_TOKEN)
		return too_long(p, "string", e);
	p->s = p->buf + start;
	p->n = to - start;
	p->at = at + 1;
	return 0;
}

static int real(struct json_pull *p, size_t len)
{
	p->s = p->buf + p->at;
	p->n = len;
	p->at += len;
	return JSON_REAL;
}

static int number(struct json_pull *p, struct err *e)
{
	const char *s = p->buf + p->at;
	bool minus = *s == '-';
	size_t n = json_digits(s + minus), len = minus + n;
	ssize_t more;

	if (!n)
		return bad(p, p->at, e, "a value");
	if (n > 1 && s[minus] == '0')
		return bad(p, p->at + minus + 1, e, "no digit after a leading zero");
	more = json_fraction(s + len);
	if (more < 0)
		return bad(p, p->at + len, e, "a number");
	if (len + (size_t)more > JSON_PULL_TOKEN)
		return too_long(p, "number", e);
	if (more || !json_integer(s + minus, n, &p->u) || (minus && p->u > (uint64_t)INT64_MAX + 1))
		return real(p, len + (size_t)more);
	p->at += len;
	if (!minus || p->u == 0)
		return JSON_UINT;
	p->i = (int64_t)(0 - p->u);
	return JSON_INT;
}

static int word(struct json_pull *p, const char *text, int event, struct err *e)
{
	size_t n = strlen(text);

	if (strncmp(p->buf + p->at, text, n) != 0)
		return bad(p, p->at, e, "a value");
	p->at += n;
	return event;
}

static int open_container(struct json_pull *p, bool array, struct err *e)
{
	if (p->depth == JSON_PULL_DEPTH)
		return err_set(e, EBADMSG, "bad JSON at byte %llu: nested deeper than %d",
			(unsigned long long)p->base + p->at, JSON_PULL_DEPTH);
	p->arrays &= ~(1ULL << p->depth);
	p->arrays |= (uint64_t)array << p->depth;
	p->depth++;
	p->at++;
	p->state = array ? ST_FIRST : ST_FIRST_KEY;
	return array ? JSON_ARRAY : JSON_OBJECT;
}

static bool in_array(const struct json_pull *p)
{
	return p->depth && (p->arrays >> (p->depth - 1) & 1);
}

static int close_container(struct json_pull *p)
{
	bool array = in_array(p);

	p->depth--;
	p->at++;
	p->state = ST_NEXT;
	return array ? JSON_ARRAY_END : JSON_OBJECT_END;
}

static int value(struct json_pull *p, struct err *e)
{
	char c = p->buf[p->at];
	int rc;

	p->state = ST_NEXT;
	switch (c) {
	case '{':
		return open_container(p, false, e);
	case '[':
		return open_container(p, true, e);
	case '"':
		rc = string(p, e);
		return rc < 0 ? rc : JSON_STRING;
	case 't':
		return word(p, "true", JSON_TRUE, e);
	case 'f':
		return word(p, "false", JSON_FALSE, e);
	case 'n':
		return word(p, "null", JSON_NULL, e);
	default:
		return number(p, e);
	}
}

/* A key and its colon: what follows must be a value. */
static int key(struct json_pull *p, struct err *e)
{
	int rc;

	if (p->buf[p->at] != '"')
		return bad(p, p->at, e, "a key");
	rc = string(p, e);
	p->state = ST_COLON;
	return rc < 0 ? rc : JSON_KEY;
}

static int after_value(struct json_pull *p, struct err *e)
{
	int rc;

	if (!p->depth)
		return p->at == p->end ? JSON_END : bad(p, p->at, e, "the end");
	if (p->buf[p->at] == (in_array(p) ? ']' : '}'))
		return close_container(p);
	if (p->buf[p->at] != ',')
		return bad(p, p->at, e, in_array(p) ? "',' or ']'" : "',' or '}'");
	p->at++;
	rc = ready(p, e);
	if (rc < 0)
		return rc;
	return in_array(p) ? value(p, e) : key(p, e);
}

static int after_key(struct json_pull *p, struct err *e)
{
	int rc;

	if (p->buf[p->at] != ':')
		return bad(p, p->at, e, "':'");
	p->at++;
	rc = ready(p, e);
	return rc < 0 ? rc : value(p, e);
}

int json_pull(struct json_pull *p, struct err *e)
{
	int rc = ready(p, e);

	if (rc < 0)
		return rc;
	switch ((enum state)p->state) {
	case ST_NEXT:
		return after_value(p, e);
	case ST_COLON:
		return after_key(p, e);
	case ST_FIRST:
		return p->buf[p->at] == ']' ? close_container(p) : value(p, e);
	case ST_FIRST_KEY:
		return p->buf[p->at] == '}' ? close_container(p) : key(p, e);
	case ST_VALUE:
		break;
	}
	return value(p, e);
}

int json_pull_skip(struct json_pull *p, int event, struct err *e)
{
	unsigned outer;

	if (event < 0)
		return event;
	if (event != JSON_OBJECT && event != JSON_ARRAY)
		return 0;
	outer = p->depth - 1;
	while (p->depth > outer) {
		int rc = json_pull(p, e);

		if (rc < 0)
			return rc;
	}
	return 0;
}

const char *json_event_name(int event)
{
	static const char *const names[JSON_NEVENTS] = {
		[JSON_END] = "the end",
		[JSON_OBJECT] = "an object",
		[JSON_OBJECT_END] = "the end of an object",
		[JSON_ARRAY] = "an array",
		[JSON_ARRAY_END] = "the end of an array",
		[JSON_KEY] = "a key",
		[JSON_STRING] = "a string",
		[JSON_UINT] = "a number",
		[JSON_INT] = "a negative number",
		[JSON_REAL] = "a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null",
	};

	return event >= 0 && event < JSON_NEVENTS ? names[event] : "an error";
}
