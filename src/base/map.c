#include "src/base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *key)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3;
	return h ^ h >> 32;
}

/* The slot that holds the key, or the free one where it belongs. cap must not be 0. */
static struct map_slot *probe(const struct map *m, const char *key)
{
	size_t i = hash(key) & (m->cap - 1);

	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 32;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*probe(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void **map_at(struct map *m, const char *key)
{
	struct map_slot *s;

	if (m->n + m->n / 2 >= m->cap)
		grow(m);
	s = probe(m, key);
	if (!s->key) {
		s->key = xstrdup(key);
		m->n++;
	}
	return &s->value;
}

void *map_get(const struct map *m, const char *key)
{
	return m->cap ? probe(m, key)->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return m->cap && probe(m, key)->key;
}

bool map_add(struct map *m, const char *key, void *value)
{
	size_t before = m->n;
	void **at = map_at(m, key);

	if (m->n == before)
		return false;
	*at = value;
	return true;
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){0};
}
