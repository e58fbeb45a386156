/* SHA-256 sums as kernel.org publishes them. */
#pragma once

#include <stddef.h>

#include "src/base/sha256.h"

/*
 * Looks a file up in sha256sums.asc: lines "<64 hex>  <name>" of the signed text, up to the
 * signature. 0, or -ENOENT. What says nothing is passed over.
 */
int sums_find(const char *manifest, size_t n, const char *name, char out[SHA256_HEX + 1]);
