/* A command tree with every kind of row, for the tests of parser, help, completions and manual. */
#pragma once

#include "src/cli/cli.h"

struct demo_root {
	bool boot;
	struct strv pane;
	struct opt_u32 frames;
	struct opt_u64 delay;
};

struct demo_run {
	const char *kernel, *mode, *dir, *append;
	struct strv include, env, files;
	bool quiet, all, secret;
	struct opt_u32 cpus;
	struct opt_u64 memory, timeout;
};

struct demo_pick {
	const char *shape, *name;
};

extern const struct command demo_cli;
