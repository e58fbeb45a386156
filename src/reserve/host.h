/*
 * This host as planners see it: its last-level caches over all online CPUs (their numbers do not
 * depend on who asks), what of each this process may use, and who holds the locks now. Everything
 * that plans is a function of this struct alone.
 */
#pragma once

#include <stdbool.h>

#include "probes/topo/topo.h"
#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/sysroot.h"

struct reserve_llc {
	unsigned node;	       /* of most of its CPUs; 0 where two nodes have as many */
	struct cpuset allowed; /* its CPUs that this process may run on */
	unsigned contribution; /* their number */
	unsigned sharers;      /* others that hold its lock shared */
	bool exclusive;	       /* another holds its lock exclusively */
};

struct reserve_host {
	struct topo *topo;	  /* owned */
	struct reserve_llc *llcs; /* owned; by index, topo->nllcs of them */
	struct cpuset allowed;	  /* CPUs that this process may run on, and that are online */
	unsigned nallowed;
	struct cpuset busy; /* CPUs whose own lock another holds */
};

/* -ENODEV when there is no topology; -ESRCH when the allowed set cannot be known. */
int reserve_host_open(struct reserve_host *h, const struct sysroot *r, struct err *e);
void reserve_host_release(struct reserve_host *h);
/* Narrows what this process may use (opening has set it to the affinity) and counts anew. */
void reserve_host_allow(struct reserve_host *h, const struct cpuset *allowed);
/* Nobody holds anything: before who does is looked at again. */
void reserve_host_forget(struct reserve_host *h);
/* As in the distance matrix of sysfs; 255 where a node is not known. */
unsigned reserve_distance(const struct reserve_host *h, unsigned from, unsigned to);
/* The nodes of these CPUs. */
void reserve_nodes_of(const struct reserve_host *h, const struct cpuset *cpus, struct cpuset *out);
