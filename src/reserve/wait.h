/* Between the files of this folder: waiting until somebody lets go of a lock file. */
#pragma once

#include <stdint.h>

#include "src/reserve/reserve.h"

struct reserve_waiter {
	int fd;	       /* inotify on the lock files' folder; -1 = none, then only time passes */
	unsigned step; /* into the waits that grow while nothing is heard */
};
void reserve_waiter_open(struct reserve_waiter *w);
void reserve_waiter_close(struct reserve_waiter *w);
/* Until a lock file was closed, or long enough to look again. 0, -ETIMEDOUT at the deadline
 * (clock_mono_ns()), -ECANCELED. */
int reserve_waiter_wait(
	struct reserve_waiter *w, uint64_t deadline, const struct reserve_context *cx);
/* 0, or -ECANCELED before the time is over. */
int reserve_sleep(unsigned ms, const struct reserve_context *cx);
