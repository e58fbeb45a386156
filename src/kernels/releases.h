/*
 * The list of kernel releases that kernel.org publishes (releases.json), and what is picked from
 * it: spec/host 4.10, 4.12, 4.13.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/ident.h"
#include "src/kernels/version.h"

struct release {
	char *moniker, *version; /* owned: "stable", "6.12.9" */
	struct kver v;		 /* of it; linux-next's is not a version: major 0 */
};

struct releases {
	VEC(struct release) rows; /* as published: newest first */
	size_t malformed;	  /* rows that were left out */
};

enum { RELEASES_BYTES_MAX = 4 << 20 };

/* 0, or -errno when it is no such list at all. */
int releases_parse(const char *text, size_t n, struct releases *out, struct err *e);
void releases_release(struct releases *l);

/* The first stable or longterm release that has had 8 patches, so that a brand-new series is not
 * taken; NULL = none. Borrowed, as all below. */
const char *releases_latest(const struct releases *l);
/* The highest of a series ("6.14", "6"); NULL = it is not published any more. */
const char *releases_of_series(const struct releases *l, const struct kver *series);
/* Stable and longterm releases within an inclusive range, ascending, each once. */
void releases_in_range(const struct releases *l, const struct ident *range, struct strv *out);
/* "MAJOR.MINOR" of every series that is looked after, each once. */
void releases_active(const struct releases *l, struct strv *out);
/* "6.15" of "6.15-rc3" or "6.15.2"; false when it has no minor number. */
bool releases_series(const char *version, struct str *out);
