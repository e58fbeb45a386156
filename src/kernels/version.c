#include "src/kernels/version.h"

/* Decimal digits at *s before end; false when there are none or the number is too large. */
static bool number(const char **s, const char *end, uint32_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	while (p < end && *p >= '0' && *p <= '9') {
		v = v * 10 + (uint64_t)(*p++ - '0');
		if (v >= KVER_MAX)
			return false;
	}
	if (p == *s)
		return false;
	*s = p;
	*out = (uint32_t)v;
	return true;
}

bool kver_parse(const char *s, size_t n, struct kver *out)
{
	const char *end = s + n;
	struct kver v = {.rc = KVER_MAX};
	uint32_t *const parts[] = {&v.minor, &v.patch};

	if (!number(&s, end, &v.major))
		return false;
	while (v.dots < 2 && s < end && *s == '.') {
		s++;
		if (!number(&s, end, parts[v.dots++]))
			return false;
	}
	if (end - s > 3 && s[0] == '-' && s[1] == 'r' && s[2] == 'c') {
		s += 3;
		if (!number(&s, end, &v.rc))
			return false;
	}
	if (s != end)
		return false;
	if (out)
		*out = v;
	return true;
}

static int order(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int kver_compare(const struct kver *a, const struct kver *b)
{
	int by = order(a->major, b->major);

	by = by ? by : order(a->minor, b->minor);
	by = by ? by : order(a->patch, b->patch);
	return by ? by : order(a->rc, b->rc);
}

bool kver_is_series(const struct kver *v)
{
	return v->dots < 2 && v->rc == KVER_MAX;
}

/* "patch and rc become +infinity" (spec/host 4.1): the minor number stays, so `..6` means `..6.0`.
 */
struct kver kver_widen(struct kver end)
{
	if (kver_is_series(&end))
		end.patch = KVER_MAX;
	return end;
}
