/* The share of this host's CPUs that `ktstr kernel build` builds on. */
#pragma once

#include "src/base/err.h"
#include "src/cli/kernel_watch.h"
#include "src/reserve/reserve.h"
#include "src/reserve/sandbox.h"

struct kernel_share {
	const struct reserve_request *q;
	struct kernel_watch *w;
	/* what was taken */
	struct reservation r;
	struct sandbox *sandbox;
	bool reserved;
};

/* For struct kbuild: reserves the CPUs and confines this process to them, the first time; how many
 * jobs that is. `user` is the struct kernel_share. */
int kernel_share_take(void *user, unsigned *jobs, struct err *e);
/* Gives back whatever was taken. */
void kernel_share_leave(struct kernel_share *s);
