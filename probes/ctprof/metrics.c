#include "probes/ctprof/metrics.h"

#include <string.h>

_Static_assert(CTP_NPRIMARY == 87 && CTP_NDERIVED == 17, "the registry of the specification");

/* thread_count has no field; every other name is one. */
#define CTP_thread_count -1
#define M(name)		 CTM_##name
#define INPUTS(...)                                                                                \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

const struct ctp_metric_row ctp_metrics[CTP_NMETRICS] = {
#define METRIC(NAME, RULE, LADDER, SECTION, CLASS, HELP)                                           \
	[CTM_##NAME] = {                                                                           \
		.name = #NAME,                                                                     \
		.field = CTP_##NAME,                                                               \
		.rule = CTP_RULE_##RULE,                                                           \
		.ladder = CTP_LADDER_##LADDER,                                                     \
		.section = CTP_SEC_##SECTION,                                                      \
		.class = CTP_CLASS_##CLASS,                                                        \
		.help = HELP,                                                                      \
	},
#define DERIVED(NAME, FORMULA, LADDER, SECTION, HELP, ...)                                         \
	[CTM_##NAME] = {                                                                           \
		.name = #NAME,                                                                     \
		.field = -1,                                                                       \
		.ladder = CTP_LADDER_##LADDER,                                                     \
		.section = CTP_SEC_##SECTION,                                                      \
		.help = HELP,                                                                      \
		.formula = CTP_##FORMULA,                                                          \
		.ninputs = sizeof((uint8_t[])INPUTS(__VA_ARGS__)),                                 \
		.inputs = INPUTS(__VA_ARGS__),                                                     \
	},
#include "probes/ctprof/metrics.def"
};

const struct ctp_section_row ctp_sections[CTP_NSECTIONS] = {
	[CTP_SEC_PRIMARY] = {"primary", "Primary metrics", false,
		"what the threads of a group did, by the counters of the scheduler, of memory and "
		"of "
		"input and output"},
	[CTP_SEC_TASKSTATS_DELAY] = {"taskstats-delay", "Primary metrics, Derived metrics", false,
		"how long the threads were held up and by what, from delay accounting; in the two "
		"tables named"},
	[CTP_SEC_DERIVED] = {"derived", "Derived metrics", false,
		"ratios and averages computed from the metrics of a group"},
	[CTP_SEC_CGROUP_STATS] = {"cgroup-stats", "CgroupStats", true,
		"CPU time, throttling and memory that the kernel counted for each cgroup"},
	[CTP_SEC_CGROUP_LIMITS] = {"cgroup-limits", "Cgroup limits / knobs", true,
		"what each cgroup may use"},
	[CTP_SEC_MEMORY_STAT] = {"memory-stat", "memory.stat", true,
		"what the memory of each cgroup is used for"},
	[CTP_SEC_MEMORY_EVENTS] = {"memory-events", "memory.events", true,
		"how often each cgroup met a limit of its memory"},
	[CTP_SEC_PRESSURE] = {"pressure", "Pressure / <res>", true,
		"share of the time that tasks of each cgroup waited for a resource"},
	[CTP_SEC_HOST_PRESSURE] = {"host-pressure", "Host pressure / <res>", false,
		"the same of the whole machine"},
	[CTP_SEC_SMAPS] = {"smaps-rollup", "smaps_rollup", false, "memory of processes by kind"},
	[CTP_SEC_SCHED_EXT] = {"sched-ext", "sched_ext", false, "state of sched_ext"},
	[CTP_SEC_CGROUP_MORE] = {"cgroup-more", "Cgroup counters that other files have", true,
		"swap, zswap, peaks, I/O, CPU time by mode and memory by node of each cgroup; only "
		"where it is named"},
};

int ctp_metric_find(const char *name, size_t n)
{
	for (int m = 0; m < CTP_NMETRICS; m++)
		if (strncmp(ctp_metrics[m].name, name, n) == 0 && !ctp_metrics[m].name[n])
			return m;
	return -1;
}

int ctp_section_find(const char *name, size_t n)
{
	for (int s = 0; s < CTP_NSECTIONS; s++)
		if (strncmp(ctp_sections[s].name, name, n) == 0 && !ctp_sections[s].name[n])
			return s;
	return -1;
}

bool ctp_metric_is_ratio(enum ctp_metric m)
{
	return m >= CTP_NPRIMARY &&
	       (ctp_metrics[m].formula == CTP_RATIO || ctp_metrics[m].formula == CTP_SHARE);
}

const char *ctp_metric_unit(enum ctp_metric m)
{
	return ctp_metric_is_ratio(m) ? "ratio" : ctp_ladder_unit(ctp_metrics[m].ladder);
}

bool ctp_metric_accumulates(enum ctp_metric m)
{
	return m < CTP_NPRIMARY && m != CTM_thread_count && ctp_metrics[m].rule == CTP_RULE_SUM;
}

const char *ctp_class_name(enum ctp_class c)
{
	static const char *const names[] = {
		[CTP_CLASS_CFS_ONLY] = "cfs-only",
		[CTP_CLASS_NON_EXT] = "non-ext",
		[CTP_CLASS_FAIR_POLICY] = "fair-policy",
	};

	return names[c];
}

static void tag(struct str *out, const char *word)
{
	if (word)
		str_printf(out, "%s[%s]", out->len ? " " : "", word);
}

void ctp_metric_tags(enum ctp_metric m, struct str *out)
{
	const struct ctp_metric_row *row = &ctp_metrics[m];
	cleanup_str struct str tags = STR_INIT;

	tag(&tags, ctp_class_name(row->class));
	for (int i = 0; row->field >= 0 && i < 2; i++)
		if (ctp_fields[row->field].gates[i])
			tag(&tags, ctp_gate_name(ctp_fields[row->field].gates[i]));
	str_add(out, str_get(&tags));
}
