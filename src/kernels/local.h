/*
 * A kernel tree of a person's own: whether it is one, what git says of it, and what a build of it
 * is called in the cache (spec/host 4.5, 4.14).
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/git.h"
#include "src/kernels/kernels.h"

enum { LOCAL_SHORT = 7 };

/* Strings are owned. */
struct local_tree {
	char *path; /* canonical */
	bool git;
	bool dirty;		     /* tracked files differ from HEAD; without git always */
	char commit[GIT_COMMIT + 1]; /* HEAD; "" without git */
	bool configured;	     /* has a `.config` */
	char config_crc[8 + 1];	     /* of it */
	char *version;		     /* of the Makefile: "6.12.9"; NULL = not to be read */
};

/* 0; -ENOENT: no such folder; -EINVAL: no kernel tree; -ECANCELED. */
int local_inspect(const char *path, const struct kernel_report *report, struct local_tree *out,
	struct err *e);
void local_release(struct local_tree *t);
/* Whether a build begun at `before` is one of `now` (HEAD and its cleanness). */
bool local_same(const struct local_tree *before, const struct local_tree *now);
/* The cache key, with `kconfig` ("kcH" or "kcH-xkcE") at its end; heap. */
char *local_key(const struct local_tree *t, const char *kconfig);
/* VERSION, PATCHLEVEL, SUBLEVEL and a `-rcN` of EXTRAVERSION; heap, or NULL. */
char *local_version(const char *makefile);
