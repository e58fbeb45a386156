/*
 * What a profile is read by: metrics, what is computed from them, and the sections in which both
 * are shown. The rows are in metrics.def; names are those of the specification.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probes/ctprof/ladder.h"
#include "probes/ctprof/snapshot.h"

/* CTM_thread_count, CTM_policy, ...; derived ones, CTM_affine_success_ratio ..., come after all
 * others, so that one number names either. */
enum ctp_metric {
#define METRIC(name, ...) CTM_##name,
#include "probes/ctprof/metrics.def"
	CTP_NPRIMARY,
	CTM_before_derived = CTP_NPRIMARY - 1,
#define DERIVED(name, ...) CTM_##name,
#include "probes/ctprof/metrics.def"
	CTP_NMETRICS
};
enum { CTP_NDERIVED = CTP_NMETRICS - CTP_NPRIMARY };

/* How the values of a group's threads become one. */
enum ctp_rule {
	CTP_RULE_SUM, /* stops at 2^64 - 1 */
	CTP_RULE_MAX,
	CTP_RULE_RANGE, /* smallest and largest */
	CTP_RULE_MODE,	/* the most frequent */
	CTP_RULE_CPUS,	/* sizes of the lists, and the list where all have the same */
};

enum ctp_formula {
	CTP_RATIO,	/* a / b, without a unit */
	CTP_AVERAGE,	/* a / b in the unit of a */
	CTP_SHARE,	/* a / (a + b), without a unit */
	CTP_DIFFERENCE, /* a - b */
	CTP_OFFCPU,	/* the sum of all, of the third and the fifth the larger */
};

enum ctp_class { CTP_CLASS_ANY, CTP_CLASS_CFS_ONLY, CTP_CLASS_NON_EXT, CTP_CLASS_FAIR_POLICY };

enum ctp_section {
	CTP_SEC_PRIMARY,
	CTP_SEC_TASKSTATS_DELAY,
	CTP_SEC_DERIVED,
	CTP_SEC_CGROUP_STATS,
	CTP_SEC_CGROUP_LIMITS,
	CTP_SEC_MEMORY_STAT,
	CTP_SEC_MEMORY_EVENTS,
	CTP_SEC_PRESSURE,
	CTP_SEC_HOST_PRESSURE,
	CTP_SEC_SMAPS,
	CTP_SEC_SCHED_EXT,
	CTP_SEC_CGROUP_MORE, /* ours: only where it is named */
	CTP_NSECTIONS
};

struct ctp_metric_row {
	const char *name;
	int field; /* enum ctp_field; -1 = thread_count, and derived ones */
	enum ctp_rule rule;
	enum ctp_ladder ladder;
	enum ctp_section section;
	enum ctp_class class;
	const char *help;
	/* derived ones only */
	enum ctp_formula formula;
	uint8_t ninputs, inputs[8]; /* enum ctp_metric */
};
extern const struct ctp_metric_row ctp_metrics[CTP_NMETRICS];

struct ctp_section_row {
	const char *name;    /* as --sections spells it */
	const char *heading; /* behind "## "; "<res>" stands for the resource */
	bool cgroup_only;    /* shown when grouped by cgroup */
	const char *help;
};
extern const struct ctp_section_row ctp_sections[CTP_NSECTIONS];

/* -1 = there is none of this name. */
int ctp_metric_find(const char *name, size_t n);
int ctp_section_find(const char *name, size_t n);

/* No unit: shown as a plain fraction, without a percentage of its own. */
bool ctp_metric_is_ratio(enum ctp_metric m);
/* "ns", "B", "ticks", "" for counts; "ratio". */
const char *ctp_metric_unit(enum ctp_metric m);
/* Sums grow as time passes, so that a rate means something. */
bool ctp_metric_accumulates(enum ctp_metric m);
/* The word of a class tag ("cfs-only"), NULL for CTP_CLASS_ANY. */
const char *ctp_class_name(enum ctp_class c);
/* "[cfs-only] [SCHEDSTATS]"; nothing for derived ones. */
void ctp_metric_tags(enum ctp_metric m, struct str *out);

/* Sets of metrics: 104 bits. */
struct ctp_metric_set {
	uint64_t bits[2];
};
static inline bool ctp_metric_in(const struct ctp_metric_set *s, unsigned m)
{
	return s->bits[m / 64] >> (m % 64) & 1;
}
static inline void ctp_metric_add(struct ctp_metric_set *s, unsigned m)
{
	s->bits[m / 64] |= 1ULL << (m % 64);
}
