#include "tests/lib/lockers.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a helper tells its maker: who holds. */
struct report {
	pid_t pid, acquirer;
};

struct ends {
	int say, stay; /* of the helper: where it reports, what it reads until it shall end */
};

typedef void helper(const char *path, int op, struct ends e);

static void say(struct ends e, pid_t pid, pid_t acquirer)
{
	struct report r = {pid, acquirer};

	if (write(e.say, &r, sizeof(r)) != sizeof(r))
		_exit(1);
}

/* Until the end, its own children's included: what they hold is free when the helper is gone. */
static void stay(struct ends e)
{
	char c;

	while (read(e.stay, &c, 1) > 0)
		;
	while (waitpid(-1, NULL, 0) > 0)
		;
	_exit(0);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);

	if (fd < 0)
		_exit(1);
	return fd;
}

static void lock_file(const char *path, int op)
{
	if (flock(open_file(path), op | LOCK_NB))
		_exit(1);
}

/* Descriptors of other helpers would keep those alive. */
static struct ends close_others(struct ends e)
{
	int high = 1000;
	struct ends kept = {dup2(e.say, high), dup2(e.stay, high + 1)};

	close_range(3, (unsigned)high - 1, 0);
	return kept;
}

static struct locker start(helper *run, const char *path, int op)
{
	struct locker l = {.pid = -1, .acquirer = -1, .release = -1, .said = -1};
	struct report r;
	int said[2], hold[2];

	if (pipe2(said, O_CLOEXEC) || pipe2(hold, O_CLOEXEC))
		abort();
	fflush(NULL);
	l.child = fork();
	if (l.child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(path, op, close_others((struct ends){said[1], hold[0]}));
		_exit(1);
	}
	close(said[1]);
	close(hold[0]);
	if (read(said[0], &r, sizeof(r)) == sizeof(r)) {
		l.pid = r.pid;
		l.acquirer = r.acquirer;
	}
	l.said = said[0];
	l.release = hold[1];
	return l;
}

void locker_end(struct locker *l)
{
	if (l->release >= 0)
		close(l->release);
	if (l->said >= 0)
		close(l->said);
	if (l->child > 0)
		waitpid(l->child, NULL, 0);
	*l = (struct locker){.pid = -1, .child = -1, .release = -1, .said = -1};
}

static void hold_flock(const char *path, int op, struct ends e)
{
	lock_file(path, op);
	say(e, getpid(), getpid());
	stay(e);
}

struct locker locker_flock(const char *path, int op)
{
	return start(hold_flock, path, op);
}

/* The middle process acquires and leaves; the outer one adopts the holder, to wait for it. */
static void hold_forked(const char *path, int op, struct ends e)
{
	struct ends inner = e;
	struct report r;
	int said[2], go[2];
	pid_t middle;
	char c;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(said) || pipe(go))
		_exit(1);
	inner.say = said[1];
	middle = fork();
	if (middle == 0) {
		lock_file(path, op);
		if (fork() == 0) {
			close(go[1]);
			(void)!read(go[0], &c, 1); /* until its parent has been waited for */
			say(inner, getpid(), 0);
			stay(e);
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	close(go[1]);
	if (read(said[0], &r, sizeof(r)) != sizeof(r))
		_exit(1);
	say(e, r.pid, middle);
	close(e.stay);
	while (waitpid(-1, NULL, 0) > 0)
		;
	_exit(0);
}

struct locker locker_forked(const char *path, int op)
{
	return start(hold_forked, path, op);
}

static void hold_inherited(const char *path, int op, struct ends e)
{
	pid_t child;

	lock_file(path, op);
	child = fork();
	if (child == 0)
		stay(e);
	say(e, child, getpid());
	close(e.say);
	stay(e);
}

struct locker locker_inherited(const char *path, int op)
{
	return start(hold_inherited, path, op);
}

static void hold_and_fork(const char *path, int op, struct ends e)
{
	pid_t child;
	char c;

	lock_file(path, op);
	say(e, getpid(), getpid());
	if (read(e.stay, &c, 1) != 1)
		_exit(0);
	child = fork();
	if (child)
		say(e, child, getpid());
	stay(e);
}

struct locker locker_fork_later(const char *path, int op)
{
	return start(hold_and_fork, path, op);
}

void locker_fork(struct locker *l)
{
	struct report r;

	if (write(l->release, "", 1) != 1 || read(l->said, &r, sizeof(r)) != sizeof(r))
		abort();
	l->pid = r.pid;
}

static void hold_in_namespace(const char *path, int op, struct ends e)
{
	int ready[2];
	pid_t first;
	char c;

	if (pipe(ready) || unshare(CLONE_NEWPID))
		_exit(1);
	first = fork();
	if (first == 0) {
		lock_file(path, op);
		(void)!write(ready[1], "", 1);
		stay(e);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		_exit(1);
	say(e, first, first);
	stay(e);
}

struct locker locker_pid_namespace(const char *path, int op)
{
	return start(hold_in_namespace, path, op);
}

static void hold_fcntl(const char *path, int command, struct ends e)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(open_file(path), command, &f))
		_exit(1);
	say(e, getpid(), getpid());
	stay(e);
}

struct locker locker_posix(const char *path)
{
	return start(hold_fcntl, path, F_SETLK);
}

struct locker locker_ofd(const char *path)
{
	return start(hold_fcntl, path, F_OFD_SETLK);
}

static void wait_for_lock(const char *path, int op, struct ends e)
{
	int fd = open_file(path);

	if (flock(fd, op | LOCK_NB) == 0)
		_exit(1);
	say(e, getpid(), getpid());
	close(e.say);
	(void)flock(fd, op);
	stay(e);
}

/* Whether the kernel's table has a line of this pid that waits. */
static bool is_waiting(pid_t pid)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256], needle[32];
	bool found = false;

	snprintf(needle, sizeof(needle), " %d ", (int)pid);
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "-> FLOCK") && strstr(line, needle);
	if (f)
		fclose(f);
	return found;
}

struct locker locker_waiting(const char *path, int op)
{
	struct locker l = start(wait_for_lock, path, op);

	while (l.pid > 0 && !is_waiting(l.pid))
		sched_yield();
	return l;
}
