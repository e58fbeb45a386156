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
		struct vm_topology want;
		const char *name;
	} cases[] = {
		{"1,1,1,1", {1, 1, 1, 1}, "1n1l1c1t"},
		{"2,4,2,2", {2, 4, 2, 2}, "2n4l2c2t"},
		{"1,3,3,1", {1, 3, 3, 1}, "1n3l3c1t"},
		{"4,4,1,1", {4, 4, 1, 1}, "4n4l1c1t"},
		{"1,255,1,1", {1, 255, 1, 1}, "1n255l1c1t"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_str struct str name = STR_INIT;
		struct vm_topology got;

		assert_int_equal(vm_topology_parse(cases[i].text, &got, NULL), 0);
		assert_memory_equal(&got, &cases[i].want, sizeof(got));
		vm_topology_format(&got, &name);
		assert_string_equal(str_get(&name), cases[i].name);
	}
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
		{"1,256,1,1", "255 vCPUs"},
		{"1,4294967295,4294967295,4294967295", "255 vCPUs"},
		{"1,16,16,1", "255 vCPUs"},
		{"1,2147483648,2,4294967295", "255 vCPUs"},
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
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_stage_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
