/*
 * Kernels built into the cache: from a version's source archive, or from a person's own tree
 * (spec/host 4.12 to 4.15). The reservation of CPUs is the caller's, who is asked for it when
 * something is to be built.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/kernels/build.h"
#include "src/kernels/place.h"
#include "src/kernels/upstream.h"

struct kbuild {
	const struct place *place;
	const char *root;	/* of the kernel cache */
	const char *program;	/* our own binary, for unpacking; NULL = /proc/self/exe */
	enum kconfig_base base; /* for sources without a configuration */
	const char *extra;	/* text of --extra-kconfig; NULL = none */
	bool force, clean, offline, verbose;
	bool lock_source; /* one build at a time in a person's tree */
	enum upstream_sums sums;
	const struct http_patience *patience; /* NULL = http_patience */
	/* Takes a share of this host's CPUs and says how many jobs make gets: called each time
	 * there is something to be built, and not for what the cache has. NULL = one job, on any
	 * CPU. */
	int (*share)(void *user, unsigned *jobs, struct err *e);
	void *user; /* of share() */
	const struct kernel_report *report;
};

/* Strings are owned. */
struct kbuilt {
	char *key;   /* of the cache; NULL: it was not stored */
	char *image; /* path of the boot image */
	bool cached; /* it was there already */
};
void kbuilt_release(struct kbuilt *k);

/* "kcH", or "kcH-xkcE" with extra options: the end of every key; heap. */
char *kbuild_suffix(const struct kbuild *b);
/* The newest settled release, or the newest of a series, also of one that has reached its end;
 * heap, or NULL with a sentence. */
char *kbuild_latest(const struct kbuild *b, const struct kver *series, struct err *e);

/* The releases of a range, as range_expand() gives them. */
int kbuild_range(const struct kbuild *b, const struct ident *range, bool eol, struct strv *out,
	struct err *e);

/* One exact version. */
int kbuild_version(const struct kbuild *b, const char *version, struct kbuilt *out, struct err *e);
/* What an identifier of kind IDENT_GIT names. */
int kbuild_git(const struct kbuild *b, const struct ident *id, struct kbuilt *out, struct err *e);
/* A source tree; a dirty one is built and not stored. */
int kbuild_tree(const struct kbuild *b, const char *path, struct kbuilt *out, struct err *e);
