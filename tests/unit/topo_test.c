/* What tests/golden/topo does not show: lookups, refusals, ties, and odd values one at a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "probes/topo/topo.h"
#include "tests/lib/machine.h"
#include "tests/lib/topo_check.h"

/* Four CPUs with an L2 each pair shares, two nodes. */
static const char four[] = "[/sys/devices/system/cpu]\n"
			   "online=0-3\n"
			   "[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
			   "topology/core_id={n}\n"
			   "topology/physical_package_id=0\n"
			   "cache/index0/level=1\n"
			   "cache/index0/type=Data\n"
			   "cache/index0/shared_cpu_list={n}\n"
			   "cache/index1/level=2\n"
			   "cache/index1/type=Unified\n"
			   "cache/index1/size=512K\n"
			   "cache/index1/shared_cpu_list={n/2*2}-{n/2*2+1}\n"
			   "[/sys/devices/system/node/node{n} for 0-1]\n"
			   "cpulist={n*2}-{n*2+1}\n"
			   "distance=10 20\n";

/* The machine `four`, changed; the model outlives the tree. */
static struct topo *changed(const char *change)
{
	struct machine *m = machine_new(four);
	struct err e = ERR_INIT;
	struct topo *t;

	machine_change(m, change);
	t = topo_collect(m->root, &e);
	if (!t)
		fail_msg("%s", e.msg);
	assert_true(topo_is_partition(t));
	machine_free(m);
	return t;
}

static bool warned(const struct topo *t, const char *word)
{
	for (size_t i = 0; i < t->warnings.n; i++)
		if (strstr(t->warnings.v[i], word))
			return true;
	return false;
}

static void expect_llcs(const struct topo *t, const char *want)
{
	cleanup_str struct str text = STR_INIT;

	for (unsigned l = 0; l < t->nllcs; l++) {
		str_add(&text, l ? " " : "");
		cpuset_format(&t->llcs[l].cpus, &text);
	}
	assert_string_equal(str_get(&text), want);
}

static void things_are_found_by_number(void **state)
{
	struct topo *t = changed("");
	const struct topo_cache *cache = topo_cache_of(t, 3, 2, TOPO_CACHE_UNIFIED);

	(void)state;
	assert_int_equal(topo_cpu(t, 3)->llc, 1);
	assert_null(topo_cpu(t, 4));
	assert_int_equal(topo_node(t, 1)->id, 1);
	assert_null(topo_node(t, 2));
	assert_non_null(cache);
	assert_int_equal(cache->size, 512 * 1024);
	assert_true(cpuset_has(&cache->cpus, 2));
	assert_null(topo_cache_of(t, 3, 2, TOPO_CACHE_DATA));
	assert_null(topo_cache_of(t, 3, 3, TOPO_CACHE_UNIFIED));
	assert_string_equal(t->notation, "2n2l2c1t");
	assert_int_equal(t->warnings.n, 0);
	topo_free(t);
}

static void expect_refusal(const char *machine, const char *word)
{
	struct machine *m = machine_new(machine);
	struct err e = ERR_INIT;

	assert_null(topo_collect(m->root, &e));
	assert_non_null(strstr(e.msg, word));
	assert_non_null(strstr(e.msg, m->dir));
	machine_free(m);
}

static void nothing_to_describe_is_said(void **state)
{
	(void)state;
	expect_refusal("[/proc]\nstat=x\n", "cannot read '/sys/devices/system/cpu'");
	expect_refusal("[/sys/devices/system/cpu]\nonline=0-1\n", "no online CPUs found");
	expect_refusal("[/sys/devices/system/cpu/cpu0]\nonline=0\n", "no online CPUs found");
}

static void an_unreadable_list_falls_back_to_directories(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu]\nonline=0-x\ncpu2/online=0\n");

	(void)state;
	assert_int_equal(cpuset_count(&t->online), 3);
	assert_true(cpuset_has(&t->offline, 2));
	assert_true(warned(t, "list of online CPUs"));
	topo_free(t);
}

static void sysfs_ids_order_and_do_nothing_else(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "cache/index1/id={n/2*-5+9}\n");

	(void)state;
	expect_llcs(t, "2-3 0-1");
	assert_int_equal(t->llcs[0].id, 4);
	topo_free(t);
	/* One id for all does not make one cache. */
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\ncache/index1/id=0\n");
	expect_llcs(t, "0-1 2-3");
	topo_free(t);
}

static void the_deepest_cache_decides(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "cache/index2/level=3\ncache/index2/type=Unified\n"
				 "cache/index2/size=2M\ncache/index2/shared_cpu_list=0-3\n");

	(void)state;
	expect_llcs(t, "0-3");
	assert_int_equal(t->llcs[0].level, 3);
	assert_int_equal(t->llcs[0].size, 2 << 20);
	assert_int_equal(t->llcs[0].ncores, 4);
	assert_int_equal(t->ncaches, 4 + 2 + 1);
	topo_free(t);
}

static void level_1_alone_makes_an_llc_of_its_own(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "cache/index1/level=1\ncache/index1/type=Instruction\n"
				 "cache/index0/size=16K\n");

	(void)state;
	expect_llcs(t, "0 1 2 3");
	assert_int_equal(t->llcs[2].level, 1);
	assert_int_equal(t->llcs[2].size, 16 * 1024);
	topo_free(t);
}

static void the_majority_wins_and_ties_go_to_the_smaller_set(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-2]\n"
				 "cache/index1/shared_cpu_list=0-3\n");

	(void)state;
	expect_llcs(t, "0-3"); /* CPU 3 says 2-3, three say 0-3 */
	assert_true(warned(t, "CPU 3"));
	topo_free(t);

	t = changed("[/sys/devices/system/cpu/cpu3]\ncache/index1/shared_cpu_list=3\n");
	expect_llcs(t, "0-1 2 3"); /* CPU 2 says 2-3, CPU 3 says 3 */
	assert_true(warned(t, "L2"));
	topo_free(t);
}

static void odd_values_of_caches_are_absent(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "cache/index1/size=lots\ncache/index1/id=-1\n"
				 "cache/index1/coherency_line_size=\n"
				 "cache/index2/level=99\ncache/index3/level=x\n");
	const struct topo_cache *c = topo_cache_of(t, 0, 2, TOPO_CACHE_UNIFIED);

	(void)state;
	assert_int_equal(c->size, 0);
	assert_int_equal(c->id, -1);
	assert_int_equal(c->line, 0);
	assert_int_equal(t->ncaches, 4 + 2);
	topo_free(t);
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\ncache/index1/size=1536\n");
	assert_int_equal(t->llcs[0].size, 1536);
	topo_free(t);
}

static void siblings_share_llc_package_and_core_id(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "topology/core_id={n/2}\n");

	(void)state;
	assert_int_equal(t->ncores, 2);
	assert_int_equal(t->llcs[0].threads, 2);
	topo_free(t);
	/* The same id in another LLC, or a list that denies it, is another core. */
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\ntopology/core_id=0\n"
		    "[/sys/devices/system/cpu/cpu{n} for 0-1]\n"
		    "topology/thread_siblings_list={n}\n");
	assert_int_equal(t->ncores, 3);
	topo_free(t);
	/* Without ids the lists decide. */
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\ntopology/core_id=-1\n"
		    "topology/core_cpus_list={n/2*2}-{n/2*2+1}\n");
	assert_int_equal(t->ncores, 2);
	topo_free(t);
}

static void distances_are_whole_or_assumed(void **state)
{
	static const char *const bad[] = {"10", "10 20 30", "10 x", "10 99999999", ""};
	struct topo *t = changed("[/sys/devices/system/node]\nnode1/distance=31 10\n");

	(void)state;
	assert_true(t->distance_given);
	assert_int_equal(t->distance[2], 31);
	topo_free(t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_free char *change =
			xasprintf("[/sys/devices/system/node]\nnode1/distance=%s\n", bad[i]);

		t = changed(change);
		assert_false(t->distance_given);
		assert_int_equal(t->distance[2], 20);
		assert_int_equal(t->distance[3], 10);
		assert_true(warned(t, "distances"));
		topo_free(t);
	}
}

static void a_cpu_knows_its_node_where_nodes_do_not(void **state)
{
	struct topo *t = changed("[/sys/devices/system/node]\nnode1/cpulist=3\n"
				 "[/sys/devices/system/cpu/cpu2]\nnode1/\nnodeless/\n");

	(void)state;
	assert_int_equal(topo_cpu(t, 2)->node, 1);
	assert_int_equal(t->warnings.n, 0);
	topo_free(t);
	t = changed("[/sys/devices/system/node]\nnode1/cpulist=3\n");
	assert_int_equal(topo_cpu(t, 2)->node, 0);
	assert_true(warned(t, "no node claims CPU 2"));
	topo_free(t);
}

static void kinds_differ_by_much(void **state)
{
	struct topo *t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
				 "cpu_capacity={n*8+1000}\n");

	(void)state;
	assert_null(t->cpus[0].kind);
	topo_free(t);
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\ncpu_capacity={n*300+124}\n");
	assert_string_equal(t->cpus[0].kind, "little"); /* 124 424 724 1024: three names at most */
	assert_string_equal(t->cpus[1].kind, "little");
	assert_string_equal(t->cpus[2].kind, "mid");
	assert_string_equal(t->cpus[3].kind, "big");
	topo_free(t);
	/* One CPU of unknown strength: no kinds at all. */
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-2]\ncpu_capacity={n*300+124}\n");
	assert_null(t->cpus[0].kind);
	topo_free(t);
	t = changed("[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
		    "cpufreq/cpuinfo_max_freq={n/2*1000000+2000000}\n");
	assert_string_equal(t->cpus[1].kind, "little");
	assert_string_equal(t->cpus[2].kind, "big");
	topo_free(t);
}

static void the_shape_alone_is_the_same_shape(void **state)
{
	struct machine *m = machine_new(four);
	struct topo *all = topo_collect(m->root, NULL), *shape = topo_collect_shape(m->root, NULL);
	cleanup_str struct str a = STR_INIT, b = STR_INIT;

	(void)state;
	assert_non_null(shape);
	topo_text(all, false, &a);
	topo_text(shape, false, &b);
	assert_string_equal(str_get(&a), str_get(&b));
	assert_string_equal(all->notation, shape->notation);
	assert_int_equal(all->ncores, shape->ncores);
	assert_int_equal(shape->llcs[0].size, 0);
	topo_free(all);
	topo_free(shape);
	machine_free(m);
}

static void this_machine_can_be_described(void **state)
{
	struct sysroot *r = sysroot_open(NULL, NULL);
	struct err e = ERR_INIT;
	struct topo *t = topo_collect(r, &e);

	(void)state;
	if (!t)
		fail_msg("%s", e.msg);
	assert_true(topo_is_partition(t));
	assert_true(cpuset_subset(&t->allowed, &t->online));
	assert_false(cpuset_empty(&t->allowed));
	topo_free(t);
	sysroot_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things_are_found_by_number),
		cmocka_unit_test(nothing_to_describe_is_said),
		cmocka_unit_test(an_unreadable_list_falls_back_to_directories),
		cmocka_unit_test(sysfs_ids_order_and_do_nothing_else),
		cmocka_unit_test(the_deepest_cache_decides),
		cmocka_unit_test(level_1_alone_makes_an_llc_of_its_own),
		cmocka_unit_test(the_majority_wins_and_ties_go_to_the_smaller_set),
		cmocka_unit_test(odd_values_of_caches_are_absent),
		cmocka_unit_test(siblings_share_llc_package_and_core_id),
		cmocka_unit_test(distances_are_whole_or_assumed),
		cmocka_unit_test(a_cpu_knows_its_node_where_nodes_do_not),
		cmocka_unit_test(kinds_differ_by_much),
		cmocka_unit_test(the_shape_alone_is_the_same_shape),
		cmocka_unit_test(this_machine_can_be_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
