#include "probes/ctprof/intern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void intern_init(struct intern *t, struct arena *arena)
{
	*t = (struct intern){.arena = arena};
	/* So that nobody can choose names that all fall together; without entropy it only is
	 * slower. */
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = 0;
}

void intern_release(struct intern *t)
{
	free(t->v);
	free(t->slots);
}

/* Multiply and fold, eight bytes at a time. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ULL) * (b | 1);

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t hash(const struct intern *t, const unsigned char *s, size_t n)
{
	uint64_t h = t->seed ^ n, word;

	for (; n >= 8; s += 8, n -= 8) {
		memcpy(&word, s, 8);
		h = mix(h ^ word, t->seed ^ 0xe7037ed1a0b428dbULL);
	}
	word = 0;
	if (n)
		memcpy(&word, s, n);
	return mix(h ^ word, t->seed ^ 0x8ebc6af09c88c6e3ULL);
}

static void grow_slots(struct intern *t)
{
	size_t n = t->nslots ? t->nslots * 2 : 64;
	uint32_t *slots = xcalloc(n, sizeof(*slots));

	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->v[i].hash & (n - 1);

		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = (uint32_t)i + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->nslots = n;
}

static uint32_t append(struct intern *t, const void *bytes, size_t n, uint64_t h)
{
	char *copy = arena_alloc(t->arena, n + 1);

	if (n)
		memcpy(copy, bytes, n);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->v = xreallocarray(t->v, t->cap, sizeof(*t->v));
	}
	t->v[t->n] = (struct intern_entry){copy, n, h};
	t->held += n + sizeof(*t->v);
	return (uint32_t)t->n++;
}

static bool same(const struct intern_entry *x, const void *bytes, size_t n, uint64_t h)
{
	return x->hash == h && x->n == n && (n == 0 || memcmp(x->bytes, bytes, n) == 0);
}

uint32_t intern_add(struct intern *t, const void *bytes, size_t n)
{
	uint64_t h = hash(t, bytes, n);
	size_t at;

	if (t->n * 2 >= t->nslots)
		grow_slots(t);
	for (at = h & (t->nslots - 1); t->slots[at]; at = (at + 1) & (t->nslots - 1))
		if (same(&t->v[t->slots[at] - 1], bytes, n, h))
			return t->slots[at] - 1;
	t->slots[at] = (uint32_t)t->n + 1;
	return append(t, bytes, n, h);
}
