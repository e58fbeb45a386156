/* A guest shaped like this machine, or like a part of it. */
#include <errno.h>
#include <string.h>

#include "probes/topo/topo.h"
#include "src/base/parse.h"
#include "vmm/topology.h"

bool vm_topology_wants_host(const char *text)
{
	return !strcmp(text, "host") || str_starts(text, "host:");
}

static unsigned cpus_of(const struct vm_llc *l)
{
	return (unsigned)l->cores * l->threads;
}

/* A cache as an LLC of equal cores: where they differ, each counts as one CPU. */
static struct vm_llc cache_of(const struct topo *h, unsigned llc)
{
	const struct topo_llc *l = &h->llcs[llc];
	unsigned cores = 0, least = 0;

	for (unsigned c = 0; c < h->ncores; c++) {
		unsigned threads = cpuset_count(&h->cores[c].cpus);

		if (h->cores[c].llc != llc)
			continue;
		if (!cores++ || threads < least)
			least = threads;
	}
	if (!cores || least != l->threads)
		least = 1;
	if (!cores)
		cores = cpuset_count(&l->cpus);
	if (least > VM_VCPUS_MAX)
		least = 1;
	if (cores > VM_VCPUS_MAX / least)
		cores = VM_VCPUS_MAX / least; /* more no guest can have */
	return (struct vm_llc){(uint16_t)cores, (uint16_t)least};
}

/* The caches of one node; false when there are too many of them. */
static bool add_caches(
	const struct topo *h, const bool *in, unsigned node, struct vm_topology *t, unsigned *cpus)
{
	for (unsigned l = 0; l < h->nllcs; l++) {
		if ((in && !in[l]) || h->llcs[l].node != h->nodes[node].id)
			continue;
		if (t->llcs == VM_LLCS_MAX)
			return false;
		t->llc[t->llcs] = cache_of(h, l);
		*cpus += cpus_of(&t->llc[t->llcs++]);
		t->node_llcs[t->nodes]++;
	}
	return true;
}

/* Nodes with caches first, then those of memory only: kernels number them so. `from` is where each
 * node of the guest comes from. */
static bool add_nodes(const struct topo *h, const bool *in, struct vm_topology *t,
	unsigned from[VM_NODES_MAX], unsigned *cpus)
{
	for (unsigned n = 0; n < h->nnodes; n++) {
		unsigned before = t->llcs;

		if (t->nodes == VM_NODES_MAX || !add_caches(h, in, n, t, cpus))
			return false;
		if (t->llcs > before)
			from[t->nodes++] = n;
	}
	for (unsigned n = 0; n < h->nnodes && !in; n++) {
		if (!cpuset_empty(&h->nodes[n].cpus))
			continue;
		if (t->nodes == VM_NODES_MAX)
			return false;
		from[t->nodes++] = n;
	}
	return t->nodes > 0;
}

static void shrink(struct vm_topology *t, unsigned *cpus, unsigned most)
{
	while (*cpus > most) {
		struct vm_llc *largest = NULL;

		for (unsigned l = 0; l < t->llcs; l++)
			if (t->llc[l].cores > 1 &&
				(!largest || cpus_of(&t->llc[l]) >= cpus_of(largest)))
				largest = &t->llc[l];
		if (!largest)
			return;
		largest->cores--;
		*cpus -= largest->threads;
	}
}

/* As the machine has them, where a guest's tables can say so. */
static void distances(const struct topo *h, const unsigned *from, struct vm_topology *t)
{
	struct vm_topology as_is = *t;

	for (unsigned a = 0; a < t->nodes; a++)
		for (unsigned b = 0; b < t->nodes; b++) {
			unsigned d = h->distance[from[a] * h->nnodes + from[b]];

			if (a == b ? d != VM_DISTANCE_LOCAL
				   : d <= VM_DISTANCE_LOCAL || d >= VM_DISTANCE_NONE)
				return;
			as_is.distances |= d != t->distance[a][b];
			as_is.distance[a][b] = (uint8_t)d;
		}
	*t = as_is;
}

int vm_topology_of(const struct topo *host, const bool *in, unsigned cpus_max,
	struct vm_topology *out, struct err *e)
{
	struct vm_topology t = {0};
	unsigned from[VM_NODES_MAX], cpus = 0;

	if (!add_nodes(host, in, &t, from, &cpus))
		return err_set(e, EINVAL,
			"this machine has %u LLCs in %u nodes, and a guest can have %d in %d",
			host->nllcs, host->nnodes, VM_LLCS_MAX, VM_NODES_MAX);
	shrink(&t, &cpus, cpus_max);
	if (cpus > cpus_max) {
		err_set(e, EINVAL,
			"a guest with all %u LLCs of this machine has %u CPUs at least, not %u",
			t.llcs, cpus, cpus_max);
		return err_hint(e, "host:%u, or a topology of its own: 1,1,%u,1", cpus, cpus_max);
	}
	t.vcpus = (uint16_t)cpus;
	vm_topology_default_distances(&t);
	if (host->distance_given)
		distances(host, from, &t);
	*out = t;
	return 0;
}

int vm_topology_parse_host(
	const char *text, const struct topo *host, struct vm_topology *out, struct err *e)
{
	unsigned cpus = VM_VCPUS_MAX, there = cpuset_count(&host->online);
	struct err why = ERR_INIT;

	if (text[4] && parse_u32(text + 5, &cpus, NULL)) {
		err_set(e, EINVAL, "invalid topology '%.64s': '%.32s' is no number of CPUs", text,
			text + 5);
		return err_hint(e, "host:8 is this machine with eight CPUs");
	}
	if (!cpus)
		return err_set(e, EINVAL, "invalid topology '%.64s': a guest needs a CPU", text);
	if (text[4] && cpus > there) {
		err_set(e, EINVAL, "invalid topology '%.64s': this machine has %u CPUs", text,
			there);
		return err_hint(e, "host is all of it");
	}
	if (!vm_topology_of(host, NULL, cpus, out, &why))
		return 0;
	err_set(e, EINVAL, "invalid topology '%.64s': %s", text, why.msg);
	return why.hint[0] ? err_hint(e, "%s", why.hint) : -EINVAL;
}
