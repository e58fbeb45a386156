#include "tests/lib/demo_cli.h"

static const char *const panes[] = {"topo", "vm", "locks", NULL};
static const char *const modes[] = {"auto", "kvm", "tcg", NULL};
static const char *const shapes[] = {"circle", "square", NULL};

static void list_kernels(struct strv *words)
{
	strv_push(words, "distro\tthe distribution's own kernel");
	strv_push(words, "6.12.1-tarball\tin the cache");
}

static int nothing(const void *values, const struct cli_context *cx)
{
	(void)values;
	(void)cx;
	return EXIT_OK;
}

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct opt root_opts[] = {
	{.name = "boot", .help = "boot it first", .needs = "batch", AT(demo_root, boot)},
	{.name = "pane",
		.type = OPT_CHOICES,
		.metavar = "PANE[,PANE...]",
		.help = "what to draw",
		.choices = panes,
		AT(demo_root, pane)},
	{.name = "frames",
		.letter = 'n',
		.type = OPT_U32,
		.metavar = "N",
		.help = "how many",
		.min = 1,
		.max = 99,
		AT(demo_root, frames)},
	{.name = "delay",
		.letter = 'd',
		.type = OPT_DURATION,
		.metavar = "D",
		.help = "how long between",
		AT(demo_root, delay)},
};

static const struct opt run_opts[] = {
	{.name = "kernel",
		.letter = 'k',
		.type = OPT_TEXT,
		.metavar = "ID",
		.help = "kernel's name [or path]: any",
		.more = "It's looked up; \"quotes\", `ticks`, $dollars and back\\slashes stay.",
		.complete = COMPLETE_FILE,
		.list = list_kernels,
		AT(demo_run, kernel)},
	{.name = "mode",
		.type = OPT_CHOICE,
		.metavar = "MODE",
		.help = "how to run",
		.choices = modes,
		AT(demo_run, mode)},
	{.name = "dir",
		.type = OPT_TEXT,
		.metavar = "DIR",
		.help = "where",
		.complete = COMPLETE_DIR,
		AT(demo_run, dir)},
	{.name = "append",
		.type = OPT_TEXT,
		.metavar = "WORDS",
		.help = "words",
		AT(demo_run, append)},
	{.name = "include",
		.letter = 'i',
		.type = OPT_LIST,
		.metavar = "FILE",
		.help = "what to take along",
		.complete = COMPLETE_COMMAND,
		AT(demo_run, include)},
	{.name = "env",
		.type = OPT_LIST,
		.metavar = "NAME[=V]",
		.help = "variables",
		AT(demo_run, env)},
	{.name = "quiet", .letter = 'q', .help = "say less", AT(demo_run, quiet)},
	{.name = "all", .letter = 'a', .help = "everything", .clashes = "quiet", AT(demo_run, all)},
	{.name = "secret", .help = "not shown", .hidden = true, AT(demo_run, secret)},
	{.name = "cpus",
		.letter = 'c',
		.type = OPT_U32,
		.metavar = "N",
		.help = "processors",
		.min = 1,
		AT(demo_run, cpus)},
	{.name = "memory",
		.type = OPT_SIZE,
		.metavar = "SIZE",
		.help = "memory",
		AT(demo_run, memory)},
	{.name = "timeout",
		.type = OPT_DURATION,
		.metavar = "D",
		.help = "time",
		AT(demo_run, timeout)},
};

static const struct positional run_args[] = {
	{.name = "FILE",
		.help = "what to open",
		.complete = COMPLETE_FILE,
		.repeat = true,
		AT(demo_run, files)},
};

static const struct positional pick_args[] = {
	{.name = "SHAPE",
		.help = "circle or square",
		.choices = shapes,
		.required = true,
		AT(demo_pick, shape)},
	{.name = "NAME", .help = "its name", AT(demo_pick, name)},
};

static const char *const run_examples[] = {"demo run -k distro file", NULL};

static const struct command run_cmd = {
	.name = "run",
	.summary = "run what's there",
	.about = "It runs.\n\n  literal   lines\n  stay as they are\n\n.A second paragraph, which "
		 "is "
		 "rather longer than one line of a terminal can hold, so that it must be wrapped.",
	.examples = run_examples,
	.opts = run_opts,
	.nopts = ARRAY_LEN(run_opts),
	.args = run_args,
	.nargs = 1,
	.values_size = sizeof(struct demo_run),
	.run = nothing,
};

static const struct command pick_cmd = {
	.name = "pick",
	.summary = "pick a shape",
	.args = pick_args,
	.nargs = 2,
	.values_size = sizeof(struct demo_pick),
	.run = nothing,
};

static const struct command list_cmd = {
	.name = "list", .summary = "list the kernels", .run = nothing};
static const struct command hidden_cmd = {
	.name = "__hidden", .summary = "hidden", .hidden = true, .run = nothing};

static const struct command *const kernel_sub[] = {&list_cmd, &pick_cmd, NULL};
static const struct command kernel_cmd = {
	.name = "kernel", .summary = "look after kernels", .sub = kernel_sub};

static const struct command *const root_sub[] = {
	&run_cmd, &pick_cmd, &kernel_cmd, &hidden_cmd, NULL};

const struct command demo_cli = {
	.name = "demo",
	.summary = "a tree of commands",
	.opts = root_opts,
	.nopts = ARRAY_LEN(root_opts),
	.sub = root_sub,
	.values_size = sizeof(struct demo_root),
	.run = nothing,
};
