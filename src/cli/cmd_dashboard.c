/* The root: what `ktstr` alone does, and what stands above its subcommands. */
#include "src/cli/cli.h"

static const char *const examples[] = {
	"ktstr help",
	NULL,
};

const struct command cli_root = {
	.name = "ktstr",
	.summary = "CPU topology of this machine, and Linux guests shaped like it",
	.about = "ktstr shows how the CPUs of a machine share caches and memory.",
	.examples = examples,
	.sub = cli_commands,
};
