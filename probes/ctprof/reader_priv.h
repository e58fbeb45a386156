/* The inside of a reader, for the files that it is spread over. */
#pragma once

#include "probes/ctprof/affinity.h"
#include "probes/ctprof/reader.h"

/* Longer than any file of a task but cgroup on machines with very deep paths; and a page of /proc's
 * directories holds 1300 names. */
enum { CTP_BUFFER = 64 * 1024 };

struct ctp_reader {
	const struct ctp_shared *shared;
	struct taskstats *taskstats;
	struct err taskstats_error;
	struct ctp_tally tally;
	struct ctp_thread_writer writer;
	struct ctp_record rec;
	struct ctp_sched_plan plan;
	struct ctp_smaps smaps;
	struct ctp_affinity affinity;
	char *buf;
	struct taskstats_reply replies[TASKSTATS_BATCH];
	/* of the task that is being read */
	char comm[256], policy[40], cgroup[8192];
	char noted[8192];	/* the last cgroup that was noted */
	struct ctp_opt runtime; /* what `sched` says of the time on a CPU */
	uint64_t failed[CTP_NFILES], denied, negative;
};

/* What a failure to read means for the values that were to come from there (enum ctp_why). */
uint8_t ctp_why_of(int rc);
/* The name of a file below a directory: "<number>/<name>"; name of at most 19 characters. */
const char *ctp_path_of(uint32_t number, const char *name, char buf[static 32]);
/* A whole file into the reader's buffer. 0 or -errno. */
int ctp_slurp(struct ctp_reader *r, int dir, const char *path, struct scan *out);
/* The same of a task, or of a process below /proc; failures are counted. */
int ctp_slurp_file(
	struct ctp_reader *r, int dir, uint32_t number, enum ctp_file f, struct scan *out);
/* The cut-off, terminated copy. */
void ctp_copy_text(char *to, size_t size, struct scan s);
/* Everything from this source is absent. */
void ctp_lack(struct ctp_record *rec, enum ctp_source source, uint8_t why);
/* The path of a task or process; empty when it cannot be told, and why. */
uint8_t ctp_slurp_cgroup(struct ctp_reader *r, int dir, uint32_t id, char *to, size_t size);

/* What one source gives for the task. */
void ctp_task_stat(
	struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid, struct ctp_stat *stat);
void ctp_task_cgroup(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid);
void ctp_task_rest(struct ctp_reader *r, const struct ctp_proc *p, uint32_t tid,
	const struct ctp_stat *stat, const struct taskstats_reply *reply);
void ctp_task_taskstats(struct ctp_reader *r, const struct taskstats_reply *reply);

/* Reads the process's name unless it is known. */
void ctp_proc_comm(struct ctp_reader *r, struct ctp_proc *p);
bool ctp_comm_wanted(const struct ctp_reader *r, const char *comm);
bool ctp_cgroup_wanted(const struct ctp_reader *r, const char *path);
