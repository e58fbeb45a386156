/*
 * The subcommands, in the order in which help lists them. A new one: its extern, its line; between
 * the comments, so that two that are added at the same time do not meet in one line.
 */
#include "src/cli/cli.h"

extern const struct command cmd_topo;
extern const struct command cmd_locks;
extern const struct command cmd_shell;
extern const struct command cmd_doctor;
extern const struct command cmd_ctprof;
extern const struct command cmd_completions;
extern const struct command cmd_help;
/* hidden */
extern const struct command cmd_kernel;
extern const struct command cmd_vm;
extern const struct command cmd_untar;
extern const struct command cmd_complete;
extern const struct command cmd_man;

const struct command *const cli_commands[] = {
	&cmd_topo,
	&cmd_locks,
	&cmd_shell,
	&cmd_doctor,
	&cmd_ctprof,
	&cmd_completions,
	&cmd_help,
	/* hidden */
	&cmd_kernel,
	&cmd_vm,
	&cmd_untar,
	&cmd_complete,
	&cmd_man,
	NULL,
};
