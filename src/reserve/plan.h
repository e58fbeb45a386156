/*
 * Which part of the host to take: pure functions of a reserve_host, so that any machine and any
 * crowd of holders can be planned for without being there.
 */
#pragma once

#include "src/reserve/host.h"

/* A last-level cache of a guest. */
struct reserve_vllc {
	unsigned node;		 /* of the guest, ascending over the list */
	unsigned cores, threads; /* threads: of each core */
};

/* The caches of a guest; its vCPUs are numbered cache by cache, core by core. Zeroed: no guest. */
struct reserve_shape {
	const struct reserve_vllc *llcs; /* borrowed */
	unsigned nllcs;
};
unsigned reserve_vcpus(const struct reserve_shape *s);

struct reserve_plan {
	struct cpuset llcs;	 /* whose locks are taken shared */
	struct cpuset exclusive; /* LLCs whose locks are taken exclusively */
	struct cpuset cpu_locks; /* CPUs whose own locks are taken, exclusively */
	struct cpuset cpus;	 /* to run on */
	struct cpuset nodes;	 /* of these CPUs: where memory comes from */
	unsigned *vcpus;	 /* owned; host CPU of each vCPU, NULL unless they are placed 1:1 */
	unsigned nvcpus;
	int service; /* CPU for threads that are no vCPUs, -1 = none */
};
#define RESERVE_PLAN_INIT                                                                          \
	{                                                                                          \
		.service = -1                                                                      \
	}
void reserve_plan_release(struct reserve_plan *p);

/* CPUs when nobody says how many: three tenths of the allowed ones, and for a guest at least its
 * vCPUs, as far as they are allowed. */
unsigned reserve_default_budget(const struct reserve_host *h, unsigned vcpus);

/*
 * `target` CPUs in as few and as near LLCs as possible: LLCs that others share already come first
 * (work is packed, untouched LLCs stay free for measurements), one that another holds exclusively
 * only when nothing else would do. The locks cover whole LLCs, the CPUs are exactly `target`.
 * -ENODEV: no LLC has an allowed CPU.
 */
int reserve_plan_budget(
	const struct reserve_host *h, unsigned target, struct reserve_plan *out, struct err *e);

/*
 * A CPU for each vCPU, every virtual LLC in a host LLC of its own, guest nodes on nodes of the host
 * where these have the LLCs for it. `offset` rotates over the possible LLCs, so that starters that
 * do not know of each other spread. 0, -EBUSY (possible, but not beside those who hold locks now)
 * or -ERANGE (never on this host, with the sentence).
 */
int reserve_plan_default(const struct reserve_host *h, const struct reserve_shape *s,
	unsigned offset, struct reserve_plan *out, struct err *e);
/* The same with whole LLCs held exclusively, threads of a guest core on threads of one host core,
 * and a CPU besides for threads that are no vCPUs. */
int reserve_plan_perf(const struct reserve_host *h, const struct reserve_shape *s, unsigned offset,
	struct reserve_plan *out, struct err *e);
/*
 * A guest that this host cannot hold 1:1: it shares every allowed LLC that nobody holds
 * exclusively, and no CPU is its own. -EBUSY when all are held.
 */
int reserve_plan_overcommitted(
	const struct reserve_host *h, struct reserve_plan *out, struct err *e);
