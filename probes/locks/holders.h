/*
 * Who holds flock(2) locks, who waits for them. Two sources that complete each other: /proc/locks
 * names the process that called flock(2), which may have gone since, while the `lock:` lines of
 * /proc/PID/fdinfo/FD are where the lock is open now: in children that inherited it, and where the
 * caller was of another pid namespace (then /proc/locks has no line at all).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probes/locks/lockfiles.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "src/base/sysroot.h"

/* A file as the kernel's lock tables spell it: the device of its super block, which need not be
 * what stat(2) gives (btrfs, overlayfs). */
struct lock_id {
	uint64_t inode;
	unsigned major, minor;
};
int lock_id_compare(const struct lock_id *a, const struct lock_id *b);

/* Which inodes a list may have: most of thousands of lock files are free, and need no search. */
struct inode_sieve {
	uint64_t bits[1024];
};
static inline void sieve_add(struct inode_sieve *s, uint64_t inode)
{
	s->bits[inode / 64 % 1024] |= UINT64_C(1) << inode % 64;
}
static inline bool sieve_may_have(const struct inode_sieve *s, uint64_t inode)
{
	return s->bits[inode / 64 % 1024] & UINT64_C(1) << inode % 64;
}

/* What is mounted where, of /proc/self/mountinfo at one moment. */
struct mounts;
/* NULL with a sentence. */
struct mounts *mounts_read(const struct sysroot *r, struct err *e);
struct mounts *mounts_parse(const char *text);
void mounts_free(struct mounts *m);
/* The device under an absolute path without links in it: of the longest mount point that leads to
 * it, the first of several. False when there is none. */
bool mounts_device(const struct mounts *m, const char *canonical, unsigned *major, unsigned *minor);
/* Something is mounted in this folder, or below. */
bool mounts_below(const struct mounts *m, const char *canonical);
/* The identity of an existing file of this machine; 0, or -errno with a sentence. */
int lock_id_of(const struct mounts *m, const char *path, struct lock_id *out, struct err *e);

struct lock_holder {
	pid_t pid;	/* 0 = of another pid namespace */
	pid_t acquirer; /* who called flock(2); 0 = not told. Another than pid: inherited */
	int fd;		/* one of its descriptors; -1 = not seen, only /proc/locks names it */
	enum lockfile_mode mode;
	bool live; /* the process exists */
};

struct lock_waiter {
	pid_t pid;
	enum lockfile_mode mode;
};

struct lock_state {
	struct lock_id id;
	/* Each process once: callers of flock(2) in the order of /proc/locks, then who inherited,
	 * by pid. A process that is gone only where nobody live was found. */
	struct lock_holder *holders;
	size_t nholders;
	struct lock_waiter *waiters; /* in the order of /proc/locks */
	size_t nwaiters;
	bool stale; /* somebody who called flock(2) for it is gone, or has closed it */
};

/* All flock(2) locks at one moment. */
struct flocks {
	struct lock_state *v; /* ascending by id */
	size_t n;
	unsigned unreadable;  /* processes whose descriptors this user may not see */
	unsigned descriptors; /* how many fdinfo were read this time */
	struct inode_sieve sieve;
};
/* With fdinfo false only /proc/locks is read: cheap, and blind to what was inherited. */
struct flocks *flocks_read(const struct sysroot *r, bool fdinfo, struct err *e);
void flocks_free(struct flocks *f);
/* NULL: nobody holds it. Borrowed. */
const struct lock_state *flocks_of(const struct flocks *f, const struct lock_id *id);

/* The command line as people read it: arguments parted by blanks, at most 100 characters and then
 * an ellipsis; "<cmdline unavailable>" where it is empty or cannot be read. Appends. */
void holder_cmdline(const struct sysroot *r, pid_t pid, struct str *out);
/* A line a holder, "  pid=PID cmd=CMDLINE"; "<none recorded>" where there is none (s may be NULL).
 * Appends, without a newline at the end. */
void holders_text(const struct sysroot *r, const struct lock_state *s, struct str *out);
