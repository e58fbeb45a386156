/*
 * A machine whose counters move when the test says so: /proc/stat of its tree is a FIFO, so the
 * program's reader waits there until the next sample is fed. Two samples make one snapshot with
 * known shares, and no snapshot comes that was not asked for.
 */
#pragma once

#include "tests/lib/machine.h"

struct replay {
	struct machine *machine;
	struct cpuset online;
	uint64_t *ticks; /* by CPU: busy and idle */
	unsigned samples;
};

/* `machine` is the path of a machine's description. */
struct replay *replay_new(const char *machine);
void replay_free(struct replay *r);
/* One second in which CPU c was busy(c) percent of the time; waits until the program reads it. Feed
 * the next one only when the program has shown this one: until then its reader may take both as
 * one. */
void replay_feed(struct replay *r, unsigned (*busy)(unsigned cpu));
