/* Between the files of this folder: who holds what, and taking the locks of a plan. */
#pragma once

#include "probes/locks/lockfiles.h"
#include "src/reserve/plan.h"

/* One lock of a plan. */
struct reserve_lock {
	enum lockfile_kind kind; /* LLC or CPU */
	unsigned number;
	enum lockfile_mode mode;
};
/* The locks of a plan in the order in which everybody takes them: LLCs by number, then CPUs. Heap;
 * at least one element is allocated. */
struct reserve_lock *reserve_locks_of(const struct reserve_plan *p, size_t *n);
char *reserve_lock_path(const struct reserve_lock *l); /* heap */

/*
 * Fills in who holds LLCs and (with_cpus) CPUs, from /proc/locks. What cannot be read holds
 * nothing: flock(2) has the last word. Missing files of LLCs are made when `create`, so that others
 * see them in their lists.
 */
void reserve_look(struct reserve_host *h, bool with_cpus, bool create);

/*
 * All of them or none: 0, or -EWOULDBLOCK with the first busy one in `busy`, or -errno with a
 * sentence. `fds` has room for n descriptors.
 */
int reserve_take(const struct reserve_lock *locks, size_t n, int *fds, struct reserve_lock *busy,
	struct err *e);
/* Unlocks, then closes: whoever watches the files by inotify finds them free. */
void reserve_let_go(const int *fds, size_t n);

/*
 * Appends "LLC 0 busy: pid=1 cmd=a, pid=2 cmd=b; CPU 3 busy: ..." for everything that is in the way
 * (with `sharers`, LLCs that are held shared too); `word` stands after the number. False when
 * nothing was.
 */
bool reserve_blockers(
	const struct reserve_host *h, const char *word, bool sharers, struct str *out);
