#include "src/reserve/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ACPI's word for "cannot be reached" (SLIT), which sysfs never gives for two nodes that exist. */
enum { DISTANCE_UNKNOWN = 255 };

static int status_affinity(const struct sysroot *r, struct cpuset *out)
{
	cleanup_str struct str text = STR_INIT;
	char *line, *rest;
	int rc = sysroot_read(r, "/proc/self/status", &text);

	if (rc || !text.s)
		return rc ? rc : -ENODATA;
	for (rest = text.s; (line = strsep(&rest, "\n"));)
		if (str_starts(line, "Cpus_allowed_list:"))
			return cpuset_parse_list(out, str_trim(strchr(line, ':') + 1), NULL);
	return -ENODATA;
}

/* A captured machine restricts nobody: there the topology's word is all there is. */
static int find_allowed(const struct sysroot *r, const struct topo *t, struct cpuset *out)
{
	int rc = 0;

	if (!sysroot_is_host(r))
		cpuset_copy(out, &t->allowed);
	else if (cpuset_affinity(out))
		rc = status_affinity(r, out);
	cpuset_and(out, &t->online);
	return rc || cpuset_empty(out) ? -ESRCH : 0;
}

static unsigned majority_node(const struct topo *t, const struct cpuset *cpus)
{
	unsigned best = 0, most = 0;

	for (unsigned i = 0; i < t->nnodes; i++) {
		cleanup_cpuset struct cpuset both = CPUSET_INIT;
		unsigned n;

		cpuset_copy(&both, cpus);
		cpuset_and(&both, &t->nodes[i].cpus);
		n = cpuset_count(&both);
		if (n > most)
			best = t->nodes[i].id;
		else if (n == most && n > 0)
			best = 0;
		most = n > most ? n : most;
	}
	return best;
}

void reserve_host_allow(struct reserve_host *h, const struct cpuset *allowed)
{
	if (allowed != &h->allowed)
		cpuset_copy(&h->allowed, allowed);
	cpuset_and(&h->allowed, &h->topo->online);
	h->nallowed = cpuset_count(&h->allowed);
	for (unsigned i = 0; i < h->topo->nllcs; i++) {
		struct reserve_llc *l = &h->llcs[i];

		cpuset_copy(&l->allowed, &h->topo->llcs[i].cpus);
		cpuset_and(&l->allowed, &h->allowed);
		l->contribution = cpuset_count(&l->allowed);
	}
}

int reserve_host_open(struct reserve_host *h, const struct sysroot *r, struct err *e)
{
	*h = (struct reserve_host){.topo = topo_collect_shape(r, e)};
	if (!h->topo)
		return e ? -e->code : -ENODEV;
	if (find_allowed(r, h->topo, &h->allowed)) {
		reserve_host_release(h);
		return err_set(e, ESRCH, "could not determine allowed CPU set");
	}
	h->llcs = xcalloc(h->topo->nllcs, sizeof(*h->llcs));
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		h->llcs[i].node = majority_node(h->topo, &h->topo->llcs[i].cpus);
	reserve_host_allow(h, &h->allowed);
	return 0;
}

void reserve_host_release(struct reserve_host *h)
{
	for (unsigned i = 0; h->llcs && i < h->topo->nllcs; i++)
		cpuset_release(&h->llcs[i].allowed);
	free(h->llcs);
	cpuset_release(&h->allowed);
	cpuset_release(&h->busy);
	topo_free(h->topo);
	*h = (struct reserve_host){0};
}

void reserve_host_forget(struct reserve_host *h)
{
	for (unsigned i = 0; i < h->topo->nllcs; i++) {
		h->llcs[i].sharers = 0;
		h->llcs[i].exclusive = false;
	}
	cpuset_clear(&h->busy);
}

static int node_index(const struct topo *t, unsigned id)
{
	const struct topo_node *n = topo_node(t, id);

	return n ? (int)(n - t->nodes) : -1;
}

unsigned reserve_distance(const struct reserve_host *h, unsigned from, unsigned to)
{
	int a = node_index(h->topo, from), b = node_index(h->topo, to);

	if (a < 0 || b < 0)
		return DISTANCE_UNKNOWN;
	return h->topo->distance[(unsigned)a * h->topo->nnodes + (unsigned)b];
}

void reserve_nodes_of(const struct reserve_host *h, const struct cpuset *cpus, struct cpuset *out)
{
	cpuset_clear(out);
	cpuset_foreach (cpu, cpus) {
		const struct topo_cpu *c = topo_cpu(h->topo, (unsigned)cpu);

		if (c)
			cpuset_add(out, c->node);
	}
}
