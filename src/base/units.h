/* Numbers for people. All append to `out`. */
#pragma once

#include <stdint.h>

#include "src/base/str.h"

/* 4 significant places at most, binary prefixes: "512K", "32M", "251.4G". `bytes` below 1024: "17".
 */
void units_bytes(struct str *out, uint64_t bytes);
/* "hh:mm:ss", hours beyond 99 keep counting. */
void units_hms(struct str *out, uint64_t seconds);
/* "4m12s", "850ms", "1h03m": two places of the largest unit. */
void units_duration(struct str *out, uint64_t ns);
