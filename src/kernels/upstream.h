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
	UPSTREAM_VERIFY, /* a sum that cannot be had is said and passed over (spec/host 4.13); a
			    wrong one, or a wrong signature of it, is always an error */
	UPSTREAM_STRICT, /* it is an error, as are sums that are not signed where keys were given */
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

/* ROOT/.downloads. */
int upstream_make_folder(const struct upstream *u, struct err *e);
/* The list, at most hours old; offline the last one there is. */
int upstream_releases(const struct upstream *u, struct releases *out, struct err *e);

struct upstream_source {
	int fd;
	char *name;    /* as people call it; owned */
	bool snapshot; /* of a repository: its folder may have any name */
};

/*
 * The source archive of one version, verified; from the repository of stable releases where
 * kernel.org does not keep it. 0; -ENOENT: there is no such version; -ECANCELED; -errno. It stays
 * in the cache until upstream_forget(), so that a build that fails does not fetch it again.
 */
int upstream_archive(
	const struct upstream *u, const char *version, struct upstream_source *out, struct err *e);
void upstream_source_release(struct upstream_source *s);
/* Removes an archive from the cache; nothing where there is none. */
void upstream_forget(const struct upstream *u, const char *version);
