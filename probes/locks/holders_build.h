/* Between the files of this folder: how a look at the lock tables is put together. */
#pragma once

#include "probes/locks/fdscan.h"

/* Appends what /proc/locks says; 0, or -errno with a sentence. */
int flock_lines_read(const struct sysroot *r, struct flock_lines *out, struct err *e);
/* Joins both sources; scan NULL = /proc/locks alone, `live` is then not known. */
struct flocks *flocks_build(const struct flock_lines *lines, const struct fdscan *scan);
