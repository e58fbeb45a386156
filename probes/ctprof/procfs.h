/*
 * Parsers of the files of a task. Each takes the bytes of one file and fills what it finds into a
 * record; what it does not find stays as it is and is marked absent. None of them fails: kernels
 * differ, and a value that is missing must not cost the others.
 */
#pragma once

#include "probes/ctprof/scan.h"
#include "probes/ctprof/write.h"

/* `stat`: the fields of the rows whose source it is. */
struct ctp_stat {
	uint64_t flags;	  /* field 9, PF_* */
	bool started;	  /* field 22 was there */
	struct scan comm; /* trimmed, in the bytes given */
	int64_t policy;	  /* field 41, -1 = not there */
};
void ctp_parse_stat(struct scan s, struct ctp_record *r, struct ctp_stat *out);
/* "SCHED_OTHER", ...; NULL for a number without a name. */
const char *ctp_policy_name(int64_t policy);
/* Policies that have a slice: normal, batch, and ext. */
bool ctp_policy_is_fair(int64_t policy);

/*
 * `sched`: its lines are the same in all tasks of a class, so what a line is called is looked up
 * once and kept as a plan.
 */
enum { CTP_SCHED_LINES = 128, CTP_SCHED_KEY = 80 };
struct ctp_sched_plan {
	struct {
		uint8_t n;	/* bytes up to and with the colon; 0 = not known yet */
		uint8_t target; /* enum in parse_sched.c */
		char raw[CTP_SCHED_KEY];
	} line[CTP_SCHED_LINES];
};
/* Returns how many dotted values were negative. runtime: se.sum_exec_runtime, which is what
 * schedstat begins with. */
unsigned ctp_parse_sched(
	struct scan s, struct ctp_sched_plan *plan, struct ctp_record *r, struct ctp_opt *runtime);

void ctp_parse_schedstat(struct scan s, struct ctp_record *r);
void ctp_parse_io(struct scan s, struct ctp_record *r);
/* The path behind "0::", trimmed; empty when there is none. */
struct scan ctp_parse_cgroup(struct scan s);

/* `status`: only what the other files are a substitute for, for when they are not there. */
struct ctp_status {
	struct scan state;
	uint64_t voluntary, nonvoluntary, threads;
	bool has_voluntary, has_nonvoluntary, has_threads;
	struct scan cpus_allowed; /* a cpulist */
};
void ctp_parse_status(struct scan s, struct ctp_status *out);

/* `smaps_rollup`: pairs in the order of their keys; keys are copied behind each other into text. */
enum { CTP_SMAPS_MAX = 64 };
struct ctp_smaps {
	struct ctp_pair pairs[CTP_SMAPS_MAX];
	uint32_t n;
	char text[4096];
};
void ctp_parse_smaps(struct scan s, struct ctp_smaps *out);

/* Milliseconds with a fraction as ns: the first six digits count. `negative` is set when there is a
 * minus in front of either part; false then and for anything else that is no number. */
bool ctp_parse_dotted(struct scan s, uint64_t *ns, bool *negative);
