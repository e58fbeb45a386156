/*
 * Reads one task after the other into a record and that into JSON: what each worker of a capture
 * does. A reader belongs to one worker; what they share is const or locks itself.
 */
#pragma once

#include "probes/ctprof/capture.h"
#include "probes/ctprof/cgroups.h"
#include "probes/ctprof/hostctx.h"
#include "probes/ctprof/jemalloc.h"
#include "probes/ctprof/procfs.h"
#include "probes/ctprof/taskstats.h"

/* What all workers of a capture share. */
struct ctp_shared {
	const struct ctp_capture_opts *o;
	int proc;  /* the directory */
	bool live; /* this machine: system calls about its tasks make sense */
	struct ctp_accounting accounting;
	struct ctp_cgroups *cgroups;
	struct jemalloc_cache *jemalloc; /* NULL: not asked for */
};

struct ctp_tids {
	uint32_t *v;
	size_t n, cap;
};

/* The process that the next tasks are of. */
struct ctp_proc {
	uint32_t tgid;
	int task; /* its task directory */
	bool has_comm;
	char comm[256];
	uint8_t comm_why, cgroup_why;
	char *cgroup;	   /* of the leader */
	bool apart;	   /* its threads may be in other cgroups */
	bool comm_matches; /* so all threads do */
	bool has_jemalloc;
	struct jemalloc jemalloc;
	uint8_t jemalloc_why; /* when it has not */
};

/* Files whose failures are counted, in the order of their names on disk. */
enum ctp_file {
	CTP_FILE_CGROUP,
	CTP_FILE_IO,
	CTP_FILE_SCHED,
	CTP_FILE_SCHEDSTAT,
	CTP_FILE_SMAPS,
	CTP_FILE_STAT,
	CTP_FILE_STATUS,
	CTP_NFILES
};
const char *ctp_file_name(enum ctp_file f);

struct ctp_tally {
	uint64_t threads; /* written */
	uint64_t tids_walked, negative;
	uint64_t failures[CTP_NFILES];
	uint64_t denied; /* of the failures: not permitted */
	struct ctp_taskstats_summary taskstats;
	uint64_t tgids_walked, jemalloc_detected, probed; /* without our own process */
	uint64_t jemalloc[JEMALLOC_NFAILS];
	uint64_t first_ns, last_ns; /* CLOCK_MONOTONIC, of the first and the last task read */
	uint64_t cpu_ns;
};

struct ctp_reader;

struct ctp_reader *ctp_reader_new(const struct ctp_shared *shared);
void ctp_reader_free(struct ctp_reader *r);
const struct ctp_tally *ctp_reader_tally(struct ctp_reader *r);
/* Why taskstats is not asked: a sentence, or NULL. */
const struct err *ctp_reader_taskstats_error(const struct ctp_reader *r);

/* Appends the names of a directory that are numbers, ascending; buf is for getdents(2). */
int ctp_list_numbers(int dir, char *buf, size_t size, struct ctp_tids *out);
/* Ascending, each once. */
void ctp_sort_numbers(struct ctp_tids *t);
/* Opens a process: -errno when it is gone. Its tids, ascending, are appended. */
int ctp_proc_open(struct ctp_reader *r, uint32_t tgid, struct ctp_proc *p, struct ctp_tids *tids);
/* Looks for its allocator; call it for processes that are wanted. */
void ctp_proc_probe(struct ctp_reader *r, struct ctp_proc *p);
void ctp_proc_close(struct ctp_proc *p);
/* Whether any of its threads can be wanted: by its name and cgroup. */
bool ctp_proc_wanted(struct ctp_reader *r, struct ctp_proc *p);
/* Appends the objects of n <= TASKSTATS_BATCH tasks to out, each with a comma behind it. */
void ctp_read_tasks(
	struct ctp_reader *r, struct ctp_proc *p, const uint32_t *tids, size_t n, struct str *out);
