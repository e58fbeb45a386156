/* What a snapshot says about the machine besides its threads. */
#pragma once

#include "probes/ctprof/build.h"
#include "src/base/sysroot.h"

/* What delay accounting gives here: decides which of a task's delays count as measured. */
struct ctp_accounting {
	const char *delayacct; /* "config_off", "on", "runtime_off" */
	const char *xacct;     /* "on", "off", "unknown" */
};
struct ctp_accounting ctp_read_accounting(const struct sysroot *root);

void ctp_read_host(
	const struct sysroot *root, const struct ctp_accounting *a, struct ctp_builder *b);
void ctp_read_sched_ext(const struct sysroot *root, struct ctp_builder *b);
