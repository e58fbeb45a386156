/* ktstr kernel: the kernels that guests boot. Each subcommand is in a file of its own. */
#include "src/cli/cli.h"

extern const struct command cmd_kernel_bisect, cmd_kernel_build, cmd_kernel_clean, cmd_kernel_list;

static const struct command *const subcommands[] = {
	&cmd_kernel_list, &cmd_kernel_build, &cmd_kernel_clean, &cmd_kernel_bisect, NULL};

static const char *const examples[] = {
	"ktstr kernel list",
	"ktstr kernel build 6.12",
	"ktstr kernel build --source ./linux",
	"ktstr kernel bisect --good 6.12 --bad 6.17 -- 'grep -q ext /proc/kallsyms'",
	NULL,
};

static int run(const void *values, const struct cli_context *cx)
{
	(void)values;
	return cli_usage(cx);
}

const struct command cmd_kernel = {
	.name = "kernel",
	.summary = "list, build, remove and search the kernels that guests boot",
	.about = "Kernels are built into a cache, from which `ktstr shell` and the dashboard take "
		 "the newest when no kernel is named. The cache is shared with other tools that "
		 "keep to its format.",
	.examples = examples,
	.sub = subcommands,
	.run = run,
};
