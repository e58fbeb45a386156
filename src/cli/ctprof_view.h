/*
 * What `ktstr ctprof show`, `compare` and `run` show of snapshots: the rows of their options, and
 * printing. The values land in a struct ctprof_view_values at an offset of the command's own
 * struct.
 */
#pragma once

#include "probes/ctprof/noise.h"
#include "probes/ctprof/store.h"
#include "probes/ctprof/view.h"
#include "src/cli/cli.h"

struct ctprof_view_values {
	const char *group_by, *sort_by, *order, *columns, *sections, *metrics, *format;
	struct strv flatten, pids, comms, cgroups;
	bool no_thread_normalize, no_cg_normalize, strong_normalize, tighten, wrap, json, csv,
		rates, survivors, exit_code;
	struct opt_u32 limit;
	struct opt_u64 max_size;
};

cli_list_fn ctprof_list_sections, ctprof_list_metrics, ctprof_list_sort_metrics,
	ctprof_list_columns, ctprof_list_show_columns;
extern const char *const ctprof_show_axes[];

/* clang-format off */
#define CTPROF_VIEW_OPTIONS(base, axes, default_axis, columns_list) \
	{ \
		.name = "group-by", \
		.group = "Groups", \
		.type = OPT_CHOICE, \
		.metavar = "AXIS", \
		.help = "what makes threads one group (" default_axis ")", \
		.more = "pcomm: the name of the process, comm: of the thread, both with digits as {N} " \
			"where several share the pattern; comm-exact: the thread's name as it is; " \
			"cgroup: its cgroup; all: cgroup, process and thread.", \
		.choices = (axes), \
		.offset = (base) + offsetof(struct ctprof_view_values, group_by), \
	}, \
	{ \
		.name = "cgroup-flatten", \
		.group = "Groups", \
		.type = OPT_LIST, \
		.metavar = "GLOB", \
		.help = "cgroups that match are one group; repeatable", \
		.more = "? is one character, * any run, slashes included, [abc] one of these. The first " \
			"pattern that matches counts.", \
		.offset = (base) + offsetof(struct ctprof_view_values, flatten), \
	}, \
	{ \
		.name = "no-thread-normalize", \
		.group = "Groups", \
		.type = OPT_FLAG, \
		.help = "names of threads and processes as they are", \
		.offset = (base) + offsetof(struct ctprof_view_values, no_thread_normalize), \
	}, \
	{ \
		.name = "no-cg-normalize", \
		.group = "Groups", \
		.type = OPT_FLAG, \
		.help = "paths of cgroups as they are", \
		.offset = (base) + offsetof(struct ctprof_view_values, no_cg_normalize), \
	}, \
	{ \
		.name = "strong-normalize", \
		.group = "Groups", \
		.type = OPT_FLAG, \
		.help = "fold UUIDs, long hex words, inner digits", \
		.more = "A UUID is {U}, a word of 8 or more hexadecimal digits is {H} even with a letter " \
			"before it, and nvme0n1 is nvme{N}n{N}, so that pods and units with generated " \
			"names are one group.", \
		.offset = (base) + offsetof(struct ctprof_view_values, strong_normalize), \
	}, \
	{ \
		.name = "tighten-cgroups", \
		.group = "Groups", \
		.type = OPT_FLAG, \
		.help = "patterns only where cgroups differ in them", \
		.more = "A segment of a path that all cgroups of one pattern share stands as it is: " \
			"with one user, user-1000.slice instead of user-{N}.slice.", \
		.clashes = "no-cg-normalize", \
		.offset = (base) + offsetof(struct ctprof_view_values, tighten), \
	}, \
	{ \
		.name = "sort-by", \
		.group = "Tables", \
		.type = OPT_TEXT, \
		.metavar = "SPEC", \
		.help = "rank groups by these metrics", \
		.more = "METRIC[:asc|:desc], parted by commas; desc where nothing is said. A " \
			"comparison ranks by what changed, show by what there is.", \
		.list = ctprof_list_sort_metrics, \
		.offset = (base) + offsetof(struct ctprof_view_values, sort_by), \
	}, \
	{ \
		.name = "columns", \
		.group = "Tables", \
		.type = OPT_TEXT, \
		.metavar = "NAMES", \
		.help = "columns of the metric tables, in this order", \
		.list = (columns_list), \
		.offset = (base) + offsetof(struct ctprof_view_values, columns), \
	}, \
	{ \
		.name = "sections", \
		.group = "Tables", \
		.type = OPT_TEXT, \
		.metavar = "NAMES", \
		.help = "only these tables", \
		.list = ctprof_list_sections, \
		.offset = (base) + offsetof(struct ctprof_view_values, sections), \
	}, \
	{ \
		.name = "metrics", \
		.group = "Tables", \
		.type = OPT_TEXT, \
		.metavar = "NAMES", \
		.help = "only these metrics (see metric-list)", \
		.list = ctprof_list_metrics, \
		.offset = (base) + offsetof(struct ctprof_view_values, metrics), \
	}, \
	{ \
		.name = "pid", \
		.group = "Threads that count", \
		.type = OPT_LIST, \
		.metavar = "PID", \
		.help = "only the threads of this process; repeatable", \
		.offset = (base) + offsetof(struct ctprof_view_values, pids), \
	}, \
	{ \
		.name = "comm", \
		.group = "Threads that count", \
		.type = OPT_LIST, \
		.metavar = "GLOB", \
		.help = "only threads of this name or process", \
		.offset = (base) + offsetof(struct ctprof_view_values, comms), \
	}, \
	{ \
		.name = "cgroup", \
		.group = "Threads that count", \
		.type = OPT_LIST, \
		.metavar = "GLOB", \
		.help = "only threads in this cgroup or below it", \
		.offset = (base) + offsetof(struct ctprof_view_values, cgroups), \
	}, \
	{ \
		.name = "limit", \
		.group = "Tables", \
		.type = OPT_U32, \
		.metavar = "N", \
		.help = "at most N lines of each table (500), 0 = all", \
		.more = "JSON and CSV are not cut.", \
		.offset = (base) + offsetof(struct ctprof_view_values, limit), \
	}, \
	{ \
		.name = "wrap", \
		.group = "Tables", \
		.type = OPT_FLAG, \
		.help = "wrap cells to the width of the terminal", \
		.offset = (base) + offsetof(struct ctprof_view_values, wrap), \
	}, \
	{ \
		.name = "max-size", \
		.type = OPT_SIZE, \
		.metavar = "SIZE", \
		.help = "refuse snapshots that unpack to more (1gib)", \
		.offset = (base) + offsetof(struct ctprof_view_values, max_size), \
	}, \
	{ \
		.name = "json", \
		.group = "For programs", \
		.type = OPT_FLAG, \
		.help = "print everything as one JSON object", \
		.clashes = "csv", \
		.offset = (base) + offsetof(struct ctprof_view_values, json), \
	}, \
	{ \
		.name = "csv", \
		.group = "For programs", \
		.type = OPT_FLAG, \
		.help = "print the rows of the metric tables as CSV", \
		.offset = (base) + offsetof(struct ctprof_view_values, csv), \
	}

#define CTPROF_COMPARE_OPTIONS(base, default_order) \
	CTPROF_VIEW_OPTIONS(base, ctp_axis_names, "all", ctprof_list_columns), \
	{ \
		.name = "order", \
		.group = "Tables", \
		.type = OPT_CHOICE, \
		.metavar = "ORDER", \
		.help = "what makes a row come first (" default_order ")", \
		.more = "percent: the change in proportion, what began at nothing before all others; " \
			"delta: the number it changed by, whatever its unit; time: groups by how much " \
			"more or less they ran and waited for a CPU, each with its metrics in the order " \
			"of metric-list, what did not change last.", \
		.choices = ctp_order_names, \
		.clashes = "sort-by", \
		.offset = (base) + offsetof(struct ctprof_view_values, order), \
	}, \
	{ \
		.name = "display-format", \
		.group = "Tables", \
		.type = OPT_CHOICE, \
		.metavar = "FORMAT", \
		.help = "columns by name (arrow); --columns goes before it", \
		.choices = ctp_format_names, \
		.offset = (base) + offsetof(struct ctprof_view_values, format), \
	}, \
	{ \
		.name = "rates", \
		.group = "Tables", \
		.type = OPT_FLAG, \
		.help = "add a column: counters per second", \
		.offset = (base) + offsetof(struct ctprof_view_values, rates), \
	}, \
	{ \
		.name = "survivors", \
		.group = "Threads that count", \
		.type = OPT_FLAG, \
		.help = "only threads that both snapshots have", \
		.more = "The same thread has the same number and the same start. The column churn says " \
			"how many stayed (=), came (+) and went (-).", \
		.offset = (base) + offsetof(struct ctprof_view_values, survivors), \
	}, \
	{ \
		.name = "exit-code", \
		.group = "For programs", \
		.type = OPT_FLAG, \
		.help = "exit with 3 when something shown differs", \
		.more = "With idle pairs or repetitions: when a row exceeds what the machine does at " \
			"rest. Without them any difference counts.", \
		.offset = (base) + offsetof(struct ctprof_view_values, exit_code), \
	}
/* clang-format on */

/* What the values say, made ready; the errors of their words are run-time errors (status 1). */
struct ctprof_view {
	const struct ctprof_view_values *values;
	struct ctp_view view;
	struct ctp_naming naming;
};
/* 0, or -EINVAL with a sentence. Says on stderr which sections this axis does not have. */
int ctprof_view_init(struct ctprof_view *v, const struct ctprof_view_values *values, bool show,
	const struct cli_context *cx, struct err *e);

/* Loads one or two files at the same time; b may be NULL. 0, or -errno with what and where. */
int ctprof_load(const char *a, const char *b, uint64_t max_size, struct ctp_snapshot *out[2],
	struct err *e);

/* A pair of snapshots that were taken one after the other. */
struct ctprof_pair {
	const struct ctp_snapshot *side[2];
};
/* What is to be printed: the first of the pairs, judged by the others and by idle ones. */
struct ctprof_pairs {
	const char *path[2]; /* how lists call the sides */
	const struct ctprof_pair *reps;
	size_t nreps; /* at least 1 */
	const struct ctprof_pair *idle;
	size_t nidle;
	bool summary;		       /* tables of what ended and of who is left before it */
	const struct ctp_exits *exits; /* NULL = not told of */
};
/* Compares and prints; the exit status, EXIT_DIFFERENT with --exit-code. */
int ctprof_print_compare(
	const struct ctprof_view *v, const struct ctprof_pairs *p, const struct cli_context *cx);

enum { EXIT_DIFFERENT = 3 };

extern const struct command cmd_ctprof_show, cmd_ctprof_compare, cmd_ctprof_metric_list;
