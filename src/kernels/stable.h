/*
 * The git repository of stable releases (KTSTR_STABLE_TREE): what kernel.org no longer lists or
 * keeps is still there, as tags and as snapshots (spec/host 4.12, 4.13).
 */
#pragma once

#include "src/kernels/git.h"
#include "src/kernels/ident.h"
#include "src/kernels/upstream.h"

/* Adds the releases within the range that have a tag. */
int stable_add_tags(
	const struct upstream *u, const struct ident *range, struct strv *out, struct err *e);
/* The newest release of a series by its tags: heap, NULL with a sentence (-ENOENT: it has none). */
char *stable_newest(const struct upstream *u, const struct kver *series, struct err *e);
/* Where the source of a release is to be had as a .tar.gz: heap, NULL with a sentence (-ENOENT: it
 * has no tag). */
char *stable_snapshot(const struct upstream *u, const char *version, struct err *e);
