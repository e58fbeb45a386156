/* Hears when lock files are opened and closed (inotify) and when holders end (pidfd): flock(2)
 * itself makes no sound. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probes/locks/collect.h"

enum {
	HOLDERS_MAX = 256, /* descriptors are not ours alone; others are found by looking */
	FOLDER_EVENTS = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_OPEN | IN_CLOSE,
};

struct watched {
	pid_t pid;
	int fd;
	bool kept;
};

struct watch {
	int epoll, inotify;
	VEC(struct watched) holders;
};

static void listen_to(const struct watch *w, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	(void)epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev);
}

struct watch *watch_new(void)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify >= 0)
		listen_to(w, w->inotify);
	return w;
}

static void drop(struct watch *w, size_t i)
{
	close(w->holders.v[i].fd);
	w->holders.v[i] = w->holders.v[--w->holders.n];
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	while (w->holders.n)
		drop(w, 0);
	free(w->holders.v);
	if (w->inotify >= 0)
		close(w->inotify);
	if (w->epoll >= 0)
		close(w->epoll);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->epoll;
}

/* Other files come and go in /tmp all the time, and our own look opens the folder. */
static bool is_lockfile(const struct inotify_event *e)
{
	return (e->mask & IN_Q_OVERFLOW) || (e->len && str_ends(e->name, ".lock"));
}

static bool drain_inotify(const struct watch *w)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool ours = false;
	ssize_t n;

	while (w->inotify >= 0 && (n = read(w->inotify, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const void *)p;

			ours |= is_lockfile(e);
			p += sizeof(*e) + e->len;
		}
	return ours;
}

/* A pidfd that has spoken has nothing more to say. */
static bool drop_ended(struct watch *w, int fd)
{
	for (size_t i = 0; i < w->holders.n; i++)
		if (w->holders.v[i].fd == fd) {
			drop(w, i);
			return true;
		}
	return false;
}

bool watch_drain(struct watch *w)
{
	struct epoll_event ev[16];
	bool ours = false;
	int n;

	do {
		n = epoll_wait(w->epoll, ev, ARRAY_LEN(ev), 0);
		for (int i = 0; i < n; i++)
			ours |= ev[i].data.fd == w->inotify ? drain_inotify(w)
							    : drop_ended(w, ev[i].data.fd);
	} while (n == (int)ARRAY_LEN(ev));
	return ours;
}

void watch_folders(struct watch *w, const struct lockfile_roots *roots)
{
	const char *const folders[] = {roots->dir, roots->cache, roots->runs};

	/* Again at each look: one that was not there may have come. */
	for (size_t i = 0; w->inotify >= 0 && i < ARRAY_LEN(folders); i++)
		if (folders[i])
			(void)inotify_add_watch(w->inotify, folders[i], FOLDER_EVENTS | IN_ONLYDIR);
}

static void keep_holder(struct watch *w, pid_t pid)
{
	int fd;

	for (size_t i = 0; i < w->holders.n; i++)
		if (w->holders.v[i].pid == pid) {
			w->holders.v[i].kept = true;
			return;
		}
	if (w->holders.n >= HOLDERS_MAX || pid <= 0)
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return;
	listen_to(w, fd);
	vec_push(&w->holders, (struct watched){pid, fd, true});
}

void watch_holders(struct watch *w, const struct locks *l)
{
	for (size_t i = 0; i < w->holders.n; i++)
		w->holders.v[i].kept = false;
	for (size_t i = 0; i < l->nfiles; i++)
		for (size_t k = 0; k < l->files[i].nholders; k++) {
			const struct locks_who *h = &l->files[i].holders[k];

			keep_holder(w, h->pid);
			if (h->acquirer != h->pid)
				keep_holder(w, h->acquirer);
		}
	for (size_t i = w->holders.n; i--;)
		if (!w->holders.v[i].kept)
			drop(w, i);
}
