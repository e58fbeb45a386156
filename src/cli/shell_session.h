/*
 * One guest on our own terminal or streams: started, relayed, ended, its exit code. Interactive
 * when the configuration has no command.
 */
#pragma once

#include "src/cli/cli.h"
#include "src/cli/shell_timings.h"
#include "vmm/vmctl.h"

/* Returns the exit code; what has to be said is printed. */
int shell_session(
	const struct vm_config *c, enum shell_timings timings, const struct cli_context *cx);
