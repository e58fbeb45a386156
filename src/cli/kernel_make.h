/* Building what an identifier names, as `ktstr kernel build` tells it. */
#pragma once

#include "src/cli/kernel_watch.h"
#include "src/kernels/builder.h"
#include "src/reserve/reserve.h"

/*
 * Builds on a share of this host that `q` asks for, taken when there is something to build. An
 * identifier without text is the latest stable release; a range is built member by member, with
 * `eol` also those past their end. `wanted` lacks share and user.
 */
int kernel_make(const struct kbuild *wanted, const struct ident *id, bool eol,
	const struct reserve_request *q, struct kernel_watch *w, struct err *e);
