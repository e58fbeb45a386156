/*
 * Delay accounting and watermarks of tasks through the taskstats family of generic netlink. Many
 * tasks are asked for in one message and answered one by one. Asking needs CAP_NET_ADMIN in the
 * initial user namespace.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

/* Slots of an answer: category * 4 + (count, total, max, min), in the order of fields.def, then two
 * watermarks in KiB, and the time on a CPU in ns. */
enum {
	TASKSTATS_CPU_COUNT,
	TASKSTATS_CPU_TOTAL,
	TASKSTATS_BLKIO_TOTAL = 5,
	TASKSTATS_HIWATER_RSS = 32,
	TASKSTATS_HIWATER_VM,
	TASKSTATS_RUN_TIME, /* cpu_run_virtual_total */
	TASKSTATS_SLOTS,
};

struct taskstats_reply {
	int rc;			     /* 0, or -errno as the kernel answered for this task */
	uint64_t has;		     /* bit s: this version of the struct has slot s */
	uint64_t v[TASKSTATS_SLOTS]; /* 0 where it has not */
};

/* struct taskstats of whatever version the kernel has: 0, or -EBADMSG when it is none. */
int taskstats_parse(const void *bytes, size_t n, struct taskstats_reply *out);

struct taskstats;

/* A socket of one's own. NULL with a sentence where this kernel has no taskstats, or libmnl, which
 * is opened on first use, is missing. */
struct taskstats *taskstats_new(struct err *e);
void taskstats_free(struct taskstats *t);
enum { TASKSTATS_BATCH = 32 };
/* Asks for n <= TASKSTATS_BATCH tasks; out[i] is of tids[i], whatever happens. */
void taskstats_ask(
	struct taskstats *t, const uint32_t *tids, size_t n, struct taskstats_reply *out);

/* What the kernel says of a task when it ends. */
struct taskstats_exit {
	char comm[33];
	uint32_t tid, ppid; /* ppid: the process that its own is a child of */
	uint64_t run_ns, wait_ns, blkio_ns, voluntary_csw, nonvoluntary_csw, minflt, majflt,
		read_bytes, write_bytes, hiwater_rss_kib;
};
/* The same of a struct; 0 or -EBADMSG. */
int taskstats_parse_exit(const void *bytes, size_t n, struct taskstats_exit *out);
/* From now on every task that ends on these CPUs ("0-7") is told of. 0 or -errno. */
int taskstats_listen(struct taskstats *t, const char *cpulist);
/* Waits for the next one at most a tenth of a second: 1, 0 when none came, -EBADMSG when something
 * else did, -ENOBUFS when some were lost, -errno. */
int taskstats_next_exit(struct taskstats *t, struct taskstats_exit *out);
/* ... and from now on does not wait. */
void taskstats_wait_no_more(struct taskstats *t);

/* For tests: what one received datagram says about the tasks that were asked for. first_seq is the
 * sequence number of tids[0]. Returns how many of out[] were filled in. */
size_t taskstats_read(const void *bytes, size_t n, uint32_t first_seq, const uint32_t *tids,
	size_t ntids, struct taskstats_reply *out);
