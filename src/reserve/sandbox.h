/*
 * A cpuset cgroup around a build (spec/host 3.8, 6.1 item 6): this process moves into a group of
 * its own that has the reservation's CPUs and memory nodes alone, and whatever it starts inherits
 * that. Needs the unified cgroup hierarchy and the right to make groups in it; where it cannot be
 * had, the affinity of reserve_confine() still keeps well-behaved programs in their place.
 *
 * A process beside the build outlives it by a moment: when the build is killed, it ends what the
 * build has started and removes the group, so that nothing is left.
 */
#pragma once

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/str.h"

/* What may be missing; each has its key token in the sentence. */
enum sandbox_lack {
	SANDBOX_NO_CGROUP2,
	SANDBOX_NO_CONTROLLER,
	SANDBOX_REJECTED, /* +cpuset, by a rule of the kernel */
	SANDBOX_NO_PERMISSION,
	SANDBOX_ROOT,	       /* this process is in the root group */
	SANDBOX_CPUS_NARROWED, /* an ancestor has fewer CPUs */
	SANDBOX_MEMS_NARROWED, /* ... or nodes */
	SANDBOX_OTHER,
};

/* Where groups are; the defaults are this machine's, tests have others. */
struct sandbox_place {
	const char *mount;   /* NULL = /sys/fs/cgroup */
	const char *self;    /* the file that names our group; NULL = /proc/self/cgroup */
	bool any_filesystem; /* do not ask whether `mount` is a cgroup2 file system */
};

struct sandbox;
/*
 * Enters a group with these CPUs and nodes. Beside the group that we are in, else below it where
 * we are alone in it. 0 with *out, or with *out NULL and a sentence in `notes` why there is none;
 * with `strict` (an explicit cap) that is an error with remedies instead. Groups narrowed by an
 * ancestor are kept, with a note, unless strict.
 */
int sandbox_enter(const struct sandbox_place *at, const struct cpuset *cpus,
	const struct cpuset *nodes, bool strict, struct sandbox **out, struct strv *notes,
	struct err *e);
/* The group's folder; borrowed. */
const char *sandbox_path(const struct sandbox *s);
/* Back to where we came from, with all that we started; removes the group. NULL is fine. What could
 * not be removed is a note. */
void sandbox_leave(struct sandbox *s, struct strv *notes);
