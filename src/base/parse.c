#include "src/base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "src/base/mem.h"

int parse_u64(const char *text, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	const char *p = text;

	if (!isdigit((unsigned char)*p))
		return err_set(e, EINVAL, "'%.60s' is not an unsigned integer", text);
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(v, 10U, &v) ||
			__builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
			return err_set(e, ERANGE, "number is too large: '%.60s'", text);
	if (*p)
		return err_set(e, EINVAL, "'%.60s' is not an unsigned integer", text);
	*out = v;
	return 0;
}

int parse_u32(const char *text, uint32_t *out, struct err *e)
{
	uint64_t v;
	int rc = parse_u64(text, &v, e);

	if (rc)
		return rc;
	if (v > UINT32_MAX)
		return err_set(e, ERANGE, "number is too large: '%.60s'", text);
	*out = (uint32_t)v;
	return 0;
}

struct unit {
	const char *name;
	uint64_t ns;
};

#define SEC 1000000000ULL

static const struct unit units[] = {
	{"ns", 1},
	{"nsec", 1},
	{"nanos", 1},
	{"us", 1000},
	{"usec", 1000},
	{"\xc2\xb5s", 1000},
	{"ms", 1000000},
	{"msec", 1000000},
	{"millis", 1000000},
	{"s", SEC},
	{"sec", SEC},
	{"secs", SEC},
	{"second", SEC},
	{"seconds", SEC},
	{"m", 60 * SEC},
	{"min", 60 * SEC},
	{"mins", 60 * SEC},
	{"minute", 60 * SEC},
	{"minutes", 60 * SEC},
	{"h", 3600 * SEC},
	{"hr", 3600 * SEC},
	{"hrs", 3600 * SEC},
	{"hour", 3600 * SEC},
	{"hours", 3600 * SEC},
	{"d", 86400 * SEC},
	{"day", 86400 * SEC},
	{"days", 86400 * SEC},
	{"w", 604800 * SEC},
	{"wk", 604800 * SEC},
	{"wks", 604800 * SEC},
	{"week", 604800 * SEC},
	{"weeks", 604800 * SEC},
	{"M", 2630016 * SEC},
	{"month", 2630016 * SEC},
	{"months", 2630016 * SEC},
	{"y", 31557600 * SEC},
	{"yr", 31557600 * SEC},
	{"yrs", 31557600 * SEC},
	{"year", 31557600 * SEC},
	{"years", 31557600 * SEC},
};

static const struct unit *find_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, name, len) == 0)
			return &units[i];
	return NULL;
}

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Digits at *p, passed over; false when they are more than 64 bits hold. */
static bool take_digits(const char **p, uint64_t *v)
{
	for (*v = 0; isdigit((unsigned char)**p); ++*p)
		if (__builtin_mul_overflow(*v, 10U, v) ||
			__builtin_add_overflow(*v, (unsigned)(**p - '0'), v))
			return false;
	return true;
}

/* ---- durations ------------------------------------------------------------------------------- */

struct part {
	uint64_t n;
	const char *unit; /* len 0 = none was given */
	size_t len;
};

/* A number and its unit at *p, passed over with the white space around them. */
static int take_part(const char **p, const char *text, struct part *out, struct err *e)
{
	if (!isdigit((unsigned char)**p))
		return err_set(
			e, EINVAL, "expected number at %zu in '%.60s'", (size_t)(*p - text), text);
	if (!take_digits(p, &out->n))
		return err_set(e, ERANGE, "number is too large in '%.60s'", text);
	out->unit = *p = skip_space(*p);
	while (isalpha((unsigned char)**p) || (unsigned char)**p >= 0x80)
		++*p;
	out->len = (size_t)(*p - out->unit);
	if (!out->len && **p && !isdigit((unsigned char)**p))
		return err_set(e, EINVAL, "invalid character at %zu in '%.60s'",
			(size_t)(*p - text), text);
	*p = skip_space(*p);
	return 0;
}

static int add_part(const struct part *part, const char *text, uint64_t *total, struct err *e)
{
	const struct unit *unit;
	uint64_t ns;

	if (!part->len && part->n == 0)
		return 0;
	if (!part->len)
		return err_set(
			e, EINVAL, "time unit needed, for example %.20ssec or %.20sms", text, text);
	unit = find_unit(part->unit, part->len);
	if (!unit)
		return err_set(e, EINVAL,
			"unknown time unit \"%.*s\" (ns, us, ms, s, m, h, d, w, M, y)",
			(int)(part->len > 20 ? 20 : part->len), part->unit);
	if (__builtin_mul_overflow(part->n, unit->ns, &ns) ||
		__builtin_add_overflow(*total, ns, total))
		return err_set(e, ERANGE, "number is too large in '%.60s'", text);
	return 0;
}

int parse_duration(const char *text, uint64_t *ns, struct err *e)
{
	const char *p = skip_space(text);
	uint64_t total = 0;

	if (!*p)
		return err_set(e, EINVAL, "value was empty");
	while (*p) {
		struct part part;
		int rc = take_part(&p, text, &part, e);

		rc = rc ? rc : add_part(&part, text, &total, e);
		if (rc)
			return rc;
	}
	*ns = total;
	return 0;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static bool is_word(const char *word, const char *s, size_t len)
{
	return strlen(word) == len && strncasecmp(word, s, len) == 0;
}

/* What comes behind a size's digits, as the power of two it stands for. */
static int size_shift(const char *suffix, const char *text, unsigned *shift, struct err *e)
{
	static const char *const binary[] = {"b", "kib", "mib", "gib"};
	static const char *const si[] = {"kb", "mb", "gb", "tb", "k", "m", "g"};
	size_t len = strlen(suffix);

	while (len && isspace((unsigned char)suffix[len - 1]))
		len--;
	if (!len)
		return err_set(
			e, EINVAL, "size '%.60s': missing unit suffix (b, kib, mib or gib)", text);
	for (size_t i = 0; i < ARRAY_LEN(si); i++)
		if (is_word(si[i], suffix, len))
			return err_set(e, EINVAL,
				"size '%.60s': SI suffixes are not accepted, use b, kib, mib or "
				"gib",
				text);
	for (*shift = 0; *shift < 10 * ARRAY_LEN(binary); *shift += 10)
		if (is_word(binary[*shift / 10], suffix, len))
			return 0;
	return err_set(e, EINVAL, "size '%.60s': unknown suffix '%.*s' (b, kib, mib or gib)", text,
		(int)(len > 20 ? 20 : len), suffix);
}

int parse_size(const char *text, uint64_t *bytes, struct err *e)
{
	const char *p = skip_space(text), *digits = p;
	unsigned shift;
	uint64_t v;
	int rc;

	if (!*p)
		return err_set(e, EINVAL, "size is empty (expected for example 256mib or 1gib)");
	if (!take_digits(&p, &v))
		return err_set(e, ERANGE, "size '%.60s' is too large", text);
	if (p == digits || *p == '.' || *p == ',')
		return err_set(e, EINVAL,
			"size '%.60s' is not an unsigned integer with a suffix b, kib, mib or gib",
			text);
	rc = size_shift(skip_space(p), text, &shift, e);
	if (rc)
		return rc;
	if (v > UINT64_MAX >> shift)
		return err_set(e, ERANGE, "size '%.60s' is too large", text);
	if (!v)
		return err_set(e, EINVAL, "size '%.60s' must be > 0", text);
	*bytes = v << shift;
	return 0;
}
