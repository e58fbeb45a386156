#include "probes/topo/rows.h"

#include <string.h>

#include "src/base/utf8.h"

const struct cpuset *topo_keep_set(struct arena *a, struct cpuset *s)
{
	struct cpuset *kept = arena_alloc(a, sizeof(*kept));

	kept->n = s->n;
	kept->words = arena_alloc(a, s->n * sizeof(*s->words));
	if (s->n)
		memcpy(kept->words, s->words, s->n * sizeof(*s->words));
	cpuset_release(s);
	return kept;
}

static const struct cpuset *cpus_where(
	const struct topo *t, bool (*flag)(const struct topo_cpu *), struct arena *a)
{
	struct cpuset s = CPUSET_INIT;

	for (unsigned i = 0; i < t->ncpus; i++)
		if (flag(&t->cpus[i]))
			cpuset_add(&s, t->cpus[i].id);
	return topo_keep_set(a, &s);
}

static bool is_isolated(const struct topo_cpu *c)
{
	return c->isolated;
}

static bool is_nohz_full(const struct topo_cpu *c)
{
	return c->nohz_full;
}

static bool is_disallowed(const struct topo_cpu *c)
{
	return c->online && !c->allowed;
}

const struct cpuset *topo_disallowed(const struct topo *t, struct arena *a)
{
	return cpus_where(t, is_disallowed, a);
}

const struct cpuset *topo_isolated(const struct topo *t, struct arena *a)
{
	return cpus_where(t, is_isolated, a);
}

const struct cpuset *topo_nohz_full(const struct topo *t, struct arena *a)
{
	return cpus_where(t, is_nohz_full, a);
}

struct cell topo_cell_number(int64_t v, const char *why)
{
	return v < 0 ? cell_absent(why) : cell_i64(v);
}

struct cell topo_cell_given(uint64_t v)
{
	return v ? cell_u64(v) : cell_absent(NULL);
}

struct cell topo_cell_llcs(const struct topo *t, const struct cpuset *cpus, struct arena *a)
{
	struct cpuset s = CPUSET_INIT;

	for (unsigned l = 0; l < t->nllcs; l++)
		if (cpuset_intersects(&t->llcs[l].cpus, cpus))
			cpuset_add(&s, l);
	return cell_set(topo_keep_set(a, &s));
}

struct cell topo_cell_cores(const struct topo *t, const struct cpuset *cpus, struct arena *a)
{
	struct cpuset s = CPUSET_INIT;

	for (unsigned k = 0; k < t->ncores; k++)
		if (cpuset_intersects(&t->cores[k].cpus, cpus))
			cpuset_add(&s, k);
	return cell_set(topo_keep_set(a, &s));
}

const struct topo_table *const topo_tables[TOPO_TABLES] = {
	&topo_nodes_table,
	&topo_packages_table,
	&topo_kinds_table,
	&topo_llcs_table,
	&topo_cores_table,
	&topo_caches_table,
	&topo_cpus_table,
};

struct table topo_rows(const struct topo *t, const struct topo_table *what, struct arena *a)
{
	unsigned n = what->count(t);
	struct topo_row *rows = arena_alloc(a, n * sizeof(*rows));
	const void **pointers = arena_alloc(a, n * sizeof(*pointers));

	for (unsigned i = 0; i < n; i++) {
		rows[i] = (struct topo_row){t, i};
		pointers[i] = &rows[i];
	}
	return (struct table){what->columns, what->ncolumns, pointers, n};
}
