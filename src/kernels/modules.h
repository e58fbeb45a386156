/* The modules of a kernel that was built, put beside its image in the cache. */
#pragma once

#include "src/base/err.h"
#include "src/kernels/kernels.h"

/*
 * What the build in `tree` made, into `entry`/lib/modules/RELEASE: the list of modules that are
 * built in, by which guests know their drivers, and the files of the others, stripped. A tree
 * without such a list leaves nothing. 0; -ECANCELED; -errno.
 */
int modules_put(const char *tree, const char *image, const char *entry,
	const struct kernel_report *report, struct err *e);
