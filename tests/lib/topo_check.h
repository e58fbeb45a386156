/* What every model of a machine promises, whatever the machine. */
#pragma once

#include "probes/topo/topo.h"

/* LLCs, cores and nodes each part the online CPUs, and no core spans LLCs. */
static inline bool topo_is_partition(const struct topo *t)
{
	cleanup_cpuset struct cpuset llcs = CPUSET_INIT, cores = CPUSET_INIT, nodes = CPUSET_INIT;
	unsigned in_llcs = 0, in_cores = 0, in_nodes = 0, n = cpuset_count(&t->online);

	for (unsigned i = 0; i < t->nllcs; i++) {
		cpuset_or(&llcs, &t->llcs[i].cpus);
		in_llcs += cpuset_count(&t->llcs[i].cpus);
	}
	for (unsigned i = 0; i < t->ncores; i++) {
		cpuset_or(&cores, &t->cores[i].cpus);
		in_cores += cpuset_count(&t->cores[i].cpus);
		if (!cpuset_subset(&t->cores[i].cpus, &t->llcs[t->cores[i].llc].cpus))
			return false;
	}
	for (unsigned i = 0; i < t->nnodes; i++) {
		cpuset_or(&nodes, &t->nodes[i].cpus);
		in_nodes += cpuset_count(&t->nodes[i].cpus);
	}
	return cpuset_equal(&llcs, &t->online) && in_llcs == n &&
	       cpuset_equal(&cores, &t->online) && in_cores == n &&
	       cpuset_equal(&nodes, &t->online) && in_nodes == n;
}
