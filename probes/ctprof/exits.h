/*
 * Tasks that end while something is watched: two snapshots have nothing of those that began and
 * ended between them, which is most of what a build or a test run does. The kernel tells of each,
 * with its accounting; needs what taskstats needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/ctprof/metrics.h"
#include "src/base/err.h"
#include "src/base/json_out.h"
#include "src/base/str.h"

/* What is known of them, in the order of the columns. */
enum ctp_ended {
	CTP_ENDED_TASKS,
	CTP_ENDED_RUN,
	CTP_ENDED_WAIT,
	CTP_ENDED_VOLUNTARY,
	CTP_ENDED_NONVOLUNTARY,
	CTP_ENDED_BLKIO,
	CTP_ENDED_MINFLT,
	CTP_ENDED_MAJFLT,
	CTP_ENDED_READ,
	CTP_ENDED_WRITE,
	CTP_ENDED_RSS, /* of the largest */
	CTP_NENDED
};

/* All that ended under one name, or one pattern of names (spec section 5.1) where they differ. */
struct ctp_exit_group {
	char *comm;
	char first[33];		/* the first name; comm is the pattern once there is another */
	uint64_t v[CTP_NENDED]; /* in the units of the metrics: ns, bytes */
};

struct ctp_exits;

/* Begins to listen, on a thread of its own; NULL with a sentence. `parent` starts what is watched:
 * its children and all that descends from them are the command's, the rest is others'. */
struct ctp_exits *ctp_exits_start(uint32_t parent, struct err *e);
/* Ends it. What was heard may be asked for from now on. */
void ctp_exits_stop(struct ctp_exits *x);
void ctp_exits_free(struct ctp_exits *x);
/* The groups of the command or of others, most time on a CPU first; NULL behind the last. */
const struct ctp_exit_group *ctp_exits_group(const struct ctp_exits *x, bool own, size_t i);
/* Whether the kernel had more to tell than was heard or kept. */
bool ctp_exits_lost(const struct ctp_exits *x);
/* For tests. */
struct taskstats_exit;
void ctp_exits_add(struct ctp_exits *x, const struct taskstats_exit *t);
struct ctp_exits *ctp_exits_new(uint32_t parent);

/* A table of each kind under a heading; nothing when nothing ended. A limit of 0 = all, a width of
 * 0 = all columns. */
struct ctp_exits_look {
	bool colour;
	int width;	      /* of the terminal */
	uint64_t own, others; /* limits */
};
void ctp_exits_text(const struct ctp_exits *x, const struct ctp_exits_look *look, struct str *out);
/* A key "ended" in the object that is being written. */
void ctp_exits_json(const struct ctp_exits *x, struct json_out *j);
/* Rows like those of a comparison, as far as they have such a thing: `nkey` columns name the group,
 * `nempty` follow behind the delta. */
void ctp_exits_csv(const struct ctp_exits *x, size_t nkey, size_t nempty, struct str *out);
