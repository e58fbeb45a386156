/*
 * The parts of kernel_resolve(): one image becoming a kernel (search.c), an identifier (named.c),
 * and the automatic chain (chain.c).
 */
#pragma once

#include "src/kernels/cache.h"
#include "src/kernels/ident.h"
#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

#define KERNEL_FORMS                                                                               \
	"a kernel is named by an image file (bzImage or vmlinux), the folder of a built tree, a "  \
	".deb or .rpm package, a version, the key of a cached kernel, or `distro` for this "       \
	"distribution's own"

struct search {
	const struct place *place;
	const char *modules; /* --modules, or NULL */
	const char *fetch;   /* --fetch, or NULL */
	const struct kernel_report *report;
	struct kernel *out;
};

/* This image or an error. */
int search_take(const struct search *s, const char *image, const char *origin, struct err *e);
/* The image of a valid cache entry, which is not said to be missing: -EIO then. */
int search_take_entry(const struct search *s, const struct kcache_entry *entry, struct err *e);
/* For the chain: 1 = taken, 0 = there is none, or none that would boot (then one note says why). */
int search_try(const struct search *s, const char *image, const char *origin, struct err *e);
int search_try_entry(const struct search *s, const struct kcache_entry *entry, struct err *e);

/* What an identifier names. `origin` is for paths; the other kinds know their own. */
int named_take(const struct search *s, const struct ident *id, const char *origin, struct err *e);
/* The cache entry of this key, built or packaged; -ENOENT without a sentence when there is none. */
int named_take_key(const struct search *s, const char *root, const char *key, struct err *e);
/* What has to be built first, unless the cache has it; NULL = the latest stable release. */
int named_take_built(const struct search *s, const char *id, struct err *e);
/* A version or series: its cache entry, or built. */
int named_take_version(const struct search *s, const struct ident *id, struct err *e);
/* Only its cache entry, of a series the newest one; -ENOENT without a sentence when there is none.
 */
int named_take_cached_version(
	const struct search *s, const char *root, const struct ident *id, struct err *e);
/* A kernel unpacked from packages, by its entry's name. */
int named_take_packaged(const struct search *s, const char *root, const char *release,
	const char *origin, struct err *e);

/* The distribution's own kernel, fetched unless the cache has it. */
int named_fetch_distro(const struct search *s, struct err *e);

/* No identifier: KTSTR_KERNEL and all that comes after it. */
int chain_take(const struct search *s, struct err *e);
