/*
 * Two snapshots side by side: a model that text, JSON, CSV and the dashboard read. Nothing here is
 * sorted by importance or formatted; order.h ranks rows.
 */
#pragma once

#include "probes/ctprof/group.h"
#include "src/base/map.h"
#include "src/base/str.h"

/* Groups that have threads on both sides, or were paired although their cgroup was renamed. */
struct ctp_matched {
	struct ctp_key key;
	const struct ctp_sums *side[CTP_SIDES];
	bool fudged;
	const char *mark;  /* of a fudged one: the last segment of its cgroup before */
	uint64_t lifetime; /* ticks from the mean start of its threads to the newest thread's */
};

/* A pair of cgroups that hold the same kinds of threads under different names (spec 6.3). */
struct ctp_fudge {
	const char *path[CTP_SIDES], *root[CTP_SIDES];
	size_t overlap, cascaded;
	double jaccard;
	const char *const *residual[CTP_SIDES]; /* "pcomm:comm" that the other side lacks */
	size_t nresidual[CTP_SIDES];
};

/* Threads by what became of them between the snapshots: the same number and the same start. */
struct ctp_survival {
	uint64_t survived, gone, born;
};

struct ctp_diff {
	struct ctp_groups *groups; /* owned */
	const struct ctp_snapshot *snap[CTP_SIDES];
	struct ctp_matched *pairs; /* by key */
	size_t npairs;
	const struct ctp_group **only[CTP_SIDES]; /* by key */
	size_t nonly[CTP_SIDES];
	struct ctp_fudge *fudges;
	size_t nfudges;
	struct map renamed; /* keys: cgroups of the candidate that were paired, or lie below one */
	uint64_t longest;   /* of the pairs' lifetimes, at least 1 */
	int64_t window_ns;  /* from one capture to the other; 0 = not known */
	struct strv warnings;
};

struct ctp_diff *ctp_diff(const struct ctp_snapshot *a, const struct ctp_snapshot *b,
	const struct ctp_naming *naming);
void ctp_diff_free(struct ctp_diff *d);

struct ctp_change {
	bool has_delta, has_pct;
	double delta, pct; /* pct is a fraction of the value before */
};
/* What a metric did; a ratio has no percentage of its own. */
struct ctp_change ctp_change(const struct ctp_sums *a, const struct ctp_sums *b, enum ctp_metric m);

/* A candidate's cgroup under the name that its fudged counterpart has; or as it is. */
const char *ctp_diff_renamed(const struct ctp_diff *d, const char *cgroup);

/* The threads of two sums (NULL = none) by what became of them. */
struct ctp_survival ctp_survivors(
	const struct ctp_diff *d, const struct ctp_sums *a, const struct ctp_sums *b);
/* For each thread of a its number in b's snapshot, or UINT32_MAX; n = a->threads; heap. */
uint32_t *ctp_match_threads(
	const struct ctp_diff *d, const struct ctp_sums *a, const struct ctp_sums *b);
