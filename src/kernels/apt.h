/*
 * The package manager of Debian and its kin, as an ordinary user: what is the distribution's
 * kernel, which packages make it up, and fetching them into a folder of ours. Nothing is installed;
 * the system's package lists are read where they are, and otherwise fetched into a folder of ours
 * too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/deb822.h"
#include "src/kernels/kernels.h"

/* One session with apt; all paths are absolute. */
struct apt {
	const char *dir; /* private: lists, cache and configuration go here */
	bool own_lists;	 /* the private lists are used, not the system's */
	const struct kernel_report *report;
};

/* The packages to fetch, the image's first; names, versions and sizes from the lists. */
struct apt_plan {
	VEC(struct deb822) packages;
	uint64_t bytes;
};

/* Whether this machine has apt-get and apt-cache; else a sentence for this kind of machine.
 * `prefix` is before /etc/os-release. */
int apt_present(const char *prefix, struct err *e);
/* -ENOENT with a sentence when the lists know no kernel. */
int apt_find_kernel(const struct apt *a, struct apt_plan *out, struct err *e);
void apt_plan_release(struct apt_plan *p);
/* Fetches package lists into the private folder; from then on they are used. */
int apt_update(struct apt *a, struct err *e);
/* Downloads the plan's packages into `into` (absolute, exists). -ESTALE: the lists speak of files
 * that the archive no longer has. */
int apt_download(const struct apt *a, const struct apt_plan *plan, const char *into, struct err *e);
