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

int parse_duration(const char *text, uint64_t *ns, struct err *e)
{
	const char *p = skip_space(text);
	uint64_t total = 0;

	if (!*p)
		return err_set(e, EINVAL, "value was empty");
	while (*p) {
		const char *name;
		const struct unit *unit;
		uint64_t v = 0, part;
		size_t len;

		if (!isdigit((unsigned char)*p))
			return err_set(e, EINVAL, "expected number at %zu in '%.60s'",
				(size_t)(p - text), text);
		for (; isdigit((unsigned char)*p); p++)
			if (__builtin_mul_overflow(v, 10U, &v) ||
				__builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
				return err_set(e, ERANGE, "number is too large in '%.60s'", text);
		name = p = skip_space(p);
		while (isalpha((unsigned char)*p) || (unsigned char)*p >= 0x80)
			p++;
		len = (size_t)(p - name);
		if (!len && *p && !isdigit((unsigned char)*p))
			return err_set(e, EINVAL, "invalid character at %zu in '%.60s'",
				(size_t)(p - text), text);
		p = skip_space(p);
		if (!len) {
			if (v == 0)
				continue;
			return err_set(e, EINVAL,
				"time unit needed, for example %.20ssec or %.20sms", text, text);
		}
		unit = find_unit(name, len);
		if (!unit)
			return err_set(e, EINVAL,
				"unknown time unit \"%.*s\" (ns, us, ms, s, m, h, d, w, M, y)",
				(int)(len > 20 ? 20 : len), name);
		if (__builtin_mul_overflow(v, unit->ns, &part) ||
			__builtin_add_overflow(total, part, &total))
			return err_set(e, ERANGE, "number is too large in '%.60s'", text);
	}
	*ns = total;
	return 0;
}

int parse_size(const char *text, uint64_t *bytes, struct err *e)
{
	static const struct {
		const char *suffix;
		unsigned shift;
	} suffixes[] = {{"b", 0}, {"kib", 10}, {"mib", 20}, {"gib", 30}};
	static const char *const si[] = {"kb", "mb", "gb", "tb", "k", "m", "g"};
	const char *p = skip_space(text), *digits = p;
	uint64_t v = 0;
	size_t len;

	if (!*p)
		return err_set(e, EINVAL, "size is empty (expected for example 256mib or 1gib)");
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(v, 10U, &v) ||
			__builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
			return err_set(e, ERANGE, "size '%.60s' is too large", text);
	if (p == digits || *p == '.' || *p == ',')
		return err_set(e, EINVAL,
			"size '%.60s' is not an unsigned integer with a suffix b, kib, mib or gib",
			text);
	p = skip_space(p);
	len = strlen(p);
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	if (!len)
		return err_set(
			e, EINVAL, "size '%.60s': missing unit suffix (b, kib, mib or gib)", text);
	for (size_t i = 0; i < ARRAY_LEN(si); i++)
		if (strlen(si[i]) == len && strncasecmp(si[i], p, len) == 0)
			return err_set(e, EINVAL,
				"size '%.60s': SI suffixes are not accepted, use b, kib, mib or "
				"gib",
				text);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (strlen(suffixes[i].suffix) != len ||
			strncasecmp(suffixes[i].suffix, p, len) != 0)
			continue;
		if (v > UINT64_MAX >> suffixes[i].shift)
			return err_set(e, ERANGE, "size '%.60s' is too large", text);
		if (!v)
			return err_set(e, EINVAL, "size '%.60s' must be > 0", text);
		*bytes = v << suffixes[i].shift;
		return 0;
	}
	return err_set(e, EINVAL, "size '%.60s': unknown suffix '%.*s' (b, kib, mib or gib)", text,
		(int)(len > 20 ? 20 : len), p);
}
