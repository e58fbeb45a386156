/*
 * Capturing: every thread of the machine, or those that were asked for, into a snapshot file. Reads
 * what the kernel lets this process read; the rest is absent, and is said once.
 */
#pragma once

#include <stdatomic.h>

#include "probes/ctprof/snapshot.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "src/base/sysroot.h"

struct ctp_progress {
	uint64_t done, total; /* processes */
	uint64_t threads;     /* read so far */
};

struct ctp_capture_opts {
	const struct sysroot *root; /* a captured machine has no affinity, taskstats or memory */
	/* Only threads for which one of each list that is not empty holds. Patterns are
	 * fnmatch(3)'s. */
	const uint32_t *pids; /* processes */
	size_t npids;
	const struct strv *comms;   /* the thread's name or its process's; NULL = all */
	const struct strv *cgroups; /* the path, or one above it; NULL = all */
	bool no_smaps, no_jemalloc;
	unsigned workers; /* 0: as many as CPUs may be used, at most CTP_WORKERS */
	/* Called now and then on the caller's thread; NULL = not. */
	void (*progress)(void *ctx, const struct ctp_progress *p);
	void *ctx;
	const atomic_bool *cancel; /* set by anybody: -ECANCELED; NULL = never */
};

enum { CTP_WORKERS = 16, CTP_WORKERS_MAX = 256 };

/* What was done, for the lines that the command prints. */
struct ctp_result {
	uint64_t threads; /* in the snapshot */
	struct ctp_probe_summary probe;
	struct ctp_parse_summary parse; /* the map is empty here */
	struct ctp_taskstats_summary taskstats;
	struct ctp_cost cost;
	uint64_t denied;     /* of parse.read_failures: not permitted */
	struct strv missing; /* sentences: what could not be read, and what would help */
};
void ctp_result_release(struct ctp_result *r);

/* Into a file, which takes its name when it is complete. 0 or -errno. */
int ctp_capture_file(const struct ctp_capture_opts *o, const char *path, struct ctp_result *result,
	struct err *e);
/* Into memory: the same file without a name, which is loaded; NULL with a sentence. */
struct ctp_snapshot *ctp_capture(
	const struct ctp_capture_opts *o, struct ctp_result *result, struct err *e);
