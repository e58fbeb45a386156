/*
 * Cache entries made from packages, ROOT/.distro/RELEASE/: bzImage, config, lib/modules/RELEASE/
 * and metadata.json, which lists the packages, so that the same files need no second unpacking.
 */
#pragma once

#include <stddef.h>

#include "src/base/err.h"
#include "src/kernels/kernels.h"
#include "src/kernels/package.h"
#include "src/kernels/store.h"

/* Unpacks the packages (image and modules), checks the kernel and makes it the entry of its
 * release. `manager` is "apt" or "file". *release is heap. */
int packaged_store(const struct kstore *s, const struct package *packages, size_t n,
	const char *manager, const struct kernel_report *report, char **release, struct err *e);

/* The kernel of a .deb or .rpm file, from the cache where it was unpacked before. *release is heap.
 */
int packaged_from_file(const char *root, const char *path, const struct kernel_report *report,
	char **release, struct err *e);
