/* Looking again and again at who holds a set of lock files, for the price of what has changed. */
#pragma once

#include "probes/locks/holders.h"

enum {
	TRACKER_RESCAN_S = 5,  /* a fork leaves no trace in /proc/locks: after so long, a look for
				  new processes */
	TRACKER_FORGET_S = 60, /* and after so long at every descriptor there is */
};

struct tracker;
struct tracker *tracker_new(const struct sysroot *r);
void tracker_free(struct tracker *t);
/* Something happened to a holder: descriptors are looked at in the next read. */
void tracker_poke(struct tracker *t);
/* The locks of these files, or NULL with a sentence. `now` is monotonic, in ns. */
struct flocks *tracker_read(
	struct tracker *t, const struct lock_id *ids, size_t n, uint64_t now, struct err *e);
