/*
 * Kernel version numbers as identifiers spell them: MAJOR[.MINOR[.PATCH]][-rcN] (spec/host 4.1).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kver {
	uint32_t major, minor, patch; /* what was not written is 0 */
	uint32_t rc;		      /* KVER_MAX where there is no -rc, so that 6.15-rc3 < 6.15 */
	uint8_t dots;		      /* how many were written: 6 has none, 6.14.2 has two */
};

#define KVER_MAX UINT32_MAX

/* Whether the n bytes at s are a version; numbers beyond 32 bits are none. out may be NULL. */
bool kver_parse(const char *s, size_t n, struct kver *out);
/* <0, 0, >0 by (major, minor, patch, rc). */
int kver_compare(const struct kver *a, const struct kver *b);
/* A series ("6", "6.14") rather than one version. */
bool kver_is_series(const struct kver *v);
/* The end of an inclusive range: a series includes its last patch ("..6.14" takes 6.14.11 in). */
struct kver kver_widen(struct kver end);
