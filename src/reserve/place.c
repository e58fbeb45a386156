/* Plans that give each vCPU a CPU of its own (spec/host 3.7). */
#include <errno.h>
#include <stdlib.h>

#include "src/reserve/plan.h"

/* What is being placed, and on what. */
struct placing {
	const struct reserve_host *h;
	const struct reserve_shape *s;
	unsigned need; /* CPUs of one virtual LLC */
	unsigned offset;
	bool perf;
	bool ever;	  /* as if nobody held anything */
	unsigned *usable; /* LLCs that can hold a virtual one, ascending */
	unsigned nusable;
	unsigned *chosen; /* host LLC of each virtual LLC */
};

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

static void find_usable(struct placing *p)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;

	p->nusable = 0;
	for (unsigned i = 0; i < p->h->topo->nllcs; i++) {
		available(p, i, &cpus);
		if (cpuset_count(&cpus) >= p->need)
			p->usable[p->nusable++] = i;
	}
}

static unsigned usable_on_node(const struct placing *p, unsigned node, unsigned *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->nusable; i++)
		if (p->h->llcs[p->usable[i]].node == node)
			out[n++] = p->usable[i];
	return n;
}

/* Nodes with at least `per` usable LLCs, ascending. */
static unsigned eligible_nodes(const struct placing *p, unsigned per, unsigned *out)
{
	cleanup_free unsigned *llcs = xcalloc(p->nusable + 1, sizeof(*llcs));
	unsigned n = 0;

	for (unsigned i = 0; i < p->h->topo->nnodes; i++)
		if (usable_on_node(p, p->h->topo->nodes[i].id, llcs) >= per)
			out[n++] = p->h->topo->nodes[i].id;
	return n;
}

/* Guest nodes on host nodes; false where the host has too few with enough LLCs. */
static bool choose_by_node(struct placing *p)
{
	const struct reserve_shape *s = p->s;
	unsigned per = (s->llcs + s->nodes - 1) / s->nodes, at = 0;
	cleanup_free unsigned *nodes = xcalloc(p->h->topo->nnodes, sizeof(*nodes));
	cleanup_free unsigned *llcs = xcalloc(p->nusable + 1, sizeof(*llcs));
	unsigned n = eligible_nodes(p, per, nodes);

	if (s->nodes < 2 || n < s->nodes)
		return false;
	for (unsigned g = 0; g < s->nodes; g++) {
		unsigned take = s->llcs / s->nodes + (g < s->llcs % s->nodes);
		unsigned have = usable_on_node(p, nodes[(g + p->offset / per) % n], llcs);

		for (unsigned j = 0; j < take; j++)
			p->chosen[at++] = llcs[(j + p->offset % have) % have];
	}
	return true;
}

static bool choose_in_turn(struct placing *p)
{
	if (p->nusable < p->s->llcs)
		return false;
	for (unsigned v = 0; v < p->s->llcs; v++)
		p->chosen[v] = p->usable[(v + p->offset) % p->nusable];
	return true;
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

	if (h->topo->nllcs < p->s->llcs)
		return err_set(e, ERANGE,
			"need %u LLCs for %u virtual LLCs, but host has %u LLC groups", p->s->llcs,
			p->s->llcs, h->topo->nllcs);
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution < p->need)
			return err_set(e, ERANGE,
				"LLC group %u has %u available CPUs, need %u for virtual LLC %u", i,
				h->llcs[i].contribution, p->need, p->nusable);
	return err_set(e, ERANGE, "the host's LLCs cannot hold the guest's");
}

/* Host LLCs for the virtual ones: first whether there ever are, then beside those in the way. */
static int choose(struct placing *p, struct err *e)
{
	bool by_node;

	if (p->h->nallowed < reserve_vcpus(p->s) + p->perf)
		return too_few_cpus(p, e);
	p->ever = true;
	find_usable(p);
	if (p->nusable < p->s->llcs)
		return too_few_llcs(p, e);
	by_node = choose_by_node(p);
	p->ever = false;
	find_usable(p);
	if (by_node ? choose_by_node(p) : choose_in_turn(p))
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

static unsigned list_slots(const struct placing *p, const struct cpuset *cpus, struct slot *out)
{
	const struct topo *t = p->h->topo;
	unsigned n = 0, threads = p->s->threads;

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
	return n;
}

static void take_cpus(const struct placing *p, unsigned v, struct reserve_plan *out)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	cleanup_free struct slot *slots = NULL;

	available(p, p->chosen[v], &cpus);
	slots = xcalloc(cpuset_count(&cpus), sizeof(*slots));
	list_slots(p, &cpus, slots);
	cpuset_add(p->perf ? &out->exclusive : &out->llcs, p->chosen[v]);
	for (unsigned i = 0; i < p->need; i++) {
		out->vcpus[out->nvcpus++] = slots[i].cpu;
		cpuset_add(&out->cpus, slots[i].cpu);
		if (!p->perf)
			cpuset_add(&out->cpu_locks, slots[i].cpu);
	}
}

/* Rather one of the LLCs that are ours anyway than one that has to be shared for it. */
static int find_service(const struct placing *p, struct reserve_plan *out, struct err *e)
{
	cpuset_foreach (l, &out->exclusive)
		cpuset_foreach (cpu, &p->h->llcs[l].allowed)
			if (!cpuset_has(&out->cpus, (unsigned)cpu)) {
				out->service = cpu;
				return 0;
			}
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
	int rc;

	*out = (struct reserve_plan)RESERVE_PLAN_INIT;
	p->need = p->s->cores * p->s->threads;
	p->usable = xcalloc(p->h->topo->nllcs, sizeof(*p->usable));
	p->chosen = xcalloc(p->s->llcs, sizeof(*p->chosen));
	rc = choose(p, e);
	if (!rc) {
		out->vcpus = xcalloc(reserve_vcpus(p->s), sizeof(*out->vcpus));
		for (unsigned v = 0; v < p->s->llcs; v++)
			take_cpus(p, v, out);
		reserve_nodes_of(p->h, &out->cpus, &out->nodes);
		if (p->perf)
			rc = find_service(p, out, e);
	}
	free(p->usable);
	free(p->chosen);
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
