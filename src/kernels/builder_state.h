/* Between the files that build into the cache. */
#pragma once

#include "src/kernels/builder.h"
#include "src/kernels/metadata.h"

/* The valid entry of a key, unless --force: true, and `out` filled in. */
bool builder_cached(const struct kbuild *b, const char *key, struct kbuilt *out);
/* To who has waited for another build, and then found it had been the very same. */
void builder_say_populated(const struct kbuild *b, const char *key);
/* Refuses --force while somebody holds the entry. */
int builder_check_force(const struct kbuild *b, const char *key, struct err *e);
/* kbuild.share, where there is one. */
int builder_share(const struct kbuild *b, unsigned *jobs, struct err *e);
/* Configures and makes the tree; what the last build of this kind made is its measure. */
int builder_make(const struct kbuild *b, const char *tree, bool persistent,
	struct build_result *out, struct err *e);
/*
 * Stores what was built under a key, with the caller's metadata (source, version, hash), which it
 * completes. Failing to store is said and passed over: the image is there all the same.
 */
int builder_store(const struct kbuild *b, const char *key, const struct build_result *r,
	struct metadata *m, struct kbuilt *out, struct err *e);
