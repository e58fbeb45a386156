#include "src/base/json_out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/utf8.h"

void json_init(struct json_out *j, struct str *out, bool pretty)
{
	*j = (struct json_out){.out = out, .pretty = pretty};
}

static void newline(struct json_out *j)
{
	if (!j->pretty)
		return;
	str_addc(j->out, '\n');
	str_repeat(j->out, ' ', (size_t)j->depth * 2);
}

/* What stands before any value or key. */
static void lead(struct json_out *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->comma)
		str_addc(j->out, ',');
	if (j->depth)
		newline(j);
}

static void open_container(struct json_out *j, char c)
{
	lead(j);
	str_addc(j->out, c);
	j->depth++;
	j->comma = false;
}

static void close_container(struct json_out *j, char c)
{
	j->depth--;
	if (j->comma)
		newline(j);
	str_addc(j->out, c);
	j->comma = true;
}

void json_object(struct json_out *j)
{
	open_container(j, '{');
}

void json_object_end(struct json_out *j)
{
	close_container(j, '}');
}

void json_array(struct json_out *j)
{
	open_container(j, '[');
}

void json_array_end(struct json_out *j)
{
	close_container(j, ']');
}

/* How many bytes at s stand for themselves. */
static size_t plain(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x80 && s[i] != '"' &&
		s[i] != '\\')
		i++;
	return i;
}

/* RFC 8259, 7: the two-character escapes where there is one. */
static void escape(struct str *out, char c)
{
	static const char special[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
	const char *at = c ? strchr(special, c) : NULL;

	if (at)
		str_printf(out, "\\%c", letters[at - special]);
	else
		str_printf(out, "\\u%04x", (unsigned char)c);
}

/* One character of several bytes, or a replacement for one that is not UTF-8; bytes taken. */
static size_t add_wide(struct str *out, const char *s, size_t n)
{
	uint32_t cp;
	int used = utf8_decode(s, n, &cp);

	if (used > 0)
		str_append(out, s, (size_t)used);
	else
		str_add(out, UTF8_REPLACEMENT);
	return used > 0 ? (size_t)used : 1;
}

static void quoted(struct json_out *j, const char *s, size_t n)
{
	str_addc(j->out, '"');
	for (size_t i = 0; i < n;) {
		size_t run = plain(s + i, n - i);

		str_append(j->out, s + i, run);
		i += run;
		if (i < n && (unsigned char)s[i] < 0x80)
			escape(j->out, s[i++]);
		else if (i < n)
			i += add_wide(j->out, s + i, n - i);
	}
	str_addc(j->out, '"');
}

void json_key(struct json_out *j, const char *key)
{
	lead(j);
	quoted(j, key, strlen(key));
	str_add(j->out, j->pretty ? ": " : ":");
	j->comma = true;
	j->after_key = true;
}

void json_strn(struct json_out *j, const char *s, size_t n)
{
	lead(j);
	quoted(j, s, n);
	j->comma = true;
}

void json_str(struct json_out *j, const char *s)
{
	if (s)
		json_strn(j, s, strlen(s));
	else
		json_null(j);
}

static void literal(struct json_out *j, const char *text)
{
	lead(j);
	str_add(j->out, text);
	j->comma = true;
}

void json_u64(struct json_out *j, uint64_t v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)v);
	literal(j, buf);
}

void json_i64(struct json_out *j, int64_t v)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%lld", (long long)v);
	literal(j, buf);
}

void json_real(struct json_out *j, double v)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%.6g", v);
	literal(j, isfinite(v) ? buf : "null");
}

void json_bool(struct json_out *j, bool v)
{
	literal(j, v ? "true" : "false");
}

void json_null(struct json_out *j)
{
	literal(j, "null");
}

void json_key_str(struct json_out *j, const char *key, const char *s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_key_u64(struct json_out *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void json_key_bool(struct json_out *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void json_key_null(struct json_out *j, const char *key)
{
	json_key(j, key);
	json_null(j);
}
