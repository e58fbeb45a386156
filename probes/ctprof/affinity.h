/* The CPUs that a task may run on, as runs. */
#pragma once

#include "probes/ctprof/scan.h"
#include "probes/ctprof/snapshot.h"
#include "src/base/str.h"

/* Tasks are mostly allowed the same CPUs: what was made of the last mask is kept. Zeroed is new. */
struct ctp_affinity {
	uint64_t *mask, *last; /* `size` bytes each */
	size_t size, used;     /* bytes that `last` has */
	VEC(struct ctp_run) runs;
	struct ctp_cpus cpus; /* of the runs */
};

void ctp_affinity_release(struct ctp_affinity *a);
/* Asks the kernel: 0 and a->cpus is filled, or -errno (also for an empty mask). */
int ctp_affinity_ask(struct ctp_affinity *a, uint32_t tid);
/* From the text of a cpulist: 0 or -errno. */
int ctp_affinity_list(struct ctp_affinity *a, struct scan list);
/* For tests: n words of a mask. */
void ctp_affinity_runs(struct ctp_affinity *a, const uint64_t *words, size_t n);
