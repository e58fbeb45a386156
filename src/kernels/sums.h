/* SHA-256 sums: of a file (through libmd, opened on first use), and as kernel.org publishes them.
 */
#pragma once

#include <stddef.h>

#include "src/base/err.h"

enum { SUM_HEX = 64 };

/* The sum of everything in the file, as lower-case hex. The descriptor's offset is not moved. */
int sums_of_fd(int fd, char out[SUM_HEX + 1], struct err *e);
/*
 * Looks a file up in sha256sums.asc: lines "<64 hex>  <name>" of the signed text, up to the
 * signature. 0, or -ENOENT. What says nothing is passed over.
 */
int sums_find(const char *manifest, size_t n, const char *name, char out[SUM_HEX + 1]);
