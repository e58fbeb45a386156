/* Bytes that are kept once: equal bytes have equal numbers, 0, 1, 2, ... in order of appearance. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/mem.h"

struct intern_entry {
	const void *bytes; /* in the arena; a zero byte follows */
	size_t n;
	uint64_t hash;
};

struct intern {
	struct arena *arena; /* borrowed */
	struct intern_entry *v;
	size_t n, cap;
	uint32_t *slots; /* number + 1, 0 = free; a power of two */
	size_t nslots;
	uint64_t seed; /* of the hash, so that no file can be made of names that collide */
	size_t held;   /* bytes in the arena */
};

void intern_init(struct intern *t, struct arena *arena);
void intern_release(struct intern *t);
uint32_t intern_add(struct intern *t, const void *bytes, size_t n);
