/*
 * `shell --timings`: what a run took and what it ran on, on stderr when it is over, as lines for a
 * person or as one line of JSON.
 */
#pragma once

#include "src/base/str.h"
#include "vmm/vmctl.h"

enum shell_timings { SHELL_TIMINGS_NONE, SHELL_TIMINGS_TEXT, SHELL_TIMINGS_JSON };

struct json;

/* What the child said of the run; NULL = it never did. Owned. */
struct shell_facts {
	struct json *info, *report;
	uint64_t at[VM_STAGE_ENDED]; /* when a stage was reached, ns; 0 = it was not */
};
void shell_facts_release(struct shell_facts *f);
/* Takes INFO, REPORT and STAGE, and leaves the others. */
void shell_facts_take(struct shell_facts *f, const struct vm_event *ev);

/* Lines, without a newline at the end of the last. */
void shell_timings_text(const struct shell_facts *f, struct str *out);
/* One line: the exit status, what the guest was, what it took. */
void shell_timings_json(const struct shell_facts *f, int status, struct str *out);
