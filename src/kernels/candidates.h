/* The kernels between two, in their order: versions that are cached or published, or commits. */
#pragma once

#include "src/kernels/bisect.h"
#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

/*
 * Fills `out` from `good` to `bad`, both included. With a tree: identifiers git+file://TREE#sha=X
 * of its first-parent history. Without: versions; what kernel.org does not say now is left out,
 * with a note. -EINVAL: they are no such ends, or the good one is not before the bad one.
 */
int candidates(const struct place *p, const char *root, const char *tree, const char *good,
	const char *bad, const struct kernel_report *report, struct bisect *out, struct err *e);
