/*
 * A descriptor in the loop that may be turned off. Asking epoll for no events is not enough: a
 * hang-up is reported all the same, and would keep the loop spinning while we do not want to read.
 */
#pragma once

#include <stdint.h>

#include "src/base/loop.h"

struct tap {
	struct loop *loop;
	int fd; /* owned by the tap; -1 = closed */
	loop_fd_fn *fn;
	void *user;
	struct loop_fd *source; /* NULL = off */
};

/* fd may be -1: such a tap does nothing. */
void tap_init(struct tap *t, struct loop *l, int fd, loop_fd_fn *fn, void *user);
/* EPOLLIN, EPOLLOUT; 0 = off. */
void tap_want(struct tap *t, uint32_t events);
void tap_close(struct tap *t);
