/* ktstr ctprof: profiles of every thread of a machine. Each subcommand is in a file of its own. */
#include "src/cli/ctprof.h"
#include "src/cli/ctprof_view.h"

static const struct command *const subcommands[] = {
	&cmd_ctprof_capture,
	&cmd_ctprof_run,
	&cmd_ctprof_compare,
	&cmd_ctprof_show,
	&cmd_ctprof_metric_list,
	NULL,
};

static const char *const examples[] = {
	"ktstr ctprof run -- make -j2",
	"ktstr ctprof capture -o before.ctprof.zst",
	"ktstr ctprof compare before.ctprof.zst after.ctprof.zst",
	"ktstr ctprof show after.ctprof.zst --group-by cgroup",
	NULL,
};

static int run(const void *values, const struct cli_context *cx)
{
	(void)values;
	return cli_usage(cx);
}

const struct command cmd_ctprof = {
	.name = "ctprof",
	.summary = "profile every thread by the counters that the kernel keeps",
	.about = "Takes snapshots of every thread of the machine: how long it ran, waited and "
		 "slept, "
		 "how often it was switched, woken and moved, what it read and wrote, how much "
		 "memory it faulted in. A snapshot before a workload and one after it show which "
		 "threads moved in which counter.",
	.examples = examples,
	.sub = subcommands,
	.run = run,
};
