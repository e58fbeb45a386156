/*
 * Threads under one name, of one snapshot or of two that are compared, and what they add up to
 * (spec 4.1 to 4.3). Groups borrow from their snapshots, which must outlive them.
 */
#pragma once

#include "probes/ctprof/metrics.h"
#include "probes/ctprof/snapshot.h"
#include "src/base/err.h"

enum ctp_axis {
	CTP_BY_PCOMM,
	CTP_BY_CGROUP,
	CTP_BY_COMM,
	CTP_BY_COMM_EXACT,
	CTP_BY_ALL, /* cgroup, then pcomm, then comm */
	CTP_NAXES
};
extern const char *const ctp_axis_names[CTP_NAXES + 1]; /* as --group-by spells them; NULL ends */
/* What the column of group names is called. */
const char *ctp_axis_header(enum ctp_axis a);

/* How names become keys. */
struct ctp_naming {
	enum ctp_axis axis;
	bool literal_threads;	    /* --no-thread-normalize */
	bool literal_cgroups;	    /* --no-cg-normalize */
	bool strong;		    /* --strong-normalize */
	bool tight;		    /* --tighten-cgroups */
	const struct strv *flatten; /* patterns, first match wins; NULL = none */
	const bool *keep[2]; /* by thread of each side: the others are left out; NULL = all */
};

enum { CTP_BASE, CTP_CAND, CTP_SIDES };
enum { CTP_NO_GROUP = 0x7fffffff }; /* of a thread that was left out */

/* A group's name: cgroup, pcomm and comm with CTP_BY_ALL; one part and two empty ones otherwise. */
struct ctp_key {
	const char *part[3];
};
int ctp_key_compare(const struct ctp_key *a, const struct ctp_key *b);

struct ctp_tally {
	const char *value;
	uint64_t count;
};
struct ctp_mode {
	const struct ctp_tally *tallies; /* by value, bytewise */
	size_t n, top;			 /* the most frequent; the first of several */
	uint64_t total;
};

/* What the threads of a group have in one snapshot. */
enum { CTP_NRANGES = 5, CTP_NMODES = 3 };
struct ctp_sums {
	uint64_t threads;
	const uint32_t *members; /* numbers of its threads in the snapshot */
	uint64_t mean_start;	 /* of start_time_clock_ticks where that is more than 0 */
	struct ctp_metric_set present;
	uint64_t v[CTP_NPRIMARY];    /* sums and maxima; the low end of ranges and list sizes */
	int64_t hi[CTP_NRANGES];     /* their high ends */
	const struct ctp_cpus *same; /* the list that all threads have; NULL where they differ */
	struct ctp_mode modes[CTP_NMODES];
};

struct ctp_group {
	struct ctp_key key;
	const struct ctp_sums *side[CTP_SIDES]; /* NULL: no thread there */
};

struct ctp_namer;
struct ctp_groups {
	struct arena *arena;
	struct ctp_naming naming;
	struct ctp_namer *namer;
	const struct ctp_snapshot *snap[CTP_SIDES]; /* borrowed; [CTP_CAND] NULL: just one */
	struct ctp_group *v;			    /* by key, ascending */
	size_t n;
	uint32_t *members[CTP_SIDES];  /* numbers of threads, group by group */
	uint32_t *group_of[CTP_SIDES]; /* of each thread */
};

/* b may be NULL. Patterns that are none are left out, with a sentence each in `warnings`. */
struct ctp_groups *ctp_group(const struct ctp_snapshot *a, const struct ctp_snapshot *b,
	const struct ctp_naming *naming, struct strv *warnings);
void ctp_groups_free(struct ctp_groups *g);

/* Names by the rules of these groups; they live as long as the groups. */
const char *ctp_groups_cgroup(struct ctp_groups *g, const char *path);
/* The pattern, whatever literal_threads says. */
const char *ctp_groups_pattern(struct ctp_groups *g, const char *name);

/* Two sums as if their threads were one group's; lives in the arena. */
struct ctp_sums *ctp_sums_merge(
	struct arena *arena, const struct ctp_sums *a, const struct ctp_sums *b);

/* A metric's number, derived ones too, for deltas and sorting; false: it has none. s may be NULL.
 */
bool ctp_sums_number(const struct ctp_sums *s, enum ctp_metric m, double *out);
static inline bool ctp_sums_has(const struct ctp_sums *s, enum ctp_metric m)
{
	return s && ctp_metric_in(&s->present, m);
}
/* One thread as if it were a group of its own; `number` is its place in the snapshot. */
void ctp_sums_of_thread(const struct ctp_snapshot *s, const struct ctp_thread *t, uint32_t number,
	struct arena *arena, struct ctp_sums *out);
/* Slots of hi[] and modes[] for a metric of these rules. */
unsigned ctp_range_slot(enum ctp_metric m);
unsigned ctp_mode_slot(enum ctp_metric m);

/* Why a thread has no value of a primary metric: what the file says of it, else what its flags say;
 * CTP_PRESENT when it has one. */
enum ctp_why ctp_metric_why(const struct ctp_thread *t, enum ctp_metric m);
/* Why a group has none: the reason of most of its threads. */
enum ctp_why ctp_group_why(
	const struct ctp_snapshot *snap, const struct ctp_sums *s, enum ctp_metric m);
