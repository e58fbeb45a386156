#include "src/cli/manual.h"

#include <stddef.h>

const struct fact manual_exit[] = {
	{.name = "0", .text = "Success."},
	{
		.name = "1",
		.text = "The operation failed: something is missing, busy, not permitted or not "
			"found. The sentence on standard error says which, and what to do about "
			"it.",
	},
	{
		.name = "2",
		.text = "Usage: an unknown command or option, or a value that cannot be right.",
	},
	{.name = NULL},
};

const struct fact manual_environment[] = {
	{
		.name = "NO_COLOR",
		.text = "When it is not empty, nothing is coloured unless --color=always is given.",
	},
	{
		.name = "CLICOLOR_FORCE",
		.text = "When it is neither empty nor 0, output is coloured even if it does not go "
			"to a terminal.",
	},
	{
		.name = "TERM",
		.text = "The terminal's type. With dumb, there is neither colour nor a progress "
			"bar.",
	},
	{
		.name = "PAGER",
		.text = "What long help on a terminal is shown with; less when unset. LESS is set "
			"to FRX for it unless it is set already.",
	},
	{.name = NULL},
};

const struct fact manual_files[] = {
	{.name = NULL},
};

const char manual_compatibility[] =
	"Commands, options, outputs, cache and lock files are those of the public Rust project of "
	"the same name, release 0.23. What is different:";
const char manual_compatibility_of_command[] =
	"Different from the public Rust project of the same name, release 0.23:";

const struct fact manual_differences[] = {
	{
		.name = "Errors",
		.text = "are one line that starts with the program's and the command's name, with "
			"hints indented below it, instead of a chain of causes.",
	},
	{
		.name = "Help",
		.text = "is short with -h and long with --help.",
	},
	{
		.name = "--version, --batch, --color and --no-pager",
		.text = "are new. Tables and messages heed NO_COLOR.",
	},
	{
		.name = "Completions",
		.text = "ask the program for values that only the machine knows.",
		.command = "completions",
	},
	{
		.name = "Options of topo",
		.text = "are new: it had none. Without them it prints the same bytes.",
		.command = "topo",
	},
	{
		.name = "Last-level caches",
		.text = "are numbered over all online CPUs, so that a process confined to some of "
			"them sees the same numbers as everybody else. They are told apart by the "
			"CPUs that share them: identifiers that repeat or are missing merge "
			"nothing.",
		.command = "topo",
	},
	{.name = NULL},
};
