/* What the subcommands of `ktstr ctprof` share. */
#pragma once

#include "probes/ctprof/capture.h"
#include "src/cli/cli.h"

/* Options that say which threads are captured and how; members of a command's values. */
struct ctprof_capture_values {
	struct strv pids, comms, cgroups;
	bool no_smaps, no_jemalloc;
	struct opt_u32 workers;
};

/* clang-format off */
#define CTPROF_CAPTURE_OPTIONS(base) \
	CTPROF_FILTER_OPTIONS(base), \
	CTPROF_HOW_OPTIONS(base)

#define CTPROF_FILTER_OPTIONS(base) \
	{ \
		.name = "pid", \
		.type = OPT_LIST, \
		.metavar = "PID", \
		.help = "only the threads of this process; may be repeated", \
		.offset = (base) + offsetof(struct ctprof_capture_values, pids), \
	}, \
	{ \
		.name = "comm", \
		.type = OPT_LIST, \
		.metavar = "GLOB", \
		.help = "only threads that are called so, or whose process is", \
		.more = "May be repeated: any of them will do. Names have at most 15 characters.", \
		.offset = (base) + offsetof(struct ctprof_capture_values, comms), \
	}, \
	{ \
		.name = "cgroup", \
		.type = OPT_LIST, \
		.metavar = "GLOB", \
		.help = "only threads in this cgroup or below it", \
		.more = "The path as /proc/PID/cgroup has it behind \"0::\"; may be repeated.", \
		.offset = (base) + offsetof(struct ctprof_capture_values, cgroups), \
	}

#define CTPROF_HOW_OPTIONS(base) \
	{ \
		.name = "no-smaps", \
		.type = OPT_FLAG, \
		.help = "leave memory maps out", \
		.more = "Summing up the maps of a process with much memory takes the kernel long, and " \
			"holds its mappings meanwhile.", \
		.offset = (base) + offsetof(struct ctprof_capture_values, no_smaps), \
	}, \
	{ \
		.name = "no-jemalloc", \
		.type = OPT_FLAG, \
		.help = "leave jemalloc's counters out", \
		.more = "Threads of programs that use that allocator are otherwise stopped for a moment " \
			"each, to read how much they have allocated and freed.", \
		.offset = (base) + offsetof(struct ctprof_capture_values, no_jemalloc), \
	}, \
	{ \
		.name = "workers", \
		.type = OPT_U32, \
		.metavar = "N", \
		.help = "threads that read (allowed CPUs, at most 16)", \
		.min = 1, \
		.max = CTP_WORKERS_MAX, \
		.offset = (base) + offsetof(struct ctprof_capture_values, workers), \
	}
/* clang-format on */

/* One capture with progress on a terminal, ended by SIGINT and SIGTERM: into a file, or, with a
 * NULL path, into *snapshot. 0 or -errno. */
int ctprof_capture(const struct ctprof_capture_values *v, const char *path,
	struct ctp_snapshot **snapshot, struct ctp_result *result, const struct cli_context *cx,
	struct err *e);
/* What it came to, as lines on stderr; and of these only what is missing. */
void ctprof_say_result(const struct ctp_result *r, const struct cli_context *cx);
void ctprof_say_missing(const struct ctp_result *r, const struct cli_context *cx);

extern const struct command cmd_ctprof_capture, cmd_ctprof_run;
