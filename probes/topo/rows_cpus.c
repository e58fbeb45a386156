/* Columns of CPUs and of what they share: LLCs, cores, caches. */
#include "probes/topo/rows.h"

/* The place of a group of CPUs is that of its first. */
static const struct topo_cpu *first_of(const struct topo *t, const struct cpuset *cpus)
{
	return topo_cpu(t, (unsigned)cpuset_next(cpus, 0));
}

/* ---- LLCs ------------------------------------------------------------------------------------ */

static const char no_cache[] = "no cache described";

TOPO_GETTER(llc_index, llcs, cell_u64(i))
TOPO_GETTER(llc_node, llcs, cell_u64(x->node))
TOPO_GETTER(llc_level, llcs, x->level ? cell_u64(x->level) : cell_absent(no_cache))
TOPO_GETTER(llc_id, llcs, topo_cell_number(x->id, x->level ? "not given" : no_cache))
TOPO_GETTER(llc_size, llcs,
	x->size	   ? cell_bytes(x->size)
	: x->level ? cell_absent("not given")
		   : cell_absent(no_cache))
TOPO_GETTER(llc_cores, llcs, topo_cell_cores(t, &x->cpus, a))
TOPO_GETTER(llc_threads, llcs, cell_u64(x->threads))
TOPO_GETTER(llc_cpus, llcs, cell_set(&x->cpus))

static const struct column llc_columns[] = {
	{.id = "llc",
		.title = "LLC",
		.help = "number of the last-level cache, as lock files carry it",
		.right = true,
		.get = llc_index},
	{.id = "node",
		.title = "NODE",
		.help = "node of its first CPU",
		.right = true,
		.get = llc_node},
	{.id = "level",
		.title = "LEVEL",
		.help = "2 or more; 1 where a CPU shares none",
		.right = true,
		.get = llc_level},
	{.id = "id",
		.title = "ID",
		.help = "the kernel's id of the cache",
		.right = true,
		.get = llc_id},
	{.id = "size_bytes",
		.title = "SIZE",
		.unit = "bytes",
		.help = "its size",
		.right = true,
		.get = llc_size},
	{.id = "cores", .title = "CORES", .help = "cores that share it", .get = llc_cores},
	{.id = "threads",
		.title = "THREADS",
		.help = "SMT threads of its largest core",
		.right = true,
		.get = llc_threads},
	{.id = "cpus", .title = "CPUS", .help = "CPUs that share it", .get = llc_cpus},
};

static unsigned count_llcs(const struct topo *t)
{
	return t->nllcs;
}

const struct topo_table topo_llcs_table = {
	.key = "llcs",
	.title = "LLCs",
	.columns = llc_columns,
	.ncolumns = ARRAY_LEN(llc_columns),
	.count = count_llcs,
};

/* ---- cores ----------------------------------------------------------------------------------- */

TOPO_GETTER(core_index, cores, cell_u64(i))
TOPO_GETTER(core_id, cores, cell_i64(x->id))
TOPO_GETTER(core_llc, cores, cell_u64(x->llc))
TOPO_GETTER(core_node, cores, cell_u64(first_of(t, &x->cpus)->node))
TOPO_GETTER(core_package, cores, topo_cell_number(first_of(t, &x->cpus)->package, NULL))
TOPO_GETTER(core_kind, cores,
	first_of(t, &x->cpus)->kind ? cell_text(first_of(t, &x->cpus)->kind) : cell_absent(NULL))
TOPO_GETTER(core_cpus, cores, cell_set(&x->cpus))

static const struct column core_columns[] = {
	{.id = "core",
		.title = "CORE",
		.help = "number of the core, over the whole machine",
		.right = true,
		.get = core_index},
	{.id = "core_id",
		.title = "CORE-ID",
		.help = "the kernel's id, which may repeat",
		.right = true,
		.get = core_id},
	{.id = "llc", .title = "LLC", .help = "its LLC", .right = true, .get = core_llc},
	{.id = "node", .title = "NODE", .help = "its node", .right = true, .get = core_node},
	{.id = "package",
		.title = "PACKAGE",
		.help = "its package",
		.right = true,
		.get = core_package},
	{.id = "kind", .title = "KIND", .help = "its kind, on a hybrid machine", .get = core_kind},
	{.id = "cpus", .title = "CPUS", .help = "its SMT siblings", .get = core_cpus},
};

static unsigned count_cores(const struct topo *t)
{
	return t->ncores;
}

const struct topo_table topo_cores_table = {
	.key = "cores",
	.title = "Cores",
	.columns = core_columns,
	.ncolumns = ARRAY_LEN(core_columns),
	.count = count_cores,
};

/* ---- caches ---------------------------------------------------------------------------------- */

static const char *cache_type_name(enum topo_cache_type type)
{
	static const char *const names[] = {
		[TOPO_CACHE_UNIFIED] = "unified",
		[TOPO_CACHE_DATA] = "data",
		[TOPO_CACHE_INSTRUCTION] = "instruction",
	};

	return names[type];
}

TOPO_GETTER(cache_level, caches, cell_u64(x->level))
TOPO_GETTER(cache_type, caches, cell_text(cache_type_name(x->type)))
TOPO_GETTER(cache_id, caches, topo_cell_number(x->id, NULL))
TOPO_GETTER(cache_size, caches, x->size ? cell_bytes(x->size) : cell_absent(NULL))
TOPO_GETTER(cache_line, caches, x->line ? cell_bytes(x->line) : cell_absent(NULL))
TOPO_GETTER(cache_ways, caches, topo_cell_given(x->ways))
TOPO_GETTER(cache_sets, caches, topo_cell_given(x->sets))
TOPO_GETTER(cache_cpus, caches, cell_set(&x->cpus))

static const struct column cache_columns[] = {
	{.id = "level",
		.title = "LEVEL",
		.help = "1 is nearest to the CPU",
		.right = true,
		.get = cache_level},
	{.id = "type", .title = "TYPE", .help = "data, instruction or unified", .get = cache_type},
	{.id = "id", .title = "ID", .help = "the kernel's id", .right = true, .get = cache_id},
	{.id = "size_bytes",
		.title = "SIZE",
		.unit = "bytes",
		.help = "its size",
		.right = true,
		.get = cache_size},
	{.id = "line_bytes",
		.title = "LINE",
		.unit = "bytes",
		.help = "of one cache line",
		.right = true,
		.get = cache_line},
	{.id = "ways", .title = "WAYS", .help = "associativity", .right = true, .get = cache_ways},
	{.id = "sets", .title = "SETS", .help = "number of sets", .right = true, .get = cache_sets},
	{.id = "cpus", .title = "CPUS", .help = "CPUs that share it", .get = cache_cpus},
};

static unsigned count_caches(const struct topo *t)
{
	return t->ncaches;
}

const struct topo_table topo_caches_table = {
	.key = "caches",
	.title = "Caches",
	.columns = cache_columns,
	.ncolumns = ARRAY_LEN(cache_columns),
	.count = count_caches,
};

/* ---- CPUs ------------------------------------------------------------------------------------ */

static const char offline[] = "offline";

TOPO_GETTER(cpu_id, cpus, cell_u64(x->id))
TOPO_GETTER(cpu_online, cpus, cell_bool(x->online))
TOPO_GETTER(cpu_allowed, cpus, cell_bool(x->allowed))
TOPO_GETTER(cpu_node, cpus, x->online ? cell_u64(x->node) : cell_absent(offline))
TOPO_GETTER(cpu_llc, cpus, x->online ? cell_u64(x->llc) : cell_absent(offline))
TOPO_GETTER(cpu_core, cpus, x->online ? cell_u64(x->core) : cell_absent(offline))
TOPO_GETTER(cpu_package, cpus, topo_cell_number(x->package, NULL))
TOPO_GETTER(cpu_die, cpus, topo_cell_number(x->die, NULL))
TOPO_GETTER(cpu_cluster, cpus, topo_cell_number(x->cluster, NULL))
TOPO_GETTER(cpu_kind, cpus, x->kind ? cell_text(x->kind) : cell_absent(NULL))
TOPO_GETTER(cpu_capacity, cpus, topo_cell_given(x->capacity))
TOPO_GETTER(cpu_max, cpus, topo_cell_given(x->max_khz))
TOPO_GETTER(cpu_base, cpus, topo_cell_given(x->base_khz))
TOPO_GETTER(cpu_isolated, cpus, cell_bool(x->isolated))
TOPO_GETTER(cpu_nohz, cpus, cell_bool(x->nohz_full))

static const struct column cpu_columns[] = {
	{.id = "cpu", .title = "CPU", .help = "number of the CPU", .right = true, .get = cpu_id},
	{.id = "online", .title = "ONLINE", .help = "whether it is online", .get = cpu_online},
	{.id = "allowed",
		.title = "ALLOWED",
		.help = "whether ktstr itself may run on it",
		.get = cpu_allowed},
	{.id = "node", .title = "NODE", .help = "its node", .right = true, .get = cpu_node},
	{.id = "llc", .title = "LLC", .help = "its LLC", .right = true, .get = cpu_llc},
	{.id = "core", .title = "CORE", .help = "its core", .right = true, .get = cpu_core},
	{.id = "package",
		.title = "PACKAGE",
		.help = "its package",
		.right = true,
		.get = cpu_package},
	{.id = "die", .title = "DIE", .help = "its die", .right = true, .get = cpu_die},
	{.id = "cluster",
		.title = "CLUSTER",
		.help = "its cluster",
		.right = true,
		.get = cpu_cluster},
	{.id = "kind", .title = "KIND", .help = "its kind, on a hybrid machine", .get = cpu_kind},
	{.id = "capacity",
		.title = "CAPACITY",
		.help = "of 1024, by the scheduler's measure",
		.right = true,
		.get = cpu_capacity},
	{.id = "max_khz",
		.title = "MAX-KHZ",
		.unit = "kHz",
		.help = "highest frequency",
		.right = true,
		.get = cpu_max},
	{.id = "base_khz",
		.title = "BASE-KHZ",
		.unit = "kHz",
		.help = "guaranteed frequency",
		.right = true,
		.get = cpu_base},
	{.id = "isolated",
		.title = "ISOLATED",
		.help = "out of the scheduler's balancing (isolcpus=)",
		.get = cpu_isolated},
	{.id = "nohz_full",
		.title = "NOHZ-FULL",
		.help = "without a tick while one task runs (nohz_full=)",
		.get = cpu_nohz},
};

static unsigned count_cpus(const struct topo *t)
{
	return t->ncpus;
}

const struct topo_table topo_cpus_table = {
	.key = "cpus",
	.title = "CPUs",
	.columns = cpu_columns,
	.ncolumns = ARRAY_LEN(cpu_columns),
	.count = count_cpus,
};
