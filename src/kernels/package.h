/* A kernel package's file: what its control data say, and the unpacking of what a guest needs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/deb822.h"
#include "src/kernels/image.h"
#include "src/kernels/kernels.h"

/* A .deb or .rpm that was looked into; strings owned. */
struct package {
	char *path;
	struct deb822 control; /* size is that of the file */
	uint64_t mtime_secs, mtime_nsecs;
};

/* Reads the control data; refuses what is no package for this machine. */
int package_open(const char *path, struct package *out, struct err *e);
void package_release(struct package *p);

/* Where a package's file goes inside a cache entry. */
enum package_place {
	PACKAGE_SKIP,  /* not needed */
	PACKAGE_IMAGE, /* boot/vmlinuz-R becomes bzImage */
	PACKAGE_OTHER, /* boot/config-R, modules of lib/modules/R and usr/lib/modules/R */
};
/* The path is relative and without "..", as src/base/archive gives it.
 * Fills in the path inside the entry, and the release it speaks of, for IMAGE and OTHER. */
enum package_place package_place(
	const char *path, struct str *inside, char release[IMAGE_RELEASE_MAX]);

/*
 * Unpacks into the folder `entry`: bzImage, config, lib/modules/RELEASE/. Only regular files are
 * ever made there, with names that were checked, so that no link can lead a later one out of it.
 */
int package_unpack(const struct package *p, const char *entry, const struct kernel_report *report,
	struct err *e);
