#include "src/reserve/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/mem.h"
#include "src/base/spawn.h"

/* How long a killed build may take to be gone. */
enum { ROUNDS = 500, ROUND_MS = 10 };
/* The only descriptors of the janitor. */
enum { LINK, MAKER };

/* Everything below this line until janitor_start() runs after fork(): system calls alone. */

static void put(int dir, const char *file, const char *value)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, value, strlen(value));
	close(fd);
}

/* Kernels before 5.14 have no cgroup.kill. */
static void kill_listed(int dir)
{
	char buf[4096];
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf));
	pid_t pid = 0;

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] >= '0' && buf[i] <= '9' && pid < INT_MAX / 10 - 1) {
			pid = pid * 10 + (buf[i] - '0');
		} else {
			if (pid > 1)
				kill(pid, SIGKILL);
			pid = 0;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* Empties the group and removes it. */
static void clean(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		put(dir, "cgroup.kill", "1");
		kill_listed(dir);
		if (!rmdir(path) || errno == ENOENT)
			break;
		poll(NULL, 0, ROUND_MS);
	}
	close(dir);
}

static void write_path(const char *path, const char *value)
{
	put(AT_FDCWD, path, value);
}

/*
 * Until we are told that there is nothing to do (true), or the maker is gone: its end of the pipe
 * says so, unless something that it forked still has that; its pidfd always does.
 */
static bool dismissed(int link, int maker)
{
	struct pollfd p[2] = {{link, POLLIN, 0}, {maker, POLLIN, 0}};
	char byte;

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			break;
	/* dismissed, and then gone: the word is there */
	return p[0].revents & POLLIN && read(link, &byte, 1) == 1;
}

static _Noreturn void watch(const struct janitor_work *w, const char *home_procs, int maker)
{
	if (!dismissed(LINK, maker)) {
		clean(w->dir);
		for (size_t i = 0; w->undo && w->undo[i]; i++)
			write_path(w->undo[i], "-cpuset");
		if (w->leaf) {
			write_path(home_procs, "0");
			rmdir(w->leaf);
		}
	}
	_exit(0);
}

/* Nothing of ours may stay open here: a lock would be held by whoever still has it. */
static _Noreturn void run(const struct janitor_work *w, const char *home_procs, int link, int maker)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int high = fcntl(maker, F_DUPFD, MAKER + 1);

	dup2(link, LINK);
	if (high >= 0)
		dup2(high, MAKER);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &ignore, NULL);
	setsid();
	(void)!chdir("/");
	prctl(PR_SET_NAME, "ktstr-janitor");
	if (syscall(SYS_close_range, MAKER + 1U, ~0U, 0))
		for (int fd = MAKER + 1; fd < 65536; fd++)
			close(fd);
	watch(w, home_procs, high >= 0 ? MAKER : -1); /* kernels before 5.3 have no pidfd */
}

pid_t janitor_start(const struct janitor_work *w, int *link)
{
	cleanup_free char *home_procs = w->home ? xasprintf("%s/cgroup.procs", w->home) : NULL;
	sigset_t all, old;
	int p[2], maker;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	maker = (int)syscall(SYS_pidfd_open, getpid(), 0);
	fflush(NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		run(w, home_procs, p[0], maker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(p[0]);
	if (maker >= 0)
		close(maker);
	if (pid < 0) {
		close(p[1]);
		return -errno;
	}
	*link = p[1];
	return pid;
}

void janitor_dismiss(pid_t pid, int link)
{
	(void)!write(link, "q", 1);
	close(link);
	spawn_wait(pid);
}
