#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/vmctl.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		unsigned want[4];
		const char *name;
	} cases[] = {
		{"1,1,1,1", {1, 1, 1, 1}, "1n1l1c1t"},
		{"2,4,2,2", {2, 4, 2, 2}, "2n4l2c2t"},
		{"1,3,3,1", {1, 3, 3, 1}, "1n3l3c1t"},
		{"4,4,1,1", {4, 4, 1, 1}, "4n4l1c1t"},
		{"1,255,1,1", {1, 255, 1, 1}, "1n255l1c1t"},
		{"1,1024,1,1", {1, 1024, 1, 1}, "1n1024l1c1t"},
		{"64,64,16,1", {64, 64, 16, 1}, "64n64l16c1t"},
		{"2n4l2c2t", {2, 4, 2, 2}, "2n4l2c2t"},
		{"4c2t", {1, 1, 4, 2}, "1n1l4c2t"},
		{"4c2t+4c2t/4c2t+4c2t", {2, 4, 4, 2}, "2n4l4c2t"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_str struct str name = STR_INIT;
		struct vm_topology got, want;

		assert_int_equal(vm_topology_parse(cases[i].text, &got, NULL), 0);
		want = vm_topology_uniform(
			cases[i].want[0], cases[i].want[1], cases[i].want[2], cases[i].want[3]);
		assert_memory_equal(&got, &want, sizeof(got));
		vm_topology_format(&got, &name);
		assert_string_equal(str_get(&name), cases[i].name);
	}
}

static void test_unequal(void **state)
{
	static const char text[] = "4c2t+4c2t/8c1t/mem";
	cleanup_str struct str name = STR_INIT, spelt = STR_INIT;
	struct vm_topology t;

	(void)state;
	assert_int_equal(vm_topology_parse(text, &t, NULL), 0);
	assert_int_equal(t.nodes, 3);
	assert_int_equal(t.llcs, 3);
	assert_int_equal(t.vcpus, 24);
	assert_int_equal(t.node_llcs[0], 2);
	assert_int_equal(t.node_llcs[2], 0);
	assert_int_equal(t.llc[2].cores, 8);
	assert_int_equal(vm_topology_max_cores(&t), 8);
	assert_int_equal(vm_topology_max_threads(&t), 2);
	assert_int_equal(vm_topology_node_first(&t, 1), 16);
	assert_int_equal(vm_topology_node_first(&t, 2), 24);
	assert_int_equal(vm_topology_node_first(&t, 3), 24);
	assert_false(vm_topology_is_uniform(&t));
	vm_topology_format(&t, &name);
	vm_topology_spell(&t, &spelt);
	assert_string_equal(str_get(&name), text);
	assert_string_equal(str_get(&spelt), text);
}

/* The iterator, the look-up and the counts tell of the same vCPUs, in order. */
static void expect_places(const char *text)
{
	struct vm_topology t;
	struct vm_place p, last = {0};
	unsigned seen = 0;

	assert_int_equal(vm_topology_parse(text, &t, NULL), 0);
	vm_topology_foreach(&p, &t)
	{
		struct vm_place same = vm_topology_place(&t, p.cpu);

		assert_int_equal(p.cpu, seen++);
		assert_memory_equal(&same, &p, sizeof(p));
		assert_true(p.core < t.llc[p.llc].cores && p.thread < t.llc[p.llc].threads);
		assert_true(p.node >= last.node && p.llc >= last.llc);
		assert_true(p.cpu >= vm_topology_node_first(&t, p.node));
		assert_true(p.cpu < vm_topology_node_first(&t, p.node + 1));
		assert_true(p.cpu >= vm_topology_llc_first(&t, p.llc));
		assert_true(p.cpu < vm_topology_llc_first(&t, p.llc + 1));
		last = p;
	}
	assert_int_equal(seen, t.vcpus);
}

static void test_places(void **state)
{
	static const char *const texts[] = {"1,1,1,1", "2,4,2,2", "1,3,3,1", "4c2t+4c2t/8c1t/mem",
		"1c1t/3c3t+1c1t/mem/mem", "64,64,16,1", "1,1024,1,1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_places(texts[i]);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "expected 'numa_nodes,llcs,cores,threads'"},
		{"1,1,1", "invalid topology '1,1,1': expected 'numa_nodes,llcs,cores,threads'"},
		{"1,1,1,1,1", "expected 'numa_nodes,llcs,cores,threads'"},
		{"x,1,1,1", "invalid numa_nodes value: 'x'"},
		{"1,-1,1,1", "invalid llcs value: '-1'"},
		{"1,1, 1,1", "invalid cores value: ' 1'"},
		{"1,1,1,", "invalid threads value: ''"},
		{"1,1,1,4294967296", "invalid threads value: '4294967296'"},
		{"0,1,1,1", "all values must be >= 1"},
		{"1,1,1,0", "threads is 0, all values must be >= 1"},
		{"2,3,1,1", "must be a multiple of numa_nodes (2)"},
		{"2,1,1,1", "must be a multiple of numa_nodes (2)"},
		{"1,1025,1,1", "1024 vCPUs"},
		{"1,4294967295,4294967295,4294967295", "1024 vCPUs"},
		{"1,33,32,1", "1024 vCPUs"},
		{"1,2147483648,2,4294967295", "1024 vCPUs"},
		{"65,65,1,1", "64 nodes"},
		{"2n3l1c1t", "must be a multiple of numa_nodes (2)"},
		{"0n1l1c1t", "numa_nodes is 0"},
		{"4c2t/", "'' at position 6 is neither a cache"},
		{"4c2t++4c2t", "'' at position 6 is neither a cache"},
		{"4c2t/4c2", "'4c2' at position 6 is neither a cache, as in '4c2t', nor 'mem'"},
		{"4c2t/mem+1c1t", "'mem' at position 6 is a node of its own, joined by '/'"},
		{"4c2t+mem", "'mem' at position 6 is a node of its own, joined by '/'"},
		{"4c2t+mem/mem", "'mem' at position 6 is a node of its own, joined by '/'"},
		{"4c2t+memo", "'memo' at position 6 is neither a cache"},
		{"4c0t", "'4c0t' at position 1 has a 0"},
		{"4c2t/mem/4c2t", "a node with CPUs at position 10 follows one of memory only"},
		{"mem", "no node has a CPU"},
		{"mem/mem", "no node has a CPU"},
		{"1000c1t/25c1t", "1024 vCPUs"},
		{"65536c65536t", "1024 vCPUs"},
		{"4294967295c4294967295t", "1024 vCPUs"},
		{"9999999999c1t", "is neither a cache"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm_topology got;
		struct err e = ERR_INIT;

		assert_int_equal(vm_topology_parse(cases[i].text, &got, &e), -EINVAL);
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s: %s", cases[i].text, e.msg);
	}
}

static void test_distances(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{"", "invalid distances '': invalid distance '' from node 0 to node 0"},
		{"10", "node 0 has 1 distance, and there are 2 nodes"},
		{"10,20", "there is 1 row, and 2 nodes"},
		{"10,20/20", "node 1 has 1 distance, and"},
		{"10,20/20,10/30,30", "there are more rows than nodes (2)"},
		{"10,20,30/20,10", "node 0 has more distances than there are nodes (2)"},
		{"11,20/20,10", "node 0 is 11 away from itself, and kernels take 10 only"},
		{"10,10/20,10", "node 0 is 10 away from node 1, and kernels take 11 to 254"},
		{"10,255/20,10", "kernels take 11 to 254"},
		{"10,x/20,10", "invalid distance 'x' from node 0 to node 1"},
		{"10,-1/-1,10", "invalid distance '-1' from node 0 to node 1"},
		{"10,99999999999/20,10", "invalid distance '99999999999' from node 0 to node 1"},
		{"99999999999999999,20/20,10", "invalid distance '99999999999999999' from node 0"},
		{"10 20/20 10", "invalid distance '10 20' from node 0 to node 0"},
		{"10, 20/20,10", "invalid distance ' 20' from node 0 to node 1"},
		{"10,20/20,10 ", "invalid distance '10 ' from node 1 to node 1"},
	};
	struct vm_topology t = vm_topology_uniform(2, 2, 1, 1), before = t;
	cleanup_str struct str text = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(vm_topology_set_distances(&t, bad[i].text, &e), -EINVAL);
		if (!strstr(e.msg, bad[i].want))
			fail_msg("%s: %s", bad[i].text, e.msg);
		assert_string_equal(e.hint, "a row for each node, its distance from every node, as "
					    "in 10,20/20,10");
		assert_memory_equal(&t, &before, sizeof(t));
	}
	assert_int_equal(vm_topology_set_distances(&t, "10,17/254,10", NULL), 0);
	assert_int_equal(t.distance[0][1], 17);
	assert_int_equal(t.distance[1][0], 254);
	vm_topology_spell_distances(&t, &text);
	assert_string_equal(text.s, "10,17/254,10");
}

static void test_offline(void **state)
{
	struct vm_topology t = vm_topology_uniform(1, 1, 8, 1);
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	vm_topology_spell_offline(&t, &text);
	assert_int_equal(text.len, 0);
	assert_int_equal(vm_topology_set_offline(&t, "1-3,7", NULL), 0);
	assert_true(vm_topology_is_offline(&t, 2));
	assert_false(vm_topology_is_offline(&t, 4));
	vm_topology_spell_offline(&t, &text);
	assert_string_equal(text.s, "1-3,7");
	assert_int_equal(vm_topology_set_offline(&t, "0-1", &e), -EINVAL);
	assert_non_null(strstr(e.msg, "CPU 0 cannot be taken offline"));
	assert_int_equal(vm_topology_set_offline(&t, "3,8", &e), -EINVAL);
	assert_non_null(strstr(e.msg, "there is no CPU 8 to take offline: the guest has 0 to 7"));
	assert_int_equal(vm_topology_set_offline(&t, "x", &e), -EINVAL);
	assert_non_null(strstr(e.msg, "invalid list of CPUs 'x'"));
	assert_int_equal(vm_topology_set_offline(&t, "", &e), -EINVAL);
	assert_true(vm_topology_is_offline(&t, 7));
}

static void test_stage_names(void **state)
{
	(void)state;
	for (int s = VM_STAGE_STARTING; s <= VM_STAGE_ENDED; s++)
		assert_string_not_equal(vm_stage_name(s), "unknown");
	assert_string_equal(vm_stage_name((enum vm_stage)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_unequal),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_distances),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_stage_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
