/* Which descriptors a forked process keeps. */
#pragma once

#include <stddef.h>

/* Closes every descriptor that is not in `keep`, which is sorted on the way. 0 or -errno. */
int descriptors_close_others(int *keep, size_t n);
