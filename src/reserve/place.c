/* Plans that give each vCPU a CPU of its own (spec/host 3.7). */
#include <errno.h>
#include <stdlib.h>

#include "src/reserve/plan.h"

/* What is being placed, and on what. */
struct placing {
	const struct reserve_host *h;
	const struct reserve_shape *s;
	unsigned offset;
	bool perf;
	bool ever;	  /* as if nobody held anything */
	unsigned *spare;  /* by host LLC: CPUs of it that can be had */
	bool *taken;	  /* by host LLC */
	unsigned *chosen; /* by virtual LLC, a host LLC */
	unsigned *order;  /* virtual LLCs, those that need most first */
};

/* Some of the host's LLCs, in order. */
struct pool {
	unsigned *v;
	unsigned n;
};

static unsigned need_of(const struct placing *p, unsigned v)
{
	return p->s->llcs[v].cores * p->s->llcs[v].threads;
}

/* CPUs of an LLC that can be had. Performance mode wants it whole. */
static void available(const struct placing *p, unsigned llc, struct cpuset *out)
{
	const struct reserve_llc *l = &p->h->llcs[llc];

	cpuset_clear(out);
	if (!p->ever && (l->exclusive || (p->perf && l->sharers)))
		return;
	cpuset_copy(out, &l->allowed);
	if (!p->ever)
		cpuset_minus(out, &p->h->busy);
}

static void look(struct placing *p)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;

	for (unsigned i = 0; i < p->h->topo->nllcs; i++) {
		available(p, i, &cpus);
		p->spare[i] = cpuset_count(&cpus);
		p->taken[i] = false;
	}
}

/* The virtual LLCs that need most choose first: whatever suits them suits the others, so that this
 * finds a way when there is one. */
static void order_by_need(struct placing *p)
{
	for (unsigned v = 0; v < p->s->nllcs; v++) {
		unsigned at = v;

		for (; at && need_of(p, p->order[at - 1]) < need_of(p, v); at--)
			p->order[at] = p->order[at - 1];
		p->order[at] = v;
	}
}

/* LLCs that could hold the smallest of the virtual ones; of one node, or of all (node < 0). */
static void fill_pool(const struct placing *p, int node, struct pool *out)
{
	unsigned least = need_of(p, p->order[p->s->nllcs - 1]);

	out->n = 0;
	for (unsigned i = 0; i < p->h->topo->nllcs; i++)
		if (p->spare[i] >= least && (node < 0 || p->h->llcs[i].node == (unsigned)node))
			out->v[out->n++] = i;
}

/* Host LLCs for the virtual ones of a guest node (node < 0: for all): the j-th of them begins to
 * look at the j-th of the pool, rotated. */
static bool choose_from(struct placing *p, const struct pool *pool, int node)
{
	unsigned first = 0;

	while (node >= 0 && p->s->llcs[first].node != (unsigned)node)
		first++;
	for (unsigned k = 0; k < p->s->nllcs; k++) {
		unsigned v = p->order[k], i = 0, at = 0;

		if (node >= 0 && p->s->llcs[v].node != (unsigned)node)
			continue;
		for (i = 0; i < pool->n; i++) {
			at = pool->v[(v - first + p->offset + i) % pool->n];
			if (!p->taken[at] && p->spare[at] >= need_of(p, v))
				break;
		}
		if (i == pool->n)
			return false;
		p->taken[at] = true;
		p->chosen[v] = at;
	}
	return true;
}

/* Nodes of the guest that have LLCs, ascending, and the most that one has. */
static unsigned guest_nodes(const struct placing *p, unsigned *out, unsigned *most)
{
	unsigned n = 0, run = 0;

	*most = 0;
	for (unsigned v = 0; v < p->s->nllcs; v++) {
		if (!v || p->s->llcs[v].node != p->s->llcs[v - 1].node) {
			out[n++] = p->s->llcs[v].node;
			run = 0;
		}
		*most = ++run > *most ? run : *most;
	}
	return n;
}

/* Guest nodes on host nodes; false where the host has too few with enough LLCs. */
static bool choose_by_node(struct placing *p, struct pool *pool)
{
	const struct topo *t = p->h->topo;
	cleanup_free unsigned *guest = xcalloc(p->s->nllcs, sizeof(*guest));
	cleanup_free unsigned *host = xcalloc(t->nnodes, sizeof(*host));
	unsigned per, nguest = guest_nodes(p, guest, &per), nhost = 0;

	for (unsigned i = 0; i < t->nnodes; i++) {
		fill_pool(p, (int)t->nodes[i].id, pool);
		if (pool->n >= per)
			host[nhost++] = t->nodes[i].id;
	}
	if (nguest < 2 || nhost < nguest)
		return false;
	for (unsigned g = 0; g < nguest; g++) {
		fill_pool(p, (int)host[(g + p->offset / per) % nhost], pool);
		if (!choose_from(p, pool, (int)guest[g]))
			return false;
	}
	return true;
}

static bool choose_in_turn(struct placing *p, struct pool *pool)
{
	fill_pool(p, -1, pool);
	return choose_from(p, pool, -1);
}

static int too_few_cpus(const struct placing *p, struct err *e)
{
	unsigned vcpus = reserve_vcpus(p->s);

	return err_set(e, ERANGE,
		"performance_mode: need %u CPUs (%u vCPUs + %u service) but only %u host CPUs "
		"available",
		vcpus + p->perf, vcpus, p->perf ? 1U : 0U, p->h->nallowed);
}

static int too_few_llcs(const struct placing *p, struct err *e)
{
	const struct reserve_host *h = p->h;
	unsigned v = p->order[0];

	if (h->topo->nllcs < p->s->nllcs)
		return err_set(e, ERANGE,
			"need %u LLCs for %u virtual LLCs, but host has %u LLC groups", p->s->nllcs,
			p->s->nllcs, h->topo->nllcs);
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution < need_of(p, v))
			return err_set(e, ERANGE,
				"LLC group %u has %u available CPUs, need %u for virtual LLC %u", i,
				h->llcs[i].contribution, need_of(p, v), v);
	return err_set(e, ERANGE, "the host's LLCs cannot hold the guest's");
}

/* Host LLCs for the virtual ones: first whether there ever are, then beside those in the way. */
static int choose(struct placing *p, struct pool *pool, struct err *e)
{
	bool by_node;

	if (p->h->nallowed < reserve_vcpus(p->s) + p->perf)
		return too_few_cpus(p, e);
	order_by_need(p);
	p->ever = true;
	look(p);
	by_node = choose_by_node(p, pool);
	look(p);
	if (!by_node && !choose_in_turn(p, pool))
		return too_few_llcs(p, e);
	p->ever = false;
	look(p);
	if (by_node ? choose_by_node(p, pool) : choose_in_turn(p, pool))
		return 0;
	return err_set(e, EBUSY, "all host CPUs that could hold the guest are busy");
}

/* CPUs of an LLC in the order in which vCPUs take them: as they are numbered; in performance mode
 * threads of a core side by side for a guest with threads, else every core once before any twice.
 */
struct slot {
	unsigned cpu, core, thread;
	bool whole; /* the core has as many threads as the guest's */
};

static int by_core(const void *x, const void *y)
{
	const struct slot *a = x, *b = y;

	if (a->whole != b->whole)
		return b->whole - a->whole;
	if (a->core != b->core)
		return (a->core > b->core) - (a->core < b->core);
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static int by_thread(const void *x, const void *y)
{
	const struct slot *a = x, *b = y;

	if (a->thread != b->thread)
		return (a->thread > b->thread) - (a->thread < b->thread);
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static unsigned threads_among(const struct topo_core *core, const struct cpuset *cpus, int below)
{
	unsigned n = 0;

	cpuset_foreach (cpu, &core->cpus)
		n += cpuset_has(cpus, (unsigned)cpu) && (below < 0 || cpu < below);
	return n;
}

static void list_slots(
	const struct placing *p, const struct cpuset *cpus, unsigned threads, struct slot *out)
{
	const struct topo *t = p->h->topo;
	unsigned n = 0;

	cpuset_foreach (id, cpus) {
		unsigned core = topo_cpu(t, (unsigned)id)->core;
		unsigned have = threads_among(&t->cores[core], cpus, -1);
		unsigned before = threads_among(&t->cores[core], cpus, id);

		/* threads of a core that do not fill one of the guest's are left for last */
		out[n++] = (struct slot){
			(unsigned)id, core, before, before < have / threads * threads};
	}
	if (p->perf)
		qsort(out, n, sizeof(*out), threads > 1 ? by_core : by_thread);
}

static void take_cpus(const struct placing *p, unsigned v, struct reserve_plan *out)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	cleanup_free struct slot *slots = NULL;

	available(p, p->chosen[v], &cpus);
	slots = xcalloc(cpuset_count(&cpus), sizeof(*slots));
	list_slots(p, &cpus, p->s->llcs[v].threads, slots);
	cpuset_add(p->perf ? &out->exclusive : &out->llcs, p->chosen[v]);
	for (unsigned i = 0; i < need_of(p, v); i++) {
		out->vcpus[out->nvcpus++] = slots[i].cpu;
		cpuset_add(&out->cpus, slots[i].cpu);
		if (!p->perf)
			cpuset_add(&out->cpu_locks, slots[i].cpu);
	}
}

/* A CPU of the LLCs that are ours anyway; with `apart` of a core that runs no vCPU. -1 = none. */
static int spare_cpu(const struct placing *p, const struct reserve_plan *out, bool apart)
{
	const struct topo *t = p->h->topo;

	cpuset_foreach (l, &out->exclusive)
		cpuset_foreach (cpu, &p->h->llcs[l].allowed) {
			const struct topo_core *core = &t->cores[topo_cpu(t, (unsigned)cpu)->core];

			if (apart ? !cpuset_intersects(&core->cpus, &out->cpus)
				  : !cpuset_has(&out->cpus, (unsigned)cpu))
				return cpu;
		}
	return -1;
}

/* Rather one of the LLCs that are ours anyway than one that has to be shared for it. */
static int find_service(const struct placing *p, struct reserve_plan *out, struct err *e)
{
	out->service = spare_cpu(p, out, true);
	if (out->service < 0)
		out->service = spare_cpu(p, out, false);
	if (out->service >= 0)
		return 0;
	cpuset_foreach (cpu, &p->h->allowed) {
		unsigned l = topo_cpu(p->h->topo, (unsigned)cpu)->llc;

		if (p->h->llcs[l].exclusive || cpuset_has(&p->h->busy, (unsigned)cpu) ||
			cpuset_has(&out->cpus, (unsigned)cpu))
			continue;
		out->service = cpu;
		cpuset_add(&out->llcs, l);
		cpuset_add(&out->cpu_locks, (unsigned)cpu);
		return 0;
	}
	return err_set(e, EBUSY, "no CPU is left for the service thread: service CPU busy");
}

static int place(struct placing *p, struct reserve_plan *out, struct err *e)
{
	unsigned n = p->h->topo->nllcs;
	cleanup_free unsigned *spare = xcalloc(n, sizeof(*spare)),
			      *pool = xcalloc(n, sizeof(*pool));
	cleanup_free unsigned *chosen = xcalloc(p->s->nllcs, sizeof(*chosen));
	cleanup_free unsigned *order = xcalloc(p->s->nllcs, sizeof(*order));
	cleanup_free bool *taken = xcalloc(n, sizeof(*taken));
	int rc;

	*out = (struct reserve_plan)RESERVE_PLAN_INIT;
	p->spare = spare;
	p->chosen = chosen;
	p->order = order;
	p->taken = taken;
	rc = choose(p, &(struct pool){.v = pool}, e);
	if (!rc) {
		out->vcpus = xcalloc(reserve_vcpus(p->s), sizeof(*out->vcpus));
		for (unsigned v = 0; v < p->s->nllcs; v++)
			take_cpus(p, v, out);
		reserve_nodes_of(p->h, &out->cpus, &out->nodes);
		if (p->perf)
			rc = find_service(p, out, e);
	}
	if (rc)
		reserve_plan_release(out);
	return rc;
}

int reserve_plan_default(const struct reserve_host *h, const struct reserve_shape *s,
	unsigned offset, struct reserve_plan *out, struct err *e)
{
	struct placing p = {.h = h, .s = s, .offset = offset};

	return place(&p, out, e);
}

int reserve_plan_perf(const struct reserve_host *h, const struct reserve_shape *s, unsigned offset,
	struct reserve_plan *out, struct err *e)
{
	struct placing p = {.h = h, .s = s, .offset = offset, .perf = true};

	return place(&p, out, e);
}
