/* Removing entries from the kernel cache (spec/host 4.11, 6.1 item 8). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/kernels/cache.h"

struct clean_options {
	uint32_t keep; /* the newest so many valid entries of each kind stay; 0 = none */
	bool corrupt_only;
	uint64_t older_ns; /* only what is older than this; 0 = any age */
};

/* Indices into the cache's entries, in list order. */
struct clean_set {
	VEC(size_t) list;
};
/* Of a kind are valid entries of the same version and configuration, built or packaged. */
void clean_pick(const struct kcache *c, const struct clean_options *o, struct clean_set *out);
void clean_set_release(struct clean_set *s);

/*
 * Takes the entry away by one rename and then removes it, so that nobody meets half of one. 0, also
 * when it was gone already; -EBUSY with a sentence when a test run reads it or a build writes it,
 * unless `even_busy`; -errno.
 */
int clean_remove(const char *root, const struct kcache_entry *entry, bool even_busy, struct err *e);
