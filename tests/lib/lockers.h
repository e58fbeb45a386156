/* Processes that hold a lock file in one way or another, until locker_end(). Each call returns when
 * the state is there. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct locker {
	pid_t pid;	/* who holds (or waits) now */
	pid_t acquirer; /* who called flock(2); gone where it differs */
	pid_t child;	/* of ours, to be waited for */
	int release;	/* closing it ends the process */
	int said;	/* what it has to say later; -1 = nothing */
};

/* flock(2): LOCK_SH or LOCK_EX. */
struct locker locker_flock(const char *path, int op);
/* Acquires, forks, exits: the child holds what it inherited. */
struct locker locker_forked(const char *path, int op);
/* Acquires and forks; both stay. `pid` is the child's, acquirer the parent's. */
struct locker locker_inherited(const char *path, int op);
/* Acquires, and forks when locker_fork() says so; then both have it. */
struct locker locker_fork_later(const char *path, int op);
void locker_fork(struct locker *l);
/* Acquires in a pid namespace of its own, whose first process forks the holder and stays. pid is
 * the outer one of the process that holds. -1 where such a namespace cannot be made. */
struct locker locker_pid_namespace(const char *path, int op);
/* fcntl(2) locks of the two kinds, which exclude nobody who uses flock(2). */
struct locker locker_posix(const char *path);
struct locker locker_ofd(const char *path);
/* Waits in flock(2): the lock must be held in a way that blocks it. */
struct locker locker_waiting(const char *path, int op);
void locker_end(struct locker *l);
