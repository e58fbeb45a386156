/*
 * The lock files by which ktstr processes keep out of each other's way: names, folders and the way
 * they are opened and locked. All of it is shared with the public Rust program of this name, so
 * that either excludes the other (spec/host 2.1, 2.8, 2.9).
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"

enum lockfile_kind { LOCKFILE_LLC, LOCKFILE_CPU, LOCKFILE_CACHE, LOCKFILE_RUN, LOCKFILE_KINDS };
enum lockfile_mode { LOCKFILE_SHARED, LOCKFILE_EXCLUSIVE };

/* Folders of lock files; heap, NULL = cannot be told: that kind is empty. */
struct lockfile_roots {
	char *dir;   /* of LLC and CPU locks */
	char *cache; /* {kernel cache}/.locks */
	char *runs;  /* {runs}/.locks, usually relative to the current folder */
};
/* From the environment; `cache_root` is the kernel cache's folder (NULL = it has none). */
void lockfile_roots_init(struct lockfile_roots *r, const char *cache_root);
void lockfile_roots_release(struct lockfile_roots *r);
/* The folder that holds files of this kind; borrowed, may be NULL. */
const char *lockfile_root(const struct lockfile_roots *r, enum lockfile_kind kind);
/* KTSTR_LOCK_DIR where that is set and not empty, else /tmp; borrowed. */
const char *lockfile_dir(void);

/* Paths; heap. */
char *lockfile_llc(const char *dir, unsigned llc);
char *lockfile_cpu(const char *dir, unsigned cpu);
/* {root}/{key}.lock, for the roots of cache entries and of runs. */
char *lockfile_keyed(const char *root, const char *key);

/*
 * What a file of this name in a folder of this kind stands for: the number of an LLC or CPU, or
 * the length of the key that the name begins with. False for names that are none of ours.
 */
struct lockfile_name {
	unsigned number; /* LLC and CPU */
	int key_length;	 /* cache and run */
};
bool lockfile_parse_name(enum lockfile_kind kind, const char *name, struct lockfile_name *out);

/*
 * 0, or -EOPNOTSUPP with a sentence where the file (or, while it does not exist, its folder) is on
 * a file system whose flock(2) cannot be relied on between processes or machines.
 */
int lockfile_check_filesystem(const char *path, struct err *e);
/*
 * Creates the file when it is missing (and its folder, where that is a `.locks`), and opens it
 * close-on-exec; read-only where it belongs to somebody else, which is enough for flock(2).
 * Returns the descriptor or -errno.
 */
int lockfile_open(const char *path, struct err *e);
/* Whether the path still leads to what is open: cleaners of /tmp take files away from under their
 * holders, and whoever comes next would lock another one. */
bool lockfile_stands(int fd, const char *path);
/*
 * Opens and locks without waiting; reopens a file that was replaced meanwhile. The lock is the
 * descriptor's that is returned: closing it lets go. -EWOULDBLOCK: somebody else has it.
 */
int lockfile_acquire(const char *path, enum lockfile_mode mode, struct err *e);
