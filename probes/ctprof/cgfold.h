/* Cgroups under the keys that threads are grouped by, folded where several have one (spec 6.2). */
#pragma once

#include "probes/ctprof/group.h"

struct ctp_cgroups {
	struct ctp_cgroup *v; /* path = the key; bytewise ascending */
	size_t n;
};

/* Lives in the groups' arena. */
struct ctp_cgroups ctp_merge_cgroups(struct ctp_groups *g, unsigned side);

/* The cgroups of two sides under one key; either may be NULL. */
struct ctp_cgroup_pair {
	const char *path;
	const struct ctp_cgroup *side[CTP_SIDES];
};
struct ctp_cgroup_pairs {
	struct ctp_cgroup_pair *v; /* by path */
	size_t n;
};
/* One snapshot: side[CTP_CAND] is NULL throughout. */
struct ctp_cgroup_pairs ctp_pair_cgroups(struct ctp_groups *g);
