#include "src/kernels/json_fault.h"

#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 200 };

struct scan {
	const char *p, *end;
	unsigned depth;
};

static enum json_fault value(struct scan *s);

static void blanks(struct scan *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
		s->p++;
}

static enum json_fault word(struct scan *s, const char *w)
{
	for (; *w; w++, s->p++) {
		if (s->p == s->end)
			return JSON_FAULT_CUT;
		if (*s->p != *w)
			return JSON_FAULT_SYNTAX;
	}
	return JSON_FAULT_NONE;
}

static enum json_fault escape(struct scan *s)
{
	if (s->p == s->end)
		return JSON_FAULT_CUT;
	if (*s->p != 'u')
		return *s->p && strchr("\"\\/bfnrt", *s->p++) ? JSON_FAULT_NONE : JSON_FAULT_SYNTAX;
	s->p++;
	for (int i = 0; i < 4; i++, s->p++) {
		if (s->p == s->end)
			return JSON_FAULT_CUT;
		if (!*s->p || !strchr("0123456789abcdefABCDEF", *s->p))
			return JSON_FAULT_SYNTAX;
	}
	return JSON_FAULT_NONE;
}

static enum json_fault string(struct scan *s)
{
	for (s->p++; s->p < s->end;) {
		char c = *s->p++;
		enum json_fault f = JSON_FAULT_NONE;

		if (c == '"')
			return JSON_FAULT_NONE;
		if ((unsigned char)c < 0x20)
			return JSON_FAULT_SYNTAX;
		if (c == '\\')
			f = escape(s);
		if (f)
			return f;
	}
	return JSON_FAULT_CUT;
}

static size_t digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

/* Digits have to follow; at the end of the text they may just be missing. */
static enum json_fault need_digits(struct scan *s)
{
	if (digits(s))
		return JSON_FAULT_NONE;
	return s->p == s->end ? JSON_FAULT_CUT : JSON_FAULT_SYNTAX;
}

static enum json_fault number(struct scan *s)
{
	enum json_fault f;

	if (*s->p == '-')
		s->p++;
	f = need_digits(s);
	if (!f && s->p < s->end && *s->p == '.') {
		s->p++;
		f = need_digits(s);
	}
	if (!f && s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		f = need_digits(s);
	}
	return f;
}

/* One member or element; an object's begins with its name. */
static enum json_fault member(struct scan *s, bool object)
{
	enum json_fault f;

	if (!object)
		return value(s);
	if (s->p == s->end)
		return JSON_FAULT_CUT;
	if (*s->p != '"')
		return JSON_FAULT_SYNTAX;
	f = string(s);
	if (f)
		return f;
	blanks(s);
	f = word(s, ":");
	return f ? f : value(s);
}

static enum json_fault container(struct scan *s, bool object)
{
	char close = object ? '}' : ']';

	if (++s->depth > DEPTH_MAX)
		return JSON_FAULT_SYNTAX;
	s->p++;
	blanks(s);
	if (s->p < s->end && *s->p == close) {
		s->p++;
		s->depth--;
		return JSON_FAULT_NONE;
	}
	for (;;) {
		enum json_fault f = member(s, object);

		if (f)
			return f;
		blanks(s);
		if (s->p == s->end)
			return JSON_FAULT_CUT;
		if (*s->p == close)
			break;
		if (*s->p++ != ',')
			return JSON_FAULT_SYNTAX;
		blanks(s);
	}
	s->p++;
	s->depth--;
	return JSON_FAULT_NONE;
}

static enum json_fault value(struct scan *s)
{
	blanks(s);
	if (s->p == s->end)
		return JSON_FAULT_CUT;
	switch (*s->p) {
	case '{':
	case '[':
		return container(s, *s->p == '{');
	case '"':
		return string(s);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		return *s->p == '-' || (*s->p >= '0' && *s->p <= '9') ? number(s)
								      : JSON_FAULT_SYNTAX;
	}
}

enum json_fault json_fault(const char *text, size_t n)
{
	struct scan s = {text, text + n, 0};
	enum json_fault f = value(&s);

	blanks(&s);
	if (!f && s.p < s.end)
		f = JSON_FAULT_SYNTAX;
	return f;
}
