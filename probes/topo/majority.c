/* Nodes as locks and reservations name them: of an LLC the one that most of its CPUs are on. */
#include "probes/topo/topo.h"

static unsigned on_node(const struct topo *t, const struct cpuset *cpus, unsigned node)
{
	unsigned n = 0;

	cpuset_foreach (cpu, cpus) {
		const struct topo_cpu *c = topo_cpu(t, (unsigned)cpu);

		n += c && c->node == node;
	}
	return n;
}

int topo_llc_node(const struct topo *t, unsigned llc)
{
	unsigned most = 0;
	int best = 0; /* no data, no majority: 0 */

	if (llc >= t->nllcs)
		return -1;
	for (unsigned i = 0; i < t->nnodes; i++) {
		unsigned n = on_node(t, &t->llcs[llc].cpus, t->nodes[i].id);

		if (n == most)
			best = 0;
		if (n > most) {
			most = n;
			best = (int)t->nodes[i].id;
		}
	}
	return best;
}

int topo_cpu_llc_node(const struct topo *t, unsigned cpu)
{
	const struct topo_cpu *c = topo_cpu(t, cpu);

	return c && c->online ? topo_llc_node(t, c->llc) : -1;
}
