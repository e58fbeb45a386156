/* What the command line of `ktstr kernel build` says, and the mistakes in it. */
#pragma once

#include "src/cli/cli.h"
#include "src/kernels/ident.h"
#include "src/kernels/place.h"
#include "src/reserve/reserve.h"

/* As the options' rows fill it in. */
struct kernel_build_values {
	const char *version; /* positional */
	const char *kernel, *source, *git, *ref;
	const char *base, *extra;
	struct opt_u32 cap;
	struct opt_u64 wait;
	bool force, clean, skip_sha256, strict, offline, verbose, include_eol, dry_run;
	bool progress_lines;
};

/* In the order in which mistakes are told (spec/host 4.12). */
struct kernel_plan {
	struct str extra;
	struct reserve_request q;
	struct strv notes;
	struct ident id; /* id.text NULL: the latest */
	char *root;
	struct place_storage storage;
	struct place place;
};

/* 0, or -errno with a sentence; kernel_plan_release() either way. */
int kernel_plan_prepare(const struct kernel_build_values *v, struct kernel_plan *p,
	const struct cli_context *cx, struct err *e);
void kernel_plan_release(struct kernel_plan *p);
