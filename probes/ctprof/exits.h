/*
 * Tasks that end while something is watched: two snapshots have nothing of those that began and
 * ended between them, which is most of what a build or a test run does. The kernel tells of each,
 * with its accounting; needs what taskstats needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* All that ended under one name, or one pattern of names (spec section 5.1) where they differ. */
struct ctp_exit_group {
	char *comm;
	char first[33]; /* the first name; comm is the pattern once there is another */
	uint64_t tasks, run_ns, wait_ns, blkio_ns, minflt, majflt, read_bytes, write_bytes;
	uint64_t peak_rss_bytes; /* of the largest */
};

struct ctp_exits;

/* Begins to listen, on a thread of its own; NULL with a sentence. */
struct ctp_exits *ctp_exits_start(struct err *e);
/* Ends it. What was heard may be asked for from now on. */
void ctp_exits_stop(struct ctp_exits *x);
void ctp_exits_free(struct ctp_exits *x);
/* The groups, most time on a CPU first; NULL behind the last. */
const struct ctp_exit_group *ctp_exits_group(const struct ctp_exits *x, size_t i);
/* Whether the kernel had more to tell than was heard. */
bool ctp_exits_lost(const struct ctp_exits *x);
/* For tests. */
struct taskstats_exit;
void ctp_exits_add(struct ctp_exits *x, const struct taskstats_exit *t);
struct ctp_exits *ctp_exits_new(void);
/* The table, under a heading; nothing when nothing ended. limit 0 = all. */
void ctp_exits_text(const struct ctp_exits *x, bool colour, uint64_t limit, struct str *out);
