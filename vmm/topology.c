/* Reading the shape of a guest: who is where. */
#include "vmm/topology.h"

#include <string.h>

void vm_topology_default_distances(struct vm_topology *t)
{
	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; b < t->nodes; b++)
			t->distance[a][b] = a == b ? VM_DISTANCE_LOCAL : VM_DISTANCE_REMOTE;
}

struct vm_topology vm_topology_uniform(
	unsigned nodes, unsigned llcs, unsigned cores, unsigned threads)
{
	struct vm_topology t = {
		.nodes = (uint16_t)nodes,
		.llcs = (uint16_t)llcs,
		.vcpus = (uint16_t)(llcs * cores * threads),
	};

	for (unsigned n = 0; n < nodes; n++)
		t.node_llcs[n] = (uint16_t)(llcs / nodes);
	for (unsigned l = 0; l < llcs; l++)
		t.llc[l] = (struct vm_llc){(uint16_t)cores, (uint16_t)threads};
	vm_topology_default_distances(&t);
	return t;
}

/* The node of a cache: the first whose caches reach beyond it. */
static unsigned node_of(const struct vm_topology *t, unsigned llc)
{
	unsigned node = 0, end = t->node_llcs[0];

	while (llc >= end && node + 1 < t->nodes)
		end += t->node_llcs[++node];
	return node;
}

bool vm_place_first(const struct vm_topology *t, struct vm_place *p)
{
	*p = (struct vm_place){.node = node_of(t, 0)};
	return t->vcpus > 0;
}

bool vm_place_next(const struct vm_topology *t, struct vm_place *p)
{
	const struct vm_llc *l = &t->llc[p->llc];

	if (p->cpu + 1U >= t->vcpus)
		return false;
	p->cpu++;
	if (++p->thread < l->threads)
		return true;
	p->thread = 0;
	if (++p->core < l->cores)
		return true;
	p->core = 0;
	p->llc++;
	p->node = node_of(t, p->llc);
	return true;
}

struct vm_place vm_topology_place(const struct vm_topology *t, unsigned cpu)
{
	struct vm_place p = {.cpu = cpu};
	unsigned left = cpu;

	while (p.llc + 1U < t->llcs && left >= t->llc[p.llc].cores * t->llc[p.llc].threads) {
		left -= t->llc[p.llc].cores * t->llc[p.llc].threads;
		p.llc++;
	}
	p.node = node_of(t, p.llc);
	p.core = left / t->llc[p.llc].threads;
	p.thread = left % t->llc[p.llc].threads;
	return p;
}

unsigned vm_topology_llc_first(const struct vm_topology *t, unsigned llc)
{
	unsigned cpus = 0;

	for (unsigned l = 0; l < llc; l++)
		cpus += t->llc[l].cores * t->llc[l].threads;
	return cpus;
}

unsigned vm_topology_node_first(const struct vm_topology *t, unsigned node)
{
	unsigned llcs = 0;

	for (unsigned n = 0; n < node; n++)
		llcs += t->node_llcs[n];
	return vm_topology_llc_first(t, llcs);
}

unsigned vm_topology_max_cores(const struct vm_topology *t)
{
	unsigned most = 0;

	for (unsigned l = 0; l < t->llcs; l++)
		most = t->llc[l].cores > most ? t->llc[l].cores : most;
	return most;
}

unsigned vm_topology_max_threads(const struct vm_topology *t)
{
	unsigned most = 0;

	for (unsigned l = 0; l < t->llcs; l++)
		most = t->llc[l].threads > most ? t->llc[l].threads : most;
	return most;
}

bool vm_topology_is_uniform(const struct vm_topology *t)
{
	for (unsigned n = 1; n < t->nodes; n++)
		if (t->node_llcs[n] != t->node_llcs[0])
			return false;
	for (unsigned l = 1; l < t->llcs; l++)
		if (memcmp(&t->llc[l], &t->llc[0], sizeof(t->llc[0])) != 0)
			return false;
	return true;
}

bool vm_topology_is_offline(const struct vm_topology *t, unsigned cpu)
{
	return cpu < VM_VCPUS_MAX && (t->offline[cpu / 64] >> cpu % 64 & 1);
}
