/* The distribution's own kernel: from the cache, or fetched by the package manager. */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

/* Fetches and unpacks it into the cache, unless another process has done so meanwhile. *release
 * (heap) is its entry's name below ROOT/.distro. */
int distro_fetch(const struct place *p, const char *root, const struct kernel_report *report,
	char **release, struct err *e);

/* The newest packaged kernel of the cache, heap or NULL; `fetched_only` leaves out those that came
 * from package files that a person named. */
char *distro_cached(const char *root, bool fetched_only);
