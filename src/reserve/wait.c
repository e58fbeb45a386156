#include "src/reserve/wait.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "probes/locks/lockfiles.h"
#include "src/base/clock.h"

/* How soon a cancellation is heard. */
enum { SLICE_MS = 50 };
/*
 * The kernel announces a close a moment before it drops the lock, and a lock that is given back
 * without a close is not announced at all: so look again soon after an event, then less often.
 */
static const unsigned again_ms[] = {2, 10, 50, 200, 500};

static bool is_cancelled(const struct reserve_context *cx)
{
	return cx->cancelled && cx->cancelled(cx->user);
}

/* 1 = readable, 0 = the time is over, -ECANCELED. */
static int wait_fd(int fd, uint64_t until, const struct reserve_context *cx)
{
	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		uint64_t now = clock_mono_ns();
		uint64_t left = now < until ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;

		if (is_cancelled(cx))
			return -ECANCELED;
		if (poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS) > 0)
			return 1;
		if (clock_mono_ns() >= until)
			return 0;
	}
}

int reserve_sleep(unsigned ms, const struct reserve_context *cx)
{
	return wait_fd(-1, clock_mono_ns() + ms * NS_PER_MS, cx);
}

void reserve_waiter_open(struct reserve_waiter *w)
{
	*w = (struct reserve_waiter){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
	if (w->fd >= 0 &&
		inotify_add_watch(w->fd, lockfile_dir(),
			IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_DELETE | IN_MOVED_FROM) < 0)
		reserve_waiter_close(w);
}

void reserve_waiter_close(struct reserve_waiter *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Whether one of the events was about a lock of an LLC or a CPU: the folder may be /tmp. */
static bool drain(int fd)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct lockfile_name name;
	bool ours = false;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)p;

			if (ev->mask & IN_Q_OVERFLOW)
				ours = true;
			if (ev->len)
				ours |= lockfile_parse_name(LOCKFILE_LLC, ev->name, &name) ||
					lockfile_parse_name(LOCKFILE_CPU, ev->name, &name);
			p += sizeof(*ev) + ev->len;
		}
	return ours;
}

int reserve_waiter_wait(
	struct reserve_waiter *w, uint64_t deadline, const struct reserve_context *cx)
{
	unsigned last = sizeof(again_ms) / sizeof(again_ms[0]) - 1;
	uint64_t until = clock_mono_ns() + again_ms[w->step] * NS_PER_MS;
	int rc;

	if (clock_mono_ns() >= deadline)
		return -ETIMEDOUT;
	if (until > deadline)
		until = deadline;
	w->step += w->step < last;
	while ((rc = wait_fd(w->fd, until, cx)) > 0)
		if (drain(w->fd)) {
			w->step = 0;
			break;
		}
	return rc < 0 ? rc : 0;
}
