/*
 * What kernel.org offers: the list of releases, and source archives by version (spec/host 4.13).
 * KTSTR_RELEASES_URL and KTSTR_KERNEL_MIRROR name other places for both.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/kernels/http.h"
#include "src/kernels/place.h"
#include "src/kernels/releases.h"

#define UPSTREAM_DOWNLOADS ".downloads" /* below the cache root: archives and the list */

enum upstream_sums {
	UPSTREAM_VERIFY, /* a sum that cannot be had is said and passed over (spec/host 4.13) */
	UPSTREAM_STRICT, /* it is an error; and where gpgv is there, so is a wrong signature */
	UPSTREAM_SKIP,	 /* not looked at, which is said */
};

struct upstream {
	const struct place *place;
	const char *root; /* of the kernel cache */
	bool offline;	  /* only what was fetched before */
	enum upstream_sums sums;
	const struct http_patience *patience; /* NULL = http_patience */
	const struct kernel_report *report;
};

/* The list, at most hours old; offline the last one there is. */
int upstream_releases(const struct upstream *u, struct releases *out, struct err *e);

/*
 * The source archive of one version, verified. The open file's descriptor, and `name` (owned) as
 * people call it; -ENOENT: there is no such version; -ECANCELED; -errno. It stays in the cache
 * until upstream_forget(), so that a build that fails does not fetch it again.
 */
int upstream_archive(const struct upstream *u, const char *version, char **name, struct err *e);
/* Removes an archive from the cache; nothing where there is none. */
void upstream_forget(const struct upstream *u, const char *version);
