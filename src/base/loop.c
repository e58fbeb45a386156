#include "src/base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

struct loop_fd {
	int fd;
	uint32_t events;
	loop_fd_fn *fn;
	void *user;
	struct loop_fd *next;
	bool dead; /* freed at the end of the turn */
};

struct loop_timer {
	uint64_t due; /* CLOCK_MONOTONIC ns; 0 = disarmed */
	uint64_t interval;
	loop_timer_fn *fn;
	void *user;
	struct loop_timer *next;
	bool dead;
};

struct signal_slot {
	loop_signal_fn *fn;
	void *user;
};

struct loop {
	int epfd, timerfd, sigfd;
	sigset_t signals, old_mask;
	bool masked, stop;
	struct loop_fd *fds;
	struct loop_timer *timers;
	struct signal_slot slots[NSIG];
	loop_hook_fn *hook;
	void *hook_user;
	uint64_t armed; /* what the timerfd is set to */
};

static int watch(struct loop *l, int fd, uint32_t events, void *ptr, int op)
{
	struct epoll_event ev = {.events = events, .data.ptr = ptr};

	return epoll_ctl(l->epfd, op, fd, &ev) ? -errno : 0;
}

struct loop *loop_new(struct err *e)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->sigfd = -1;
	sigemptyset(&l->signals);
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	l->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epfd < 0 || l->timerfd < 0 ||
		watch(l, l->timerfd, EPOLLIN, &l->timerfd, EPOLL_CTL_ADD)) {
		err_sys(e, errno, "cannot set up the event loop");
		loop_free(l);
		return NULL;
	}
	return l;
}

/* Frees what was marked dead (all: everything). */
static void sweep(struct loop *l, bool all)
{
	for (struct loop_fd **p = &l->fds, *s; (s = *p);) {
		if (all || s->dead) {
			*p = s->next;
			free(s);
		} else {
			p = &s->next;
		}
	}
	for (struct loop_timer **p = &l->timers, *t; (t = *p);) {
		if (all || t->dead) {
			*p = t->next;
			free(t);
		} else {
			p = &t->next;
		}
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	sweep(l, true);
	if (l->sigfd >= 0)
		close(l->sigfd);
	if (l->timerfd >= 0)
		close(l->timerfd);
	if (l->epfd >= 0)
		close(l->epfd);
	if (l->masked)
		pthread_sigmask(SIG_SETMASK, &l->old_mask, NULL);
	free(l);
}

struct loop_fd *loop_add_fd(
	struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *user, struct err *e)
{
	struct loop_fd *s = xcalloc(1, sizeof(*s));
	int rc;

	*s = (struct loop_fd){.fd = fd, .events = events, .fn = fn, .user = user, .next = l->fds};
	rc = watch(l, fd, events, s, EPOLL_CTL_ADD);
	if (rc) {
		free(s);
		err_sys(e, rc, "cannot watch descriptor %d", fd);
		return NULL;
	}
	l->fds = s;
	return s;
}

void loop_set_events(struct loop *l, struct loop_fd *s, uint32_t events)
{
	if (s->dead || s->events == events)
		return;
	s->events = events;
	watch(l, s->fd, events, s, EPOLL_CTL_MOD);
}

void loop_del_fd(struct loop *l, struct loop_fd *s)
{
	if (!s || s->dead)
		return;
	watch(l, s->fd, 0, NULL, EPOLL_CTL_DEL);
	s->dead = true;
}

struct loop_timer *loop_add_timer(
	struct loop *l, uint64_t first, uint64_t interval, loop_timer_fn *fn, void *user)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	*t = (struct loop_timer){.fn = fn, .user = user, .next = l->timers};
	l->timers = t;
	loop_set_timer(l, t, first, interval);
	return t;
}

void loop_set_timer(struct loop *l, struct loop_timer *t, uint64_t first, uint64_t interval)
{
	(void)l;
	t->due = first ? clock_mono_ns() + first : 0;
	t->interval = interval;
}

void loop_del_timer(struct loop *l, struct loop_timer *t)
{
	(void)l;
	if (!t)
		return;
	t->dead = true;
	t->due = 0;
}

int loop_add_signal(struct loop *l, int signo, loop_signal_fn *fn, void *user, struct err *e)
{
	sigset_t one;
	int fd;

	sigemptyset(&one);
	sigaddset(&one, signo);
	pthread_sigmask(SIG_BLOCK, &one, l->masked ? NULL : &l->old_mask);
	l->masked = true;
	sigaddset(&l->signals, signo);
	l->slots[signo] = (struct signal_slot){fn, user};
	fd = signalfd(l->sigfd, &l->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, errno, "cannot watch signal %d", signo);
	if (l->sigfd < 0) {
		l->sigfd = fd;
		return watch(l, fd, EPOLLIN, &l->sigfd, EPOLL_CTL_ADD);
	}
	return 0;
}

void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *user)
{
	l->hook = fn;
	l->hook_user = user;
}

static void arm(struct loop *l)
{
	struct itimerspec it = {{0, 0}, {0, 0}};
	uint64_t next = 0;

	for (struct loop_timer *t = l->timers; t; t = t->next)
		if (t->due && (!next || t->due < next))
			next = t->due;
	if (next == l->armed)
		return;
	l->armed = next;
	it.it_value.tv_sec = (time_t)(next / NS_PER_SEC);
	it.it_value.tv_nsec = (long)(next % NS_PER_SEC);
	timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &it, NULL);
}

static void run_timers(struct loop *l)
{
	uint64_t now = clock_mono_ns(), ticks;

	(void)!read(l->timerfd, &ticks, sizeof(ticks));
	l->armed = 0;
	for (struct loop_timer *t = l->timers; t; t = t->next) {
		if (!t->due || t->due > now)
			continue;
		/* A late timer skips the periods it missed. */
		t->due = t->interval ? t->due + t->interval : 0;
		if (t->due && t->due <= now)
			t->due = now + t->interval;
		t->fn(t->user);
	}
}

static void run_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		struct signal_slot *s = &l->slots[info.ssi_signo < NSIG ? info.ssi_signo : 0];

		if (s->fn)
			s->fn(s->user, (int)info.ssi_signo);
	}
}

int loop_turn(struct loop *l, int timeout_ms, struct err *e)
{
	struct epoll_event ev[32];
	int n;

	if (l->hook)
		l->hook(l->hook_user);
	sweep(l, false);
	if (l->stop)
		return 0;
	arm(l);
	n = epoll_wait(l->epfd, ev, ARRAY_LEN(ev), timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(e, errno, "cannot wait for events");
	for (int i = 0; i < n; i++) {
		struct loop_fd *s = ev[i].data.ptr;

		if (ev[i].data.ptr == &l->timerfd)
			run_timers(l);
		else if (ev[i].data.ptr == &l->sigfd)
			run_signals(l);
		else if (!s->dead)
			s->fn(s->user, s->fd, ev[i].events);
	}
	return 0;
}

int loop_run(struct loop *l, struct err *e)
{
	int rc = 0;

	l->stop = false;
	while (!l->stop && !rc)
		rc = loop_turn(l, -1, e);
	return rc;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
