#include "src/cli/common.h"

#include <string.h>

static const char *const when[] = {"auto", "always", "never", NULL};

static const struct opt batch = {
	.name = "batch",
	.help = "no prompts, no colour, no progress",
	.offset = offsetof(struct cli_common, batch),
};

static const struct opt root_batch = {
	.name = "batch",
	.help = "print the dashboard as text, for no terminal",
	.more = "With a command it may stand before or after its name, and means: no prompts, no "
		"colour, no progress.",
	.offset = offsetof(struct cli_common, batch),
};

static const struct opt color = {
	.name = "color",
	.type = OPT_CHOICE,
	.metavar = "WHEN",
	.help = "colour: auto (default), always, never",
	.more = "auto looks at NO_COLOR, CLICOLOR_FORCE and TERM, then whether the stream is a "
		"terminal.",
	.choices = when,
	.offset = offsetof(struct cli_common, color),
};

static const struct opt no_pager = {
	.name = "no-pager",
	.help = "print long help without a pager",
	.offset = offsetof(struct cli_common, no_pager),
};

static const struct opt help = {
	.name = "help",
	.letter = 'h',
	.help = "-h: short help, --help: long help",
	.offset = offsetof(struct cli_common, help),
};

static const struct opt version = {
	.name = "version",
	.letter = 'V',
	.help = "print the version, the commit and its day",
	.offset = offsetof(struct cli_common, version),
};

static const struct opt verbose = {
	.name = "verbose",
	.help = "with --version: also of the libraries in use",
	.needs = "version",
	.offset = offsetof(struct cli_common, verbose),
};

static const struct opt *const of_commands[] = {&batch, &color, &no_pager, &help, NULL};
static const struct opt *const of_root[] = {
	&root_batch, &color, &no_pager, &help, &version, &verbose, NULL};

const struct opt *const *cli_common_opts(bool root)
{
	return root ? of_root : of_commands;
}

const struct opt *cli_common_find(bool root, const char *name, size_t n, char letter)
{
	for (const struct opt *const *o = cli_common_opts(root); *o; o++) {
		if (letter && (*o)->letter == letter)
			return *o;
		if (name && strlen((*o)->name) == n && memcmp((*o)->name, name, n) == 0)
			return *o;
	}
	return NULL;
}
