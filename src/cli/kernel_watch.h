/* What a long `ktstr kernel` says while it works: notes, a bar or lines, and the signals that end
 * it. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "src/cli/cli.h"
#include "src/cli/progress.h"
#include "src/kernels/kernels.h"

struct kernel_watch {
	const struct cli_context *cx;
	struct kernel_report report; /* hand this over */
	struct progress bar;
	sigset_t blocked, before;
	bool for_program;
	uint64_t said_ns; /* when it was last told how far it is */
	int ended_by;	  /* the signal; 0 = none */
};

void kernel_watch_begin(struct kernel_watch *w, const struct cli_context *cx);
/* Progress as lines of src/kernels/subbuild.h; once nobody reads them, as if SIGTERM had come. */
void kernel_watch_for_program(struct kernel_watch *w);
void kernel_watch_say_all(const struct cli_context *cx, const struct strv *lines);
void kernel_watch_end(struct kernel_watch *w);
