/* kernel_resolve() on given ground; see place.h. */
#pragma once

#include "src/kernels/kernels.h"
#include "src/kernels/place.h"

int resolve_at(const struct place *p, const struct kernel_wish *wish,
	const struct kernel_report *report, struct kernel *out, struct err *e);
