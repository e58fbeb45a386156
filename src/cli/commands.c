/* The subcommands, in the order in which help lists them. A new one: its extern, its line. */
#include "src/cli/cli.h"

extern const struct command cmd_topo;
extern const struct command cmd_help;

const struct command *const cli_commands[] = {
	&cmd_topo,
	&cmd_help,
	NULL,
};
