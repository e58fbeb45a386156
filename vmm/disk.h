/* The file behind a guest's disk. */
#pragma once

#include <stdint.h>

#include "src/base/err.h"

/* An unlinked sparse file in TMPDIR, else in /var/tmp: gone with the last descriptor, however we
 * end. The descriptor, or -errno with a sentence. */
int disk_open(uint64_t bytes, struct err *e);
