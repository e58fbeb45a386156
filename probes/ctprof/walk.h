/*
 * The walk over all processes: workers read them in any order, their texts come out in the order of
 * the numbers of processes and tasks.
 */
#pragma once

#include "probes/ctprof/reader.h"

struct ctp_walk_opts {
	const struct ctp_shared *shared;
	const uint32_t *tgids; /* ascending */
	size_t ntgids;
	unsigned workers; /* > 0 */
	/* Takes the next piece of text: objects of threads, each with a comma behind it. `done`
	 * processes are read so far. On the caller's thread; -errno ends the walk. */
	int (*take)(void *ctx, const char *text, size_t n, uint64_t done, struct err *e);
	/* Called ten times a second while nothing comes. */
	void (*idle)(void *ctx, uint64_t done);
	void *ctx;
};

struct ctp_walk_result {
	struct ctp_tally tally; /* of all workers together; cpu_ns without the caller's */
	unsigned workers;
	bool has_taskstats;
	struct err taskstats_error;
};

/* 0, -ECANCELED when shared->o->cancel was set, or -errno. */
int ctp_walk(const struct ctp_walk_opts *o, struct ctp_walk_result *out, struct err *e);
