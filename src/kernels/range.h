/* The kernels that a range of versions stands for (spec/host 4.10). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/kernels/ident.h"
#include "src/kernels/upstream.h"

/*
 * Stable and longterm releases within the range, ascending. With `eol` also the last one of every
 * series that is no longer looked after, from the tags of the stable tree; where these cannot be
 * had a note says so. An empty result is an error.
 */
int range_expand(const struct upstream *u, const struct ident *range, bool eol, struct strv *out,
	struct err *e);

/* Adds the versions of `git ls-remote --tags` (vX.Y, vX.Y.Z, no candidates) within the range. */
void range_add_tags(const char *text, size_t n, const struct ident *range, struct strv *out);
/* Leaves the highest patch of every series, ascending. */
void range_newest(struct strv *versions);
