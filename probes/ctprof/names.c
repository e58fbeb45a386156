#include "probes/ctprof/names.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/utf8.h"

/* Unicode's White_Space property beyond ASCII. */
static bool is_wide_space(uint32_t cp)
{
	return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
	       cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

/* Bytes of the separator that s begins with; 0 = it begins with token text. */
static size_t separator(const char *s, size_t n)
{
	uint32_t cp;
	int len;

	if ((unsigned char)*s < 0x80)
		return *s && strchr(".-_/:@+[] \t\n\v\f\r", *s) ? 1 : 0;
	len = utf8_decode(s, n, &cp);
	return len > 0 && is_wide_space(cp) ? (size_t)len : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t span(const char *s, size_t n, bool (*of)(char))
{
	size_t i = 0;

	while (i < n && of(s[i]))
		i++;
	return i;
}

static bool has_digit(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_digit(s[i]))
			return true;
	return false;
}

/* One maximal token, by the first rule of section 5.1 that fits. */
static void token_pattern(const char *t, size_t n, struct str *out)
{
	size_t digits = span(t, n, is_digit), letters = span(t, n, is_letter);

	if (digits == n) {
		str_add(out, "{N}");
	} else if (n >= 2 && span(t, n, is_hex) == n && has_digit(t, n)) {
		str_add(out, "{H}");
	} else if (letters && letters < n &&
		   letters + span(t + letters, n - letters, is_digit) == n) {
		str_append(out, t, letters);
		str_add(out, "{N}");
	} else if (digits && digits + span(t + digits, n - digits, is_letter) == n) {
		str_add(out, "{N}");
		str_append(out, t + digits, n - digits);
	} else {
		str_append(out, t, n);
	}
}

typedef void token_fn(const char *t, size_t n, struct str *out);

static void each_token(const char *name, size_t n, token_fn *token, struct str *out)
{
	size_t from = 0;

	for (size_t i = 0; i < n;) {
		size_t sep = separator(name + i, n - i);

		if (!sep) {
			i++;
			continue;
		}
		if (i > from)
			token(name + from, i - from, out);
		str_append(out, name + i, sep);
		from = i += sep;
	}
	if (n > from)
		token(name + from, n - from, out);
}

void name_pattern(const char *name, size_t n, struct str *out)
{
	each_token(name, n, token_pattern, out);
}

/* ---- the stronger form ----------------------------------------------------------------------- */

enum { UUID = 36, LONG_HEX = 8 };

/* 8-4-4-4-12 hexadecimal digits, parted by '-' throughout or by '_'. */
static bool is_uuid(const char *s, size_t n)
{
	if (n < UUID || (s[8] != '-' && s[8] != '_'))
		return false;
	for (size_t i = 0; i < UUID; i++) {
		bool part = i == 8 || i == 13 || i == 18 || i == 23;

		if (part ? s[i] != s[8] : !is_hex(s[i]))
			return false;
	}
	return n == UUID || (!is_hex(s[UUID]) && !is_letter(s[UUID]));
}

/* Digits inside a word are numbers of it. */
static void number_digits(const char *t, size_t n, struct str *out)
{
	for (size_t i = 0; i < n;) {
		size_t digits = span(t + i, n - i, is_digit);

		if (digits)
			str_add(out, "{N}");
		else
			str_addc(out, t[i]);
		i += digits ? digits : 1;
	}
}

static void strong_token(const char *t, size_t n, struct str *out)
{
	size_t lead = n > LONG_HEX && is_letter(*t) && !is_hex(*t);

	if (span(t, n, is_digit) < n && n - lead >= LONG_HEX &&
		span(t + lead, n - lead, is_hex) == n - lead) {
		str_append(out, t, lead);
		str_add(out, "{H}");
	} else if (n >= 2 && span(t, n, is_hex) == n) {
		token_pattern(t, n, out);
	} else {
		number_digits(t, n, out);
	}
}

void name_pattern_strong(const char *name, size_t n, struct str *out)
{
	size_t from = 0, i = 0;

	while (i < n) {
		if (!is_uuid(name + i, n - i)) {
			i++;
			continue;
		}
		each_token(name + from, i - from, strong_token, out);
		str_add(out, "{U}");
		from = i += UUID;
	}
	each_token(name + from, n - from, strong_token, out);
}

/* Bytes of the instance behind an '@' where the component is a template's service, else 0. */
static size_t instance(const char *behind)
{
	static const char suffix[] = ".service";
	size_t n = strcspn(behind, "/"), tail = sizeof(suffix) - 1;

	if (n <= tail || memcmp(behind + n - tail, suffix, tail) != 0)
		return 0;
	n -= tail;
	return strcspn(behind, "._-") >= n ? n : 0;
}

/* The path without the instances of templates. */
static void plain_path(const char *path, struct str *plain)
{
	while (*path) {
		size_t n = *path == '@' ? instance(path + 1) : 0;

		str_addc(plain, *path++);
		if (n) {
			str_add(plain, "{I}");
			path += n;
		}
	}
}

void name_cgroup_key(const char *path, struct str *out)
{
	cleanup_str struct str plain = STR_INIT;

	plain_path(path, &plain);
	name_pattern(str_get(&plain), plain.len, out);
}

void name_cgroup_key_strong(const char *path, struct str *out)
{
	cleanup_str struct str plain = STR_INIT;

	plain_path(path, &plain);
	name_pattern_strong(str_get(&plain), plain.len, out);
}
