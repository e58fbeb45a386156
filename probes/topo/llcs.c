/* Last-level caches and cores: the groups that the rest of the program reasons in. */
#include <stdlib.h>

#include "probes/topo/collect.h"

/* ---- last-level caches ----------------------------------------------------------------------- */

/* By CPU index, its LLC in the making: index into caches, or one of these. */
enum { ALONE = -1, UNKNOWN = -2, OFFLINE = -3 };

static int *deepest_caches(struct collect *c)
{
	struct topo *t = c->t;
	int *of = arena_alloc(t->arena, t->ncpus * sizeof(*of));

	for (unsigned i = 0; i < t->ncpus; i++)
		of[i] = !t->cpus[i].online ? OFFLINE : c->facts[i].has_caches ? ALONE : UNKNOWN;
	/* Caches come by level and, within it, unified before data before instruction. */
	for (unsigned k = 0; k < t->ncaches; k++) {
		if (t->caches[k].level < LLC_LEVEL)
			continue;
		cpuset_foreach (cpu, &t->caches[k].cpus) {
			int *deepest = &of[collect_index(c, (unsigned)cpu)];

			if (*deepest < 0 || t->caches[*deepest].level < t->caches[k].level)
				*deepest = (int)k;
		}
	}
	return of;
}

static struct topo_llc *new_llc(struct topo *t, const struct topo_cache *cache)
{
	struct topo_llc *llc = &t->llcs[t->nllcs++];

	llc->id = cache ? cache->id : -1;
	llc->level = cache ? cache->level : 0;
	llc->size = cache ? cache->size : 0;
	return llc;
}

/* A CPU whose caches are all private: what it has of level 1 says size and level. */
static struct topo_llc *private_llc(struct topo *t, unsigned cpu)
{
	const struct topo_cache *l1 = topo_cache_of(t, cpu, 1, TOPO_CACHE_DATA);
	struct topo_llc *llc;

	if (!l1)
		l1 = topo_cache_of(t, cpu, 1, TOPO_CACHE_UNIFIED);
	llc = new_llc(t, NULL);
	llc->level = 1;
	llc->size = l1 ? l1->size : 0;
	return llc;
}

static void warn_unknown(struct collect *c, const int *of)
{
	cleanup_cpuset struct cpuset unknown = CPUSET_INIT;

	for (unsigned i = 0; i < c->t->ncpus; i++)
		if (of[i] == UNKNOWN)
			cpuset_add(&unknown, c->t->cpus[i].id);
	if (!cpuset_empty(&unknown))
		collect_warn(c, "no cache is described for %s: taken to share one",
			collect_cpus_text(c, &unknown));
}

static void group_cpus(struct collect *c, const int *of)
{
	struct topo *t = c->t;
	struct topo_llc **by_cache =
		arena_alloc(t->arena, (t->ncaches + 1) * sizeof(struct topo_llc *));
	struct topo_llc *unknown = NULL, *llc;

	for (unsigned i = 0; i < t->ncpus; i++) {
		if (of[i] == OFFLINE)
			continue;
		if (of[i] == ALONE)
			llc = private_llc(t, t->cpus[i].id);
		else if (of[i] == UNKNOWN)
			llc = unknown ? unknown : (unknown = new_llc(t, NULL));
		else if (by_cache[of[i]])
			llc = by_cache[of[i]];
		else
			llc = by_cache[of[i]] = new_llc(t, &t->caches[of[i]]);
		if (cpuset_empty(&llc->cpus) || (of[i] == UNKNOWN && t->cpus[i].node < llc->node))
			llc->node = t->cpus[i].node;
		cpuset_add(&llc->cpus, t->cpus[i].id);
	}
}

/* By sysfs id; where none is given, by the first CPU, which then is the id (spec/host 1.3). */
static int by_id(const void *x, const void *y)
{
	const struct topo_llc *a = x, *b = y;
	int first_a = cpuset_next(&a->cpus, 0), first_b = cpuset_next(&b->cpus, 0);
	int id_a = a->id >= 0 ? a->id : first_a, id_b = b->id >= 0 ? b->id : first_b;

	return id_a != id_b ? (id_a > id_b) - (id_a < id_b) : first_a - first_b;
}

void collect_llcs(struct collect *c)
{
	struct topo *t = c->t;
	int *of = deepest_caches(c);

	t->llcs = arena_alloc(t->arena, t->ncpus * sizeof(*t->llcs));
	group_cpus(c, of);
	warn_unknown(c, of);
	qsort(t->llcs, t->nllcs, sizeof(*t->llcs), by_id);
	for (unsigned l = 0; l < t->nllcs; l++)
		cpuset_foreach (cpu, &t->llcs[l].cpus)
			t->cpus[collect_index(c, (unsigned)cpu)].llc = l;
}

/* ---- cores ----------------------------------------------------------------------------------- */

static unsigned first_index(const struct collect *c, const struct topo_core *core)
{
	return (unsigned)collect_index(c, (unsigned)cpuset_next(&core->cpus, 0));
}

/*
 * SMT siblings share LLC, package, die and core id; the last repeats across these. Where a list of
 * siblings is given it must agree, which keeps cores apart whose ids repeat in one LLC; where no
 * id is, it decides alone.
 */
static bool is_sibling(const struct collect *c, const struct topo_core *core, unsigned i)
{
	unsigned k = first_index(c, core);
	const struct topo_cpu *a = &c->t->cpus[k], *b = &c->t->cpus[i];
	const struct cpu_facts *fa = &c->facts[k], *fb = &c->facts[i];

	if (a->llc != b->llc || a->package != b->package || a->die != b->die ||
		fa->has_core_id != fb->has_core_id)
		return false;
	if (fa->has_siblings && !cpuset_has(&fa->siblings, b->id))
		return false;
	if (fb->has_siblings && !cpuset_has(&fb->siblings, a->id))
		return false;
	return fa->has_core_id ? fa->core_id == fb->core_id : fa->has_siblings && fb->has_siblings;
}

static unsigned core_of(struct collect *c, unsigned i)
{
	struct topo *t = c->t;

	for (unsigned k = 0; k < t->ncores; k++)
		if (is_sibling(c, &t->cores[k], i))
			return k;
	t->cores[t->ncores] = (struct topo_core){
		.id = c->facts[i].has_core_id ? c->facts[i].core_id : (int)t->cpus[i].id,
		.llc = t->cpus[i].llc};
	return t->ncores++;
}

void collect_cores(struct collect *c)
{
	struct topo *t = c->t;

	t->cores = arena_alloc(t->arena, t->ncpus * sizeof(*t->cores));
	for (unsigned i = 0; i < t->ncpus; i++) {
		struct topo_cpu *cpu = &t->cpus[i];

		if (!cpu->online)
			continue;
		cpu->core = core_of(c, i);
		cpuset_add(&t->cores[cpu->core].cpus, cpu->id);
	}
	for (unsigned k = 0; k < t->ncores; k++) {
		struct topo_llc *llc = &t->llcs[t->cores[k].llc];
		unsigned threads = cpuset_count(&t->cores[k].cpus);

		llc->ncores++;
		if (threads > llc->threads)
			llc->threads = threads;
	}
}
