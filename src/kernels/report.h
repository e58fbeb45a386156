/* Speaking through a struct kernel_report, which may be missing or have holes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/kernels/kernels.h"

void report_note(const struct kernel_report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* true = stop what you do. */
bool report_progress(
	const struct kernel_report *r, const char *what, uint64_t done, uint64_t total);
