/* A hash table from strings to pointers. A zeroed struct is an empty map. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct map_slot {
	char *key; /* owned copy; NULL = free */
	void *value;
};

struct map {
	struct map_slot *slots; /* owned */
	size_t n, cap;		/* cap is a power of two, or 0 */
};

/* Where the value of this key is; the key is added with a NULL value when it is new. Valid until
 * the next map_at(). */
void **map_at(struct map *m, const char *key) __attribute__((returns_nonnull));
/* The value, NULL when there is no such key. */
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);
/* True when the key was not there before. */
bool map_add(struct map *m, const char *key, void *value);
/* Does not touch the values. */
void map_release(struct map *m);
