/* Which threads of a snapshot are looked at: filters when it is shown, and those that outlive a
 * comparison. */
#pragma once

#include "probes/ctprof/snapshot.h"
#include "src/base/err.h"
#include "src/base/str.h"

/* As --pid, --comm and --cgroup of a capture: one of each list that is not empty must hold. */
struct ctp_selection {
	const struct strv *pids, *comms, *cgroups; /* NULL = all */
};
bool ctp_selection_is_all(const struct ctp_selection *s);
/* By number of the thread; heap. NULL with a sentence when a pid is none. */
bool *ctp_select(const struct ctp_snapshot *snap, const struct ctp_selection *s, struct err *e);
/* Leaves of `keep` (NULL = all) only threads that both snapshots have: the same number and the same
 * start. Heap; frees the old ones. */
void ctp_select_survivors(
	const struct ctp_snapshot *a, const struct ctp_snapshot *b, bool *keep[2]);
