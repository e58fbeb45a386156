/*
 * The event loop: one thread around epoll. Descriptors, timers (one timerfd) and signals (one
 * signalfd) call back; then, once per turn, the before-sleep hook flushes what the callbacks
 * changed. A source may be removed from inside any callback, its own included.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "src/base/err.h"

struct loop;
struct loop_fd;
struct loop_timer;

typedef void loop_fd_fn(
	void *user, int fd, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
typedef void loop_timer_fn(void *user);
typedef void loop_signal_fn(void *user, int signo);
typedef void loop_hook_fn(void *user);

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* removes all sources; descriptors stay the callers' */

struct loop_fd *loop_add_fd(
	struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *user, struct err *e);
void loop_set_events(struct loop *l, struct loop_fd *s, uint32_t events);
void loop_del_fd(
	struct loop *l, struct loop_fd *s); /* NULL is fine; before closing the descriptor */

/* Fires after `first` ns, then every `interval` ns (0 = once: it is then disarmed but not freed).
 */
struct loop_timer *loop_add_timer(
	struct loop *l, uint64_t first, uint64_t interval, loop_timer_fn *fn, void *user);
/* Arms again, counted from now; first == 0 disarms. */
void loop_set_timer(struct loop *l, struct loop_timer *t, uint64_t first, uint64_t interval);
void loop_del_timer(struct loop *l, struct loop_timer *t); /* NULL is fine */

/* Blocks the signal in this thread and delivers it here. Threads must be started afterwards. */
int loop_add_signal(struct loop *l, int signo, loop_signal_fn *fn, void *user, struct err *e);

void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *user);

/* Until loop_stop(); 0 or -errno. */
int loop_run(struct loop *l, struct err *e);
/* One turn: waits at most timeout_ms (-1 = until something happens). */
int loop_turn(struct loop *l, int timeout_ms, struct err *e);
void loop_stop(struct loop *l);
