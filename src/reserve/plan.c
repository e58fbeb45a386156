/* Plans that go by a number of CPUs; those that give each vCPU one of its own are in place.c. */
#include "src/reserve/plan.h"

#include <errno.h>
#include <stdlib.h>

void reserve_plan_release(struct reserve_plan *p)
{
	cpuset_release(&p->llcs);
	cpuset_release(&p->exclusive);
	cpuset_release(&p->cpu_locks);
	cpuset_release(&p->cpus);
	cpuset_release(&p->nodes);
	free(p->vcpus);
	*p = (struct reserve_plan)RESERVE_PLAN_INIT;
}

unsigned reserve_vcpus(const struct reserve_shape *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->nllcs; i++)
		n += s->llcs[i].cores * s->llcs[i].threads;
	return n;
}

unsigned reserve_default_budget(const struct reserve_host *h, unsigned vcpus)
{
	unsigned share = (h->nallowed * 3 + 9) / 10;

	if (vcpus > h->nallowed)
		vcpus = h->nallowed;
	return vcpus > share ? vcpus : share ? share : 1;
}

/* An LLC that may be chosen, where it stands in the order of preference. */
struct candidate {
	const struct reserve_llc *llc;
	unsigned index, distance; /* distance of its node from the first choice's */
};

/* Free before held exclusively, shared with many before shared with few, then by number. */
static int by_rank(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->llc->exclusive != b->llc->exclusive)
		return a->llc->exclusive - b->llc->exclusive;
	if (a->llc->sharers != b->llc->sharers)
		return a->llc->sharers > b->llc->sharers ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int by_distance(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->distance != b->distance)
		return (a->distance > b->distance) - (a->distance < b->distance);
	if (a->llc->node != b->llc->node)
		return (a->llc->node > b->llc->node) - (a->llc->node < b->llc->node);
	return by_rank(x, y);
}

/* The LLCs to choose from: those held exclusively only when the others do not suffice. */
static unsigned candidates(const struct reserve_host *h, unsigned target, struct candidate *out)
{
	unsigned n = 0, sum = 0;

	for (unsigned i = 0; i < h->topo->nllcs; i++)
		sum += h->llcs[i].exclusive ? 0 : h->llcs[i].contribution;
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution && (sum < target || !h->llcs[i].exclusive))
			out[n++] = (struct candidate){&h->llcs[i], i, 0};
	return n;
}

/* The CPUs of the chosen LLCs, in order, up to exactly the target. */
static void materialise(const struct reserve_host *h, unsigned target, struct reserve_plan *p)
{
	unsigned n = 0;

	cpuset_foreach (l, &p->llcs)
		cpuset_foreach (cpu, &h->llcs[l].allowed)
			if (n < target) {
				cpuset_add(&p->cpus, (unsigned)cpu);
				n++;
			}
	reserve_nodes_of(h, &p->cpus, &p->nodes);
}

int reserve_plan_budget(
	const struct reserve_host *h, unsigned target, struct reserve_plan *out, struct err *e)
{
	cleanup_free struct candidate *c = xcalloc(h->topo->nllcs, sizeof(*c));
	unsigned n = candidates(h, target, c), sum = 0;

	*out = (struct reserve_plan)RESERVE_PLAN_INIT;
	if (!n)
		return err_set(e, ENODEV, "no host LLC overlaps the process's %u-CPU allowed set",
			h->nallowed);
	qsort(c, n, sizeof(*c), by_rank);
	for (unsigned i = n; i-- > 0;)
		c[i].distance = reserve_distance(h, c[0].llc->node, c[i].llc->node);
	qsort(c, n, sizeof(*c), by_distance);
	for (unsigned i = 0; i < n && sum < target; i++) {
		cpuset_add(&out->llcs, c[i].index);
		sum += c[i].llc->contribution;
	}
	materialise(h, target, out);
	return 0;
}

int reserve_plan_overcommitted(
	const struct reserve_host *h, struct reserve_plan *out, struct err *e)
{
	*out = (struct reserve_plan)RESERVE_PLAN_INIT;
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution && !h->llcs[i].exclusive) {
			cpuset_add(&out->llcs, i);
			cpuset_or(&out->cpus, &h->llcs[i].allowed);
		}
	reserve_nodes_of(h, &out->cpus, &out->nodes);
	if (cpuset_empty(&out->llcs))
		return err_set(e, EBUSY, "every LLC is held exclusively");
	return 0;
}
