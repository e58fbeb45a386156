/* Numbers and words in kernel text that has a known end and is not terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct scan {
	const char *p, *end;
};

static inline bool scan_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static inline void scan_blanks(struct scan *s)
{
	while (s->p < s->end && scan_blank(*s->p))
		s->p++;
}

/* Digits only, at least one; false and nothing taken when they do not fit 64 bits. */
static inline bool scan_u64(struct scan *s, uint64_t *out)
{
	const char *p = s->p;
	uint64_t v = 0;

	for (; p < s->end && *p >= '0' && *p <= '9'; p++) {
		unsigned d = (unsigned)(*p - '0');

		if (p - s->p >= 19 && (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - d))
			return false;
		v = v * 10 + d;
	}
	if (p == s->p)
		return false;
	s->p = p;
	*out = v;
	return true;
}

static inline bool scan_i64(struct scan *s, int64_t *out)
{
	struct scan t = *s;
	uint64_t v;
	bool minus = t.p < t.end && *t.p == '-';

	t.p += minus;
	if (!scan_u64(&t, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	s->p = t.p;
	return true;
}

/* Everything up to the next blank. */
static inline struct scan scan_word(struct scan *s)
{
	struct scan w;

	scan_blanks(s);
	w.p = s->p;
	while (s->p < s->end && !scan_blank(*s->p))
		s->p++;
	w.end = s->p;
	return w;
}

/* The next line without its end; false behind the last. */
static inline bool scan_line(struct scan *s, struct scan *line)
{
	const char *nl;

	if (s->p == s->end)
		return false;
	nl = memchr(s->p, '\n', (size_t)(s->end - s->p));
	line->p = s->p;
	line->end = nl ? nl : s->end;
	s->p = nl ? nl + 1 : s->end;
	return true;
}

static inline void scan_trim(struct scan *s)
{
	scan_blanks(s);
	while (s->end > s->p && scan_blank(s->end[-1]))
		s->end--;
}

static inline bool scan_is(const struct scan *s, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(s->end - s->p) == n && memcmp(s->p, text, n) == 0;
}

/* "key: value": cuts at the first colon and trims both; false without a colon. */
static inline bool scan_pair(const struct scan *line, struct scan *key, struct scan *value)
{
	const char *colon =
		line->p == line->end ? NULL : memchr(line->p, ':', (size_t)(line->end - line->p));

	if (!colon)
		return false;
	*key = (struct scan){line->p, colon};
	*value = (struct scan){colon + 1, line->end};
	scan_trim(key);
	scan_trim(value);
	return true;
}

/* A whole trimmed word that is a number. */
static inline bool scan_whole_u64(struct scan s, uint64_t *out)
{
	scan_trim(&s);
	return scan_u64(&s, out) && s.p == s.end;
}
