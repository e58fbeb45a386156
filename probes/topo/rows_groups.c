/* Columns of what has CPUs: nodes, packages, kinds. */
#include "probes/topo/rows.h"

/* ---- nodes ----------------------------------------------------------------------------------- */

static const char no_meminfo[] = "no meminfo";

TOPO_GETTER(node_id, nodes, cell_u64(x->id))
TOPO_GETTER(node_cpus, nodes, cell_set(&x->cpus))
TOPO_GETTER(node_llcs, nodes, topo_cell_llcs(t, &x->cpus, a))
TOPO_GETTER(node_memory_only, nodes, cell_bool(cpuset_empty(&x->cpus)))
TOPO_GETTER(node_total, nodes, x->has_memory ? cell_bytes(x->mem_total) : cell_absent(no_meminfo))
TOPO_GETTER(node_free, nodes, x->has_memory ? cell_bytes(x->mem_free) : cell_absent(no_meminfo))
TOPO_GETTER(node_distances, nodes, cell_list(t->distance + (size_t)i * t->nnodes, t->nnodes))

static const struct column node_columns[] = {
	{.id = "node",
		.title = "NODE",
		.help = "number of the node",
		.right = true,
		.get = node_id},
	{.id = "cpus", .title = "CPUS", .help = "its online CPUs", .get = node_cpus},
	{.id = "llcs", .title = "LLCS", .help = "LLCs with a CPU in it", .get = node_llcs},
	{.id = "memory_only",
		.title = "MEMORY-ONLY",
		.help = "whether it has no CPU",
		.get = node_memory_only},
	{.id = "mem_total_bytes",
		.title = "MEMORY",
		.unit = "bytes",
		.help = "its memory",
		.right = true,
		.get = node_total},
	{.id = "mem_free_bytes",
		.title = "FREE",
		.unit = "bytes",
		.help = "of it unused",
		.right = true,
		.get = node_free},
	{.id = "distances",
		.title = "DISTANCES",
		.help = "to each node, in this table's order; 10 is local",
		.get = node_distances},
};

static unsigned count_nodes(const struct topo *t)
{
	return t->nnodes;
}

const struct topo_table topo_nodes_table = {
	.key = "nodes",
	.title = "Nodes",
	.columns = node_columns,
	.ncolumns = ARRAY_LEN(node_columns),
	.count = count_nodes,
};

/* ---- packages -------------------------------------------------------------------------------- */

/* A package's row is found by its n-th distinct number, in order of first CPU. */
static const struct topo_cpu *nth_package(const struct topo *t, unsigned n)
{
	for (unsigned i = 0; i < t->ncpus; i++) {
		bool seen = t->cpus[i].package < 0;

		for (unsigned k = i; k-- > 0 && !seen;)
			seen = t->cpus[k].package == t->cpus[i].package;
		if (!seen && n-- == 0)
			return &t->cpus[i];
	}
	return NULL;
}

static const struct cpuset *package_set(const struct topo *t, unsigned n, struct arena *a)
{
	const struct topo_cpu *first = nth_package(t, n);
	struct cpuset s = CPUSET_INIT;

	for (unsigned i = 0; i < t->ncpus; i++)
		if (t->cpus[i].package == first->package)
			cpuset_add(&s, t->cpus[i].id);
	return topo_keep_set(a, &s);
}

static unsigned count_packages(const struct topo *t)
{
	return t->npackages;
}

TOPO_GETTER(package_id, cpus, cell_i64(nth_package(t, i)->package))
TOPO_GETTER(package_cpus, cpus, cell_set(package_set(t, i, a)))
TOPO_GETTER(package_llcs, cpus, topo_cell_llcs(t, package_set(t, i, a), a))
TOPO_GETTER(package_cores, cpus, topo_cell_cores(t, package_set(t, i, a), a))

static const struct column package_columns[] = {
	{.id = "package",
		.title = "PACKAGE",
		.help = "number of the socket",
		.right = true,
		.get = package_id},
	{.id = "cpus", .title = "CPUS", .help = "its online CPUs", .get = package_cpus},
	{.id = "llcs", .title = "LLCS", .help = "its LLCs", .get = package_llcs},
	{.id = "cores", .title = "CORES", .help = "its cores", .get = package_cores},
};

const struct topo_table topo_packages_table = {
	.key = "packages",
	.title = "Packages",
	.columns = package_columns,
	.ncolumns = ARRAY_LEN(package_columns),
	.count = count_packages,
};

/* ---- kinds ----------------------------------------------------------------------------------- */

/* Like packages: the n-th distinct kind, in order of first CPU. Kinds are constants: equal ones are
 * one pointer. */
static const struct topo_cpu *nth_kind(const struct topo *t, unsigned n)
{
	for (unsigned i = 0; i < t->ncpus; i++) {
		bool seen = !t->cpus[i].kind;

		for (unsigned k = i; k-- > 0 && !seen;)
			seen = t->cpus[k].kind == t->cpus[i].kind;
		if (!seen && n-- == 0)
			return &t->cpus[i];
	}
	return NULL;
}

static unsigned count_kinds(const struct topo *t)
{
	unsigned n = 0;

	while (nth_kind(t, n))
		n++;
	return n;
}

static const struct cpuset *kind_set(const struct topo *t, unsigned n, struct arena *a)
{
	const char *kind = nth_kind(t, n)->kind;
	struct cpuset s = CPUSET_INIT;

	for (unsigned i = 0; i < t->ncpus; i++)
		if (t->cpus[i].kind == kind)
			cpuset_add(&s, t->cpus[i].id);
	return topo_keep_set(a, &s);
}

TOPO_GETTER(kind_name, cpus, cell_text(nth_kind(t, i)->kind))
TOPO_GETTER(kind_cpus, cpus, cell_set(kind_set(t, i, a)))
TOPO_GETTER(kind_cores, cpus, topo_cell_cores(t, kind_set(t, i, a), a))

static const struct column kind_columns[] = {
	{.id = "kind",
		.title = "KIND",
		.help = "core, atom, lowpower by the kernel's word; big, mid, little by strength",
		.get = kind_name},
	{.id = "cpus", .title = "CPUS", .help = "its CPUs", .get = kind_cpus},
	{.id = "cores", .title = "CORES", .help = "its cores", .get = kind_cores},
};

const struct topo_table topo_kinds_table = {
	.key = "kinds",
	.title = "Kinds",
	.columns = kind_columns,
	.ncolumns = ARRAY_LEN(kind_columns),
	.count = count_kinds,
};
