/* Numbers, durations and sizes from text, with errors that a person can act on. */
#pragma once

#include <stdint.h>

#include "src/base/err.h"

/* Whole string, decimal digits only. -EINVAL or -ERANGE. */
int parse_u64(const char *text, uint64_t *out, struct err *e);
int parse_u32(const char *text, uint32_t *out, struct err *e);

/*
 * humantime 2.3 durations: `<integer><unit>` pairs that add up ("1h 30m", "250ms"); units ns..years
 * with their long names, `m` is minutes and `M` months. "0" needs no unit. Result in nanoseconds.
 */
int parse_duration(const char *text, uint64_t *ns, struct err *e);

/*
 * Sizes with a mandatory IEC suffix: b, kib, mib, gib, in any case, surrounding blanks trimmed
 * ("256mib"). SI suffixes, fractions, signs and bare numbers are refused. Result in bytes.
 */
int parse_size(const char *text, uint64_t *bytes, struct err *e);
