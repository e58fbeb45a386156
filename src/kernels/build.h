/*
 * From a source tree to a bootable image (spec/host 4.15): configure, make, check, find. What comes
 * before (sources, reservation) and after (the cache) is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/kernels.h"

struct build {
	const char *tree;	/* absolute */
	enum kconfig_base base; /* for a tree without a `.config` */
	const char *extra;	/* text of --extra-kconfig; NULL = none */
	bool clean;		/* make mrproper first */
	bool persistent;	/* the tree stays: compile_commands.json is worth making */
	unsigned jobs;		/* make -j */
	uint64_t expected;	/* objects of the last whole build of this kind; 0 = not known */
	uint64_t already;	/* of them, made by builds that were interrupted */
	bool verbose;		/* make's output, line by line */
	const struct kernel_report *report;
};

/* Strings are owned. */
struct build_result {
	char *image, *vmlinux; /* vmlinux NULL: there is none */
	char *tree;	       /* where it was made */
	char config_hash[KCONFIG_HASH + 1];
	uint64_t objects; /* that were made; also after a failure */
};

/* 0, -ECANCELED, or -errno. A tree that was interrupted is built on by the next call. */
int build_kernel(const struct build *b, struct build_result *out, struct err *e);
void build_result_release(struct build_result *r);
