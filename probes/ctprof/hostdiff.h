/* What differs between the machines, or the set-up, that two captures were made on. */
#pragma once

#include "probes/ctprof/snapshot.h"
#include "src/base/str.h"

struct ctp_host_change {
	char *key;
	char *side[2]; /* as JSON has it, without quotes; "-" where a side does not say */
};
struct ctp_host_changes {
	VEC(struct ctp_host_change) v;
};

/* Keys of `host`, entries of its maps ("sched_tunables.x"), and the state of sched_ext. Nothing
 * where a side does not know its host at all. */
void ctp_host_changes(
	const struct ctp_snapshot *a, const struct ctp_snapshot *b, struct ctp_host_changes *out);
void ctp_host_changes_release(struct ctp_host_changes *c);
/* "kernel_release 6.1.0 -> 6.12.0, ...": at most `most` of them; empty where none differ. */
void ctp_host_changes_text(const struct ctp_host_changes *c, size_t most, struct str *out);
