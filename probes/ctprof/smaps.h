/* Memory of processes by kind, under the patterns of their names (spec 5.2, 7.2). */
#pragma once

#include "probes/ctprof/diff.h"

struct ctp_smaps {
	const char *cgroup;		/* with CTP_BY_ALL, else "" */
	const char *process;		/* a pattern, or "name[tgid]" */
	struct ctp_map side[CTP_SIDES]; /* KiB by kind; of all processes of the key */
	bool has[CTP_SIDES];
};
struct ctp_smaps_list {
	struct ctp_smaps *v; /* by cgroup and process */
	size_t n;
};

/* d == NULL: one snapshot. Candidates of fudged cgroups stand under the names of before. */
struct ctp_smaps_list ctp_smaps(struct ctp_groups *g, const struct ctp_diff *d);
/* Sorted for a comparison: what changed most in resident memory first. */
void ctp_smaps_rank_change(struct ctp_smaps_list *l);
/* Sorted for one snapshot: the largest first. */
void ctp_smaps_rank_size(struct ctp_smaps_list *l);
/* Bytes of a kind; has = false where the side lacks it. */
struct ctp_opt ctp_smaps_bytes(const struct ctp_smaps *s, unsigned side, const char *kind);
