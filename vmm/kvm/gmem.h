/*
 * Guest memory: the regions that the monitor has mapped, and the only way from a guest address to a
 * pointer. Whoever touches guest memory asks here, for each access, with the length that it will
 * touch. The table is filled before the first vCPU runs and constant from then on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

enum { GMEM_REGIONS_MAX = 256 };

struct gmem_region {
	uint64_t gpa, size;
	unsigned char *host; /* borrowed: whoever mapped it unmaps it, after all devices are gone */
};

struct gmem {
	struct gmem_region region[GMEM_REGIONS_MAX]; /* ascending, disjoint */
	unsigned n;
};

/* Adds a region above all others. -EINVAL: empty, wraps around, or not above the last; -ENOSPC. */
int gmem_add(struct gmem *m, uint64_t gpa, uint64_t size, void *host, struct err *e);
/* `len` bytes at `gpa`, or NULL unless all of them lie in one region. A range of no bytes is
 * nowhere. */
void *gmem_at(const struct gmem *m, uint64_t gpa, uint64_t len);
/* As many of `len` bytes at `gpa` as lie in one region, NULL when not even the first does. For
 * buffers, which may cross from one region into the next; *got <= len. */
void *gmem_piece(const struct gmem *m, uint64_t gpa, uint64_t len, uint64_t *got);
/* Copies, of a range within one region; false: nothing was copied. */
bool gmem_read(const struct gmem *m, uint64_t gpa, void *to, size_t n);
bool gmem_write(const struct gmem *m, uint64_t gpa, const void *from, size_t n);
