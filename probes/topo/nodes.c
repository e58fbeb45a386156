/* Memory nodes: their CPUs, memory and distances. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/collect.h"
#include "probes/topo/meminfo.h"

/* ACPI's defaults (SLIT): a node to itself, and to any other. */
enum { LOCAL = 10, REMOTE = 20 };

/* The node of every CPU: what the nodes say, else the nodeN entry in the CPU's own directory. */
struct places {
	struct cpuset nodes;	 /* ids */
	struct cpuset placed;	 /* CPUs whose node is known */
	struct cpuset contested; /* CPUs that two nodes claim */
};

static void place(struct collect *c, struct places *p, int cpu, unsigned node)
{
	int i = collect_index(c, (unsigned)cpu);

	if (i < 0 || !c->t->cpus[i].online)
		return;
	if (cpuset_has(&p->placed, (unsigned)cpu)) {
		cpuset_add(&p->contested, (unsigned)cpu);
		return;
	}
	c->t->cpus[i].node = node;
	cpuset_add(&p->placed, (unsigned)cpu);
	cpuset_add(&p->nodes, node);
}

static void place_by_nodes(struct collect *c, struct places *p)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT, ids = CPUSET_INIT;

	cpuset_copy(&ids, &p->nodes);
	cpuset_foreach (id, &ids) {
		if (collect_set(c->r, PATHF(SYS_NODE "/node%d", id), "cpulist", "cpumap", &cpus))
			continue;
		cpuset_foreach (cpu, &cpus)
			place(c, p, cpu, (unsigned)id);
	}
}

static void place_by_cpus(struct collect *c, struct places *p)
{
	cleanup_cpuset struct cpuset rest = CPUSET_INIT, ids = CPUSET_INIT, lost = CPUSET_INIT;

	cpuset_copy(&rest, &c->t->online);
	cpuset_minus(&rest, &p->placed);
	cpuset_foreach (cpu, &rest) {
		sysroot_numbers(c->r, PATHF(SYS_CPU "/cpu%d", cpu), "node", &ids);
		if (cpuset_empty(&ids))
			cpuset_add(&lost, (unsigned)cpu);
		else
			place(c, p, cpu, (unsigned)cpuset_next(&ids, 0));
	}
	/* Without any node this is a kernel without NUMA, and nothing to wonder about. */
	if (!cpuset_empty(&lost) && !cpuset_empty(&p->nodes))
		collect_warn(
			c, "no node claims %s: counted to node 0", collect_cpus_text(c, &lost));
	cpuset_foreach (cpu, &lost)
		place(c, p, cpu, 0);
}

/* Without node directories all memory is that of the one node. */
static void read_memory(struct collect *c, struct topo_node *n, bool described)
{
	const char *path;

	if (c->shape_only)
		return;
	path = described ? PATHF(SYS_NODE "/node%u/meminfo", n->id) : "/proc/meminfo";
	n->has_memory = meminfo_read(c->r, path, &n->mem_total, &n->mem_free);
}

static void fill_nodes(struct collect *c, const struct cpuset *ids, const struct cpuset *described)
{
	struct topo *t = c->t;

	t->nodes = arena_alloc(t->arena, cpuset_count(ids) * sizeof(*t->nodes));
	cpuset_foreach (id, ids) {
		struct topo_node *n = &t->nodes[t->nnodes++];

		n->id = (unsigned)id;
		for (unsigned i = 0; i < t->ncpus; i++)
			if (t->cpus[i].online && t->cpus[i].node == n->id)
				cpuset_add(&n->cpus, t->cpus[i].id);
		read_memory(c, n, !cpuset_empty(described));
	}
}

/* One row: exactly n numbers. */
static bool read_row(struct collect *c, unsigned node, unsigned *row, unsigned n)
{
	cleanup_str struct str text = STR_INIT;
	const char *p;

	if (sysroot_read(c->r, PATHF(SYS_NODE "/node%u/distance", node), &text))
		return false;
	p = str_get(&text);
	for (unsigned i = 0;; i++) {
		unsigned long v;
		char *end;

		p += strspn(p, " \t\n");
		if (!*p)
			return i == n;
		if (i == n || !isdigit((unsigned char)*p))
			return false;
		v = strtoul(p, &end, 10);
		if (v > UINT16_MAX)
			return false;
		row[i] = (unsigned)v;
		p = end;
	}
}

static void read_distances(struct collect *c, bool described)
{
	struct topo *t = c->t;
	unsigned n = t->nnodes;

	t->distance = arena_alloc(t->arena, (size_t)n * n * sizeof(*t->distance));
	t->distance_given = described;
	for (unsigned i = 0; i < n && t->distance_given; i++)
		t->distance_given = read_row(c, t->nodes[i].id, t->distance + (size_t)i * n, n);
	if (t->distance_given)
		return;
	if (described)
		collect_warn(c,
			"the nodes' distances are incomplete: %d to itself and %d to others "
			"assumed",
			LOCAL, REMOTE);
	for (unsigned i = 0; i < n * n; i++)
		t->distance[i] = i / n == i % n ? LOCAL : REMOTE;
}

void collect_nodes(struct collect *c)
{
	cleanup_cpuset struct cpuset described = CPUSET_INIT;
	struct places p = {.nodes = CPUSET_INIT};

	sysroot_numbers(c->r, SYS_NODE, "node", &described);
	cpuset_copy(&p.nodes, &described);
	place_by_nodes(c, &p);
	place_by_cpus(c, &p);
	if (!cpuset_empty(&p.contested))
		collect_warn(c, "two nodes claim %s: the lower one was taken",
			collect_cpus_text(c, &p.contested));
	fill_nodes(c, &p.nodes, &described);
	read_distances(c, !cpuset_empty(&described));
	cpuset_release(&p.nodes);
	cpuset_release(&p.placed);
	cpuset_release(&p.contested);
}
