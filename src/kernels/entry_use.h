/* What a cache entry takes, and when it was last of use. */
#pragma once

#include <stdint.h>

#include "src/base/str.h"

struct entry_use {
	uint64_t bytes;	  /* on disk, everything in its folder */
	uint64_t used_at; /* seconds since the epoch; 0 = not known */
};

/* `image` may be NULL. Reading the image is what counts as use (its access time, which file systems
 * keep to the day as a rule). */
void entry_use_read(const char *dir, const char *image, struct entry_use *out);
/* "43.2M", and "2026-11-23" or "-". Appends. */
void entry_use_format(const struct entry_use *use, struct str *size, struct str *used);
