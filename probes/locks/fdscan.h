/*
 * Which descriptors of which processes have flock(2) locks. A look at every descriptor of a machine
 * is dear, and a lock spreads in few ways only: by fork (a process that was not there before) and
 * by passing descriptors (a process that has another number of them). So later looks read only what
 * is new by that measure, and whom the caller names.
 */
#pragma once

#include "probes/locks/lines.h"

/* A descriptor that has a lock. */
struct fd_lock {
	pid_t pid;
	int fd;
	struct flock_line line;
};

struct fdscan;
struct fdscan *fdscan_new(const struct sysroot *r);
void fdscan_free(struct fdscan *s);
/* Processes whose descriptors are read at the next update, whatever they look like. */
void fdscan_suspect(struct fdscan *s, pid_t pid);
/* Forgets everything: the next update reads every descriptor. */
void fdscan_forget(struct fdscan *s);
void fdscan_update(struct fdscan *s);

/* What the last update knows: by pid and descriptor, borrowed until the next one. */
const struct fd_lock *fdscan_locks(const struct fdscan *s, size_t *n);
/* Processes whose descriptors this user may not see. */
unsigned fdscan_unreadable(const struct fdscan *s);
/* Descriptors that the last update has read. */
unsigned fdscan_descriptors(const struct fdscan *s);
/* Whether the process was there, and whether its descriptors could be read. */
bool fdscan_live(const struct fdscan *s, pid_t pid);
bool fdscan_readable(const struct fdscan *s, pid_t pid);
