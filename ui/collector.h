/*
 * The one thread that looks at the host. It reads topology and counters through their probes and
 * posts immutable snapshots into a mailbox of one place: the newest wins. Reads of /proc and /sys
 * stall on the very hosts that need this program most, which is why the dashboard's own thread
 * never does any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probes/hostinfo/cpustat.h"
#include "probes/locks/locks.h"
#include "probes/topo/topo.h"
#include "src/base/err.h"

struct shared; /* a topology or a sample that several snapshots share */

struct snapshot {
	uint64_t seq; /* counts up from 1 */
	const struct topo *topo;
	const struct cpustat *stat; /* counters, load, memory, frequencies; NULL = `problem` */
	struct cpu_uses *uses;	    /* since the snapshot before; NULL in the first one */
	struct locks *locks;	    /* NULL = this machine has no table of locks */
	bool replayed;	   /* of a captured machine: its processes are not to be signalled */
	char host[65];	   /* name of the machine, "" = unknown */
	char problem[512]; /* what could not be read, a sentence; "" = nothing */
	struct shared *topo_ref, *stat_ref; /* own topo and stat */
};
void snapshot_free(struct snapshot *s);

struct collector;

/* sysroot NULL = this machine; anything else is replayed: read again each time, as it stands. */
struct collector *collector_start(const char *sysroot, uint64_t delay_ns, struct err *e);
/* Does not wait for a thread that hangs in a read. */
void collector_stop(struct collector *c);
/* Readable when there is a snapshot. */
int collector_fd(const struct collector *c);
struct snapshot *collector_take(struct collector *c); /* NULL = none; the caller's */
void collector_set_delay(struct collector *c, uint64_t ns);
void collector_set_paused(struct collector *c, bool paused);
/* What to read besides the counters: enum cpustat_want. */
void collector_set_want(struct collector *c, unsigned want);
