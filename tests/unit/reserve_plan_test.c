/* The planners of reservations on machines made for them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/reserve/plan.h"
#include "tests/lib/machine.h"

/* 4 LLCs of 8 CPUs on two nodes: spec/host 3.4's example. */
static const char four_llcs[] =
	"[/sys/devices/system/cpu]\nonline=0-31\n"
	"[/sys/devices/system/cpu/cpu{n} for 0-31]\n"
	"topology/core_id={n}\ntopology/physical_package_id=0\ntopology/core_cpus_list={n}\n"
	"cache/index3/level=3\ncache/index3/type=Unified\ncache/index3/id={n/8}\n"
	"cache/index3/shared_cpu_list={n/8*8}-{n/8*8+7}\n"
	"[/sys/devices/system/node/node{n} for 0-1]\n"
	"cpulist={n*16}-{n*16+15}\ndistance={n*11+10} {n*-11+21}\n";

/* Two LLCs of four cores with two threads, siblings n and n+8. */
static const char threads[] =
	"[/sys/devices/system/cpu]\nonline=0-15\n"
	"[/sys/devices/system/cpu/cpu{n} for 0-15]\n"
	"topology/core_id={n%8}\ntopology/physical_package_id=0\n"
	"topology/core_cpus_list={n%8},{n%8+8}\n"
	"cache/index3/level=3\ncache/index3/type=Unified\ncache/index3/id={n%8/4}\n"
	"cache/index3/shared_cpu_list={n%8/4*4}-{n%8/4*4+3},{n%8/4*4+8}-{n%8/4*4+11}\n";

struct host {
	struct machine *m;
	struct reserve_host h;
};

static void set_up(struct host *x, const char *text)
{
	struct err e = ERR_INIT;

	x->m = machine_new(text);
	if (reserve_host_open(&x->h, x->m->root, &e))
		fail_msg("%s", e.msg);
}

static void tear_down(struct host *x)
{
	reserve_host_release(&x->h);
	machine_free(x->m);
}

static void allow(struct host *x, const char *list)
{
	cleanup_cpuset struct cpuset s = CPUSET_INIT;

	assert_int_equal(cpuset_parse_list(&s, list, NULL), 0);
	reserve_host_allow(&x->h, &s);
}

static void same(const struct cpuset *s, const char *want)
{
	cleanup_str struct str text = STR_INIT;

	cpuset_format(s, &text);
	assert_string_equal(str_get(&text), want);
}

static void same_vcpus(const struct reserve_plan *p, const char *want)
{
	cleanup_str struct str text = STR_INIT;

	for (unsigned i = 0; i < p->nvcpus; i++)
		str_printf(&text, "%s%u", i ? "," : "", p->vcpus[i]);
	assert_string_equal(str_get(&text), want);
}

static void budget(
	struct host *x, unsigned target, const char *llcs, const char *cpus, const char *nodes)
{
	struct reserve_plan p;
	struct err e = ERR_INIT;

	assert_int_equal(reserve_plan_budget(&x->h, target, &p, &e), 0);
	same(&p.llcs, llcs);
	same(&p.cpus, cpus);
	same(&p.nodes, nodes);
	assert_true(cpuset_empty(&p.exclusive) && cpuset_empty(&p.cpu_locks));
	reserve_plan_release(&p);
}

static void test_worked_example(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	x.h.llcs[2].sharers = 2;
	budget(&x, 10, "2-3", "16-25", "1");
	budget(&x, 8, "2", "16-23", "1");
	budget(&x, 17, "0,2-3", "0-7,16-24", "0-1");
	budget(&x, 32, "0-3", "0-31", "0-1");
	tear_down(&x);
}

static void test_ranks(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	budget(&x, 1, "0", "0", "0");
	x.h.llcs[1].sharers = 1;
	x.h.llcs[3].sharers = 1;
	budget(&x, 4, "1", "8-11", "0"); /* equal crowds: by number */
	x.h.llcs[3].sharers = 2;
	budget(&x, 4, "3", "24-27", "1");
	budget(&x, 20, "1-3", "8-27",
		"0-1"); /* the nearer node first, then the crowd of the other */
	tear_down(&x);
}

/* The original would take LLC 0, whose lock somebody holds exclusively, and fail four times. */
static void test_exclusive_holders_are_avoided(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	x.h.llcs[0].exclusive = true;
	budget(&x, 10, "1-2", "8-17", "0-1");
	x.h.llcs[2].sharers = 1;
	budget(&x, 10, "2-3", "16-25", "1");
	x.h.llcs[2].sharers = 0;
	x.h.llcs[1].exclusive = x.h.llcs[2].exclusive = x.h.llcs[3].exclusive = true;
	budget(&x, 8, "0", "0-7", "0"); /* nothing else could do: whoever takes it will be told */
	tear_down(&x);
}

/* Numbers of LLCs are the machine's, whatever part of it the process may use. */
static void test_affinity_does_not_renumber(void **state)
{
	struct host x;
	struct reserve_plan p;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&x, four_llcs);
	allow(&x, "17-18,30");
	assert_int_equal(x.h.nallowed, 3);
	budget(&x, 2, "2", "17-18", "1");
	budget(&x, 3, "2-3", "17-18,30", "1");
	budget(&x, 9, "2-3", "17-18,30", "1"); /* never more than is allowed */
	allow(&x, "40");
	assert_int_equal(reserve_plan_budget(&x.h, 1, &p, &e), -ENODEV);
	assert_string_equal(e.msg, "no host LLC overlaps the process's 0-CPU allowed set");
	tear_down(&x);
}

static void test_default_budgets(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	assert_int_equal(reserve_default_budget(&x.h, 0), 10); /* 9.6, rounded up */
	assert_int_equal(reserve_default_budget(&x.h, 4), 10);
	assert_int_equal(reserve_default_budget(&x.h, 12), 12);
	assert_int_equal(reserve_default_budget(&x.h, 99), 32);
	allow(&x, "3");
	assert_int_equal(reserve_default_budget(&x.h, 0), 1);
	allow(&x, "0-9");
	assert_int_equal(reserve_default_budget(&x.h, 0), 3);
	tear_down(&x);
}

/* llcs over all nodes, cores of each; the first nodes have what is left over. */
struct even {
	unsigned nodes, llcs, cores, threads;
};

static struct reserve_shape shape_of(struct even s, struct reserve_vllc *v)
{
	unsigned at = 0;

	for (unsigned n = 0; n < s.nodes; n++)
		for (unsigned i = 0; i < s.llcs / s.nodes + (n < s.llcs % s.nodes); i++)
			v[at++] = (struct reserve_vllc){n, s.cores, s.threads};
	return (struct reserve_shape){v, at};
}

static void placed_shape(struct host *x, bool perf, const struct reserve_shape *s, unsigned offset,
	const char *llcs, const char *vcpus)
{
	struct reserve_plan p;
	struct err e = ERR_INIT;

	assert_int_equal(
		(perf ? reserve_plan_perf : reserve_plan_default)(&x->h, s, offset, &p, &e), 0);
	same(perf ? &p.exclusive : &p.llcs, llcs);
	same_vcpus(&p, vcpus);
	if (!perf) {
		assert_true(cpuset_equal(&p.cpu_locks, &p.cpus));
		assert_int_equal(p.service, -1);
	}
	reserve_plan_release(&p);
}

static void placed(struct host *x, bool perf, struct even even, unsigned offset, const char *llcs,
	const char *vcpus)
{
	struct reserve_vllc v[8];
	struct reserve_shape s = shape_of(even, v);

	placed_shape(x, perf, &s, offset, llcs, vcpus);
}

static void not_placed(struct host *x, bool perf, struct even even, int rc, const char *message)
{
	struct reserve_vllc v[8];
	struct reserve_shape s = shape_of(even, v);
	struct reserve_plan p;
	struct err e = ERR_INIT;

	assert_int_equal(
		(perf ? reserve_plan_perf : reserve_plan_default)(&x->h, &s, 0, &p, &e), rc);
	assert_string_equal(e.msg, message);
	assert_null(p.vcpus);
}

static void test_default_placement(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	placed(&x, false, (struct even){1, 1, 2, 1}, 0, "0", "0,1");
	placed(&x, false, (struct even){1, 1, 2, 1}, 6, "2", "16,17");
	placed(&x, false, (struct even){1, 3, 1, 1}, 2, "0,2-3", "16,24,0");
	/* two guest nodes on two host nodes, rotated inside and over them */
	placed(&x, false, (struct even){2, 2, 1, 1}, 0, "0,2", "0,16");
	placed(&x, false, (struct even){2, 2, 1, 1}, 1, "1,3", "24,8");
	placed(&x, false, (struct even){2, 4, 1, 1}, 0, "0-3", "0,8,16,24");
	placed(&x, false, (struct even){2, 3, 1, 1}, 0, "0-2", "0,8,16");
	/* more nodes than the host has: in turn */
	placed(&x, false, (struct even){4, 4, 1, 1}, 0, "0-3", "0,8,16,24");
	/* other guests' CPUs and measured LLCs are left alone */
	cpuset_add(&x.h.busy, 0);
	cpuset_add(&x.h.busy, 1);
	x.h.llcs[1].exclusive = true;
	placed(&x, false, (struct even){1, 1, 2, 1}, 0, "0", "2,3");
	placed(&x, false, (struct even){1, 1, 8, 1}, 0, "2", "16,17,18,19,20,21,22,23");
	not_placed(&x, false, (struct even){1, 4, 1, 1}, -EBUSY,
		"all host CPUs that could hold the guest are busy");
	tear_down(&x);
}

/* Caches of different sizes: the largest chooses first, on whatever node. */
static void test_unequal_guests(void **state)
{
	static const struct reserve_vllc two[] = {{0, 2, 1}, {0, 8, 1}},
					 far[] = {{0, 2, 1}, {2, 3, 1}};
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	allow(&x, "0-7,8-12,16-18");
	placed_shape(&x, false, &(struct reserve_shape){two, 2}, 0, "0-1", "8,9,0,1,2,3,4,5,6,7");
	placed_shape(&x, false, &(struct reserve_shape){far, 2}, 0, "0,2", "0,1,16,17,18");
	tear_down(&x);
}

static void test_what_never_fits(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, four_llcs);
	not_placed(&x, false, (struct even){1, 5, 1, 1}, -ERANGE,
		"need 5 LLCs for 5 virtual LLCs, but host has 4 LLC groups");
	not_placed(&x, false, (struct even){1, 1, 9, 1}, -ERANGE,
		"LLC group 0 has 8 available CPUs, need 9 for virtual LLC 0");
	not_placed(&x, true, (struct even){1, 4, 8, 1}, -ERANGE,
		"performance_mode: need 33 CPUs (32 vCPUs + 1 service) but only 32 host CPUs "
		"available");
	tear_down(&x);
}

static void test_overcommitted(void **state)
{
	struct host x;
	struct reserve_plan p;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&x, four_llcs);
	x.h.llcs[1].exclusive = true;
	allow(&x, "0-17");
	assert_int_equal(reserve_plan_overcommitted(&x.h, &p, &e), 0);
	same(&p.llcs, "0,2");
	same(&p.cpus, "0-7,16-17");
	assert_true(cpuset_empty(&p.cpu_locks));
	reserve_plan_release(&p);
	x.h.llcs[0].exclusive = x.h.llcs[2].exclusive = true;
	assert_int_equal(reserve_plan_overcommitted(&x.h, &p, &e), -EBUSY);
	tear_down(&x);
}

static void test_performance_placement(void **state)
{
	struct host x;
	struct reserve_plan p;
	struct err e = ERR_INIT;
	struct even two = {1, 1, 2, 2}, wide = {1, 1, 4, 2};
	struct reserve_vllc v[1];
	struct reserve_shape s = shape_of(two, v);

	(void)state;
	set_up(&x, threads);
	/* threads of a guest core are threads of one host core; without threads, cores of their own
	 */
	placed(&x, true, two, 0, "0", "0,8,1,9");
	placed(&x, true, (struct even){1, 1, 4, 1}, 1, "1", "4,5,6,7");
	placed(&x, true, (struct even){1, 1, 6, 1}, 0, "0", "0,1,2,3,8,9");
	assert_int_equal(reserve_plan_perf(&x.h, &s, 0, &p, &e), 0);
	assert_int_equal(p.service, 2);
	assert_true(cpuset_empty(&p.llcs) && cpuset_empty(&p.cpu_locks));
	reserve_plan_release(&p);
	/* one thread each on two cores: the watcher does not disturb them from their other threads
	 */
	s = shape_of((struct even){1, 1, 2, 1}, v);
	assert_int_equal(reserve_plan_perf(&x.h, &s, 0, &p, &e), 0);
	same_vcpus(&p, "0,1");
	assert_int_equal(p.service, 2);
	reserve_plan_release(&p);
	s = shape_of((struct even){1, 1, 4, 1}, v);
	assert_int_equal(reserve_plan_perf(&x.h, &s, 0, &p, &e), 0);
	assert_int_equal(p.service, 8);
	reserve_plan_release(&p);
	/* a full LLC: the service CPU is one of the next, and locked as a guest's would be */
	s = shape_of(wide, v);
	assert_int_equal(reserve_plan_perf(&x.h, &s, 0, &p, &e), 0);
	assert_int_equal(p.service, 4);
	same(&p.exclusive, "0");
	same(&p.llcs, "1");
	same(&p.cpu_locks, "4");
	reserve_plan_release(&p);
	/* an LLC that is shared already cannot be had whole */
	x.h.llcs[0].sharers = 1;
	placed(&x, true, two, 0, "1", "4,12,5,13");
	x.h.llcs[1].exclusive = true;
	not_placed(&x, true, two, -EBUSY, "all host CPUs that could hold the guest are busy");
	tear_down(&x);
}

/* A core of which one thread is not allowed comes last for a guest with threads. */
static void test_broken_cores_come_last(void **state)
{
	struct host x;

	(void)state;
	set_up(&x, threads);
	allow(&x, "0-7,9-15");
	placed(&x, true, (struct even){1, 1, 2, 2}, 0, "0", "1,9,2,10");
	placed(&x, true, (struct even){1, 1, 3, 2}, 0, "0", "1,9,2,10,3,11");
	tear_down(&x);
}

/* ---- properties ------------------------------------------------------------------------------ */

static unsigned seed = 20;
static unsigned below(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Machines of 1 to 8 LLCs of 1 to 6 CPUs on 1 to 4 nodes, with random distances. */
static void random_machine(struct str *out, unsigned *ncpus)
{
	unsigned llcs = 1 + below(8), per = 1 + below(6), nodes = 1 + below(llcs < 4 ? llcs : 4);
	unsigned share = (llcs + nodes - 1) / nodes * per, d[4][4];

	*ncpus = llcs * per;
	str_printf(out, "[/sys/devices/system/cpu]\nonline=0-%u\n", *ncpus - 1);
	str_printf(out,
		"[/sys/devices/system/cpu/cpu{n} for 0-%u]\ncache/index3/level=3\n"
		"cache/index3/type=Unified\ncache/index3/id={n/%u}\n"
		"cache/index3/shared_cpu_list={n/%u*%u}-{n/%u*%u+%u}\n",
		*ncpus - 1, per, per, per, per, per, per - 1);
	for (unsigned a = 0; a < nodes; a++)
		for (unsigned b = 0; b <= a; b++)
			d[a][b] = d[b][a] = a == b ? 10 : 11 + below(30);
	for (unsigned a = 0; a < nodes; a++) {
		unsigned last = (a + 1) * share;

		str_printf(out, "[/sys/devices/system/node/node%u]\ncpulist=", a);
		if (a * share < *ncpus)
			str_printf(out, "%u-%u", a * share, (last < *ncpus ? last : *ncpus) - 1);
		str_add(out, "\ndistance=");
		for (unsigned b = 0; b < nodes; b++)
			str_printf(out, "%u ", d[a][b]);
		str_addc(out, '\n');
	}
}

static void random_crowd(struct host *x, unsigned ncpus)
{
	cleanup_cpuset struct cpuset allowed = CPUSET_INIT;

	for (unsigned c = 0; c < ncpus; c++)
		if (below(4))
			cpuset_add(&allowed, c);
	cpuset_add(&allowed, below(ncpus));
	reserve_host_allow(&x->h, &allowed);
	reserve_host_forget(&x->h);
	for (unsigned i = 0; i < x->h.topo->nllcs; i++) {
		x->h.llcs[i].exclusive = !below(4);
		x->h.llcs[i].sharers = x->h.llcs[i].exclusive ? 0 : below(3);
	}
	for (unsigned c = 0; c < ncpus; c++)
		if (!below(4))
			cpuset_add(&x->h.busy, c);
}

/* The first choice by the rules, found in another way: the best of all pairs. */
static unsigned first_choice(const struct reserve_host *h, bool all)
{
	unsigned best = 0;
	int best_score = -1;

	for (unsigned i = 0; i < h->topo->nllcs; i++) {
		int score = h->llcs[i].exclusive ? 0 : 1 + (int)h->llcs[i].sharers;

		if (!h->llcs[i].contribution || (!all && h->llcs[i].exclusive))
			continue;
		if (score > best_score) {
			best = i;
			best_score = score;
		}
	}
	return best;
}

static void check_budget(const struct reserve_host *h, unsigned target)
{
	struct reserve_plan p;
	struct err e = ERR_INIT;
	unsigned sum = 0, free_sum = 0, nearer = 0, node, farthest = 0;
	bool all;

	assert_int_equal(reserve_plan_budget(h, target, &p, &e), 0);
	assert_int_equal(cpuset_count(&p.cpus), target < h->nallowed ? target : h->nallowed);
	assert_true(cpuset_subset(&p.cpus, &h->allowed));
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		free_sum += h->llcs[i].exclusive ? 0 : h->llcs[i].contribution;
	all = free_sum < target;
	node = h->llcs[first_choice(h, all)].node;
	assert_true(cpuset_has(&p.llcs, first_choice(h, all)));
	cpuset_foreach (l, &p.llcs) {
		unsigned d = reserve_distance(h, node, h->llcs[l].node);

		assert_true(h->llcs[l].contribution > 0);
		assert_true(all || !h->llcs[l].exclusive);
		sum += h->llcs[l].contribution;
		farthest = d > farthest ? d : farthest;
	}
	/* no LLC too many, and none farther away while nearer ones were left */
	for (unsigned i = 0; i < h->topo->nllcs; i++)
		if (h->llcs[i].contribution && (all || !h->llcs[i].exclusive) &&
			reserve_distance(h, node, h->llcs[i].node) < farthest) {
			assert_true(cpuset_has(&p.llcs, i));
			nearer += h->llcs[i].contribution;
		}
	assert_true(nearer < target);
	cpuset_foreach (cpu, &p.cpus)
		assert_true(cpuset_has(&p.llcs, topo_cpu(h->topo, (unsigned)cpu)->llc));
	assert_true(sum >= target || sum == h->nallowed);
	reserve_plan_release(&p);
}

static void check_placed(const struct reserve_host *h, const struct reserve_shape *s, bool perf)
{
	struct reserve_plan p;
	struct err e = ERR_INIT;
	unsigned at = 0;
	int rc = (perf ? reserve_plan_perf : reserve_plan_default)(h, s, below(20), &p, &e);

	assert_true(rc == 0 || rc == -EBUSY || rc == -ERANGE);
	if (rc)
		return;
	assert_int_equal(p.nvcpus, reserve_vcpus(s));
	assert_int_equal(cpuset_count(&p.cpus), p.nvcpus); /* no CPU twice */
	assert_true(cpuset_subset(&p.cpus, &h->allowed));
	assert_false(cpuset_intersects(&p.cpus, &h->busy));
	assert_int_equal(cpuset_count(perf ? &p.exclusive : &p.llcs), s->nllcs);
	for (unsigned v = 0; v < s->nllcs; v++) {
		unsigned llc = topo_cpu(h->topo, p.vcpus[at])->llc;

		assert_false(h->llcs[llc].exclusive);
		assert_false(perf && h->llcs[llc].sharers);
		for (unsigned i = 0; i < s->llcs[v].cores * s->llcs[v].threads; i++)
			assert_int_equal(topo_cpu(h->topo, p.vcpus[at++])->llc, llc);
	}
	if (perf) {
		assert_true(cpuset_has(&h->allowed, (unsigned)p.service));
		assert_false(cpuset_has(&p.cpus, (unsigned)p.service));
	}
	reserve_plan_release(&p);
}

static void test_properties(void **state)
{
	(void)state;
	for (int m = 0; m < 60; m++) {
		cleanup_str struct str text = STR_INIT;
		struct host x;
		unsigned ncpus;

		random_machine(&text, &ncpus);
		set_up(&x, text.s);
		for (int i = 0; i < 200; i++) {
			struct reserve_vllc v[6];
			struct reserve_shape s = {v, 1 + below(6)};

			for (unsigned k = 0; k < s.nllcs; k++)
				v[k] = (struct reserve_vllc){k ? v[k - 1].node + below(2) : 0,
					1 + below(3), 1 + below(2)};
			random_crowd(&x, ncpus);
			check_budget(&x.h, 1 + below(ncpus + 2));
			check_placed(&x.h, &s, false);
			check_placed(&x.h, &s, true);
		}
		tear_down(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_example),
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_exclusive_holders_are_avoided),
		cmocka_unit_test(test_affinity_does_not_renumber),
		cmocka_unit_test(test_default_budgets),
		cmocka_unit_test(test_default_placement),
		cmocka_unit_test(test_unequal_guests),
		cmocka_unit_test(test_what_never_fits),
		cmocka_unit_test(test_overcommitted),
		cmocka_unit_test(test_performance_placement),
		cmocka_unit_test(test_broken_cores_come_last),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
