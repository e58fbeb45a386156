/*
 * The one thread that looks at the host. It reads topology and counters through their probes and
 * posts immutable snapshots into a mailbox of one place: the newest wins. Reads of /proc and /sys
 * stall on the very hosts that need this program most, which is why the dashboard's own thread
 * never does any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "probes/topo/topo.h"
#include "src/base/err.h"

struct snapshot {
	uint64_t seq;	  /* counts up from 1 */
	uint64_t mono_ns; /* when the counters were read */
	const struct topo *topo;
	char host[65]; /* name of the machine, "" = unknown */
	/* By index into topo->cpus. */
	const double *busy;	/* percent since the snapshot before, NAN = not known (yet) */
	const uint64_t *khz;	/* present frequency, 0 = not given */
	bool has_khz;		/* any of them is given */
	const uint64_t *unused; /* by index into topo->nodes: free bytes, UINT64_MAX = not given */
	char problem[256];	/* what could not be read, as a sentence; "" = nothing */
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
