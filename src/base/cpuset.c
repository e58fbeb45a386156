#include "src/base/cpuset.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

void cpuset_release(struct cpuset *s)
{
	free(s->words);
	*s = (struct cpuset)CPUSET_INIT;
}

void cpuset_clear(struct cpuset *s)
{
	if (s->n)
		memset(s->words, 0, s->n * sizeof(*s->words));
}

static void grow(struct cpuset *s, size_t words)
{
	if (words <= s->n)
		return;
	s->words = xreallocarray(s->words, words, sizeof(*s->words));
	memset(s->words + s->n, 0, (words - s->n) * sizeof(*s->words));
	s->n = words;
}

static uint64_t word(const struct cpuset *s, size_t i)
{
	return i < s->n ? s->words[i] : 0;
}

void cpuset_add(struct cpuset *s, unsigned cpu)
{
	if (cpu >= CPUSET_MAX)
		return;
	grow(s, cpu / 64 + 1);
	s->words[cpu / 64] |= 1ULL << (cpu % 64);
}

void cpuset_del(struct cpuset *s, unsigned cpu)
{
	if (cpu / 64 < s->n)
		s->words[cpu / 64] &= ~(1ULL << (cpu % 64));
}

bool cpuset_has(const struct cpuset *s, unsigned cpu)
{
	return word(s, cpu / 64) >> (cpu % 64) & 1;
}

unsigned cpuset_count(const struct cpuset *s)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->n; i++)
		count += (unsigned)__builtin_popcountll(s->words[i]);
	return count;
}

bool cpuset_empty(const struct cpuset *s)
{
	return cpuset_next(s, 0) < 0;
}

bool cpuset_equal(const struct cpuset *a, const struct cpuset *b)
{
	return cpuset_subset(a, b) && cpuset_subset(b, a);
}

bool cpuset_subset(const struct cpuset *inner, const struct cpuset *outer)
{
	for (size_t i = 0; i < inner->n; i++)
		if (inner->words[i] & ~word(outer, i))
			return false;
	return true;
}

bool cpuset_intersects(const struct cpuset *a, const struct cpuset *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->words[i] & word(b, i))
			return true;
	return false;
}

void cpuset_copy(struct cpuset *to, const struct cpuset *from)
{
	if (to == from)
		return;
	cpuset_clear(to);
	cpuset_or(to, from);
}

void cpuset_or(struct cpuset *to, const struct cpuset *from)
{
	grow(to, from->n);
	for (size_t i = 0; i < from->n; i++)
		to->words[i] |= from->words[i];
}

void cpuset_and(struct cpuset *to, const struct cpuset *from)
{
	for (size_t i = 0; i < to->n; i++)
		to->words[i] &= word(from, i);
}

void cpuset_minus(struct cpuset *to, const struct cpuset *from)
{
	for (size_t i = 0; i < to->n; i++)
		to->words[i] &= ~word(from, i);
}

int cpuset_next(const struct cpuset *s, int from)
{
	size_t i;
	uint64_t w;

	if (from < 0)
		from = 0;
	i = (size_t)from / 64;
	if (i >= s->n)
		return -1;
	w = s->words[i] & (~0ULL << (from % 64));
	while (!w) {
		if (++i >= s->n)
			return -1;
		w = s->words[i];
	}
	return (int)(i * 64) + __builtin_ctzll(w);
}

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Reads a decimal number below CPUSET_MAX; NULL when there is none. */
static const char *number(const char *p, unsigned *out)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++) {
		v = v * 10 + (unsigned)(*p - '0');
		if (v >= CPUSET_MAX)
			return NULL;
	}
	*out = v;
	return p;
}

int cpuset_parse_list(struct cpuset *s, const char *text, struct err *e)
{
	const char *p = text;

	cpuset_clear(s);
	for (;;) {
		unsigned lo, hi;

		p = skip_space(p);
		if (!*p)
			return 0;
		if (*p == ',') {
			p++;
			continue;
		}
		p = number(p, &lo);
		if (!p)
			break;
		hi = lo;
		p = skip_space(p);
		if (*p == '-') {
			p = number(skip_space(p + 1), &hi);
			if (!p || hi < lo)
				break;
			p = skip_space(p);
		}
		if (*p && *p != ',')
			break;
		for (unsigned c = lo; c <= hi; c++)
			cpuset_add(s, c);
	}
	return err_set(e, EINVAL,
		"invalid CPU list '%.80s' (expected items N or LO-HI below %d, parted by commas)",
		text, CPUSET_MAX);
}

int cpuset_parse_map(struct cpuset *s, const char *text, struct err *e)
{
	size_t bit = 0, len = strlen(text);

	cpuset_clear(s);
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!len)
		goto bad;
	/* From the last digit backwards; a comma ends a 32-bit group even when it has fewer digits.
	 */
	for (size_t i = len; i-- > 0;) {
		unsigned char c = (unsigned char)text[i];
		unsigned v;

		if (c == ',') {
			bit = (bit + 31) / 32 * 32;
			continue;
		}
		if (!isxdigit(c))
			goto bad;
		v = (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
		for (unsigned k = 0; k < 4; k++) {
			if (!(v >> k & 1))
				continue;
			if (bit + k >= CPUSET_MAX)
				goto bad;
			cpuset_add(s, (unsigned)(bit + k));
		}
		bit += 4;
	}
	return 0;
bad:
	return err_set(e, EINVAL,
		"invalid CPU map '%.80s' (expected hexadecimal groups parted by commas)", text);
}

void cpuset_format(const struct cpuset *s, struct str *out)
{
	bool first = true;

	for (int lo = cpuset_next(s, 0); lo >= 0;) {
		int hi = lo;

		while (cpuset_has(s, (unsigned)hi + 1))
			hi++;
		str_printf(out, first ? "%d" : ",%d", lo);
		if (hi > lo)
			str_printf(out, "-%d", hi);
		first = false;
		lo = cpuset_next(s, hi + 1);
	}
}

int cpuset_affinity(struct cpuset *s)
{
	cpuset_clear(s);
	for (size_t bits = 1024; bits <= CPUSET_MAX; bits *= 4) {
		cpu_set_t *mask = CPU_ALLOC(bits);
		size_t size = CPU_ALLOC_SIZE(bits);
		int rc;

		if (!mask)
			return -ENOMEM;
		rc = sched_getaffinity(0, size, mask) ? -errno : 0;
		for (unsigned c = 0; rc == 0 && c < bits; c++)
			if (CPU_ISSET_S(c, size, mask))
				cpuset_add(s, c);
		CPU_FREE(mask);
		if (rc != -EINVAL)
			return rc;
	}
	return -EINVAL;
}

int cpuset_confine(int tid, const struct cpuset *s)
{
	size_t bits = s->n * 64, size;
	cpu_set_t *mask;
	int rc;

	if (cpuset_empty(s))
		return -EINVAL;
	mask = CPU_ALLOC(bits);
	if (!mask)
		return -ENOMEM;
	size = CPU_ALLOC_SIZE(bits);
	CPU_ZERO_S(size, mask);
	cpuset_foreach (c, s)
		CPU_SET_S((size_t)c, size, mask);
	rc = sched_setaffinity(tid, size, mask) ? -errno : 0;
	CPU_FREE(mask);
	return rc;
}
