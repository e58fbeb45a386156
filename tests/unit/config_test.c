#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/config.h"

/* Unequal, with a matrix and CPUs offline: all of it arrives. */
static void test_a_whole_topology(void **state)
{
	struct vm_config c = {0};
	cleanup_str struct str bytes = STR_INIT;
	struct vm_setup got;

	(void)state;
	assert_int_equal(vm_topology_parse("2c2t+1c1t/3c1t/mem", &c.topology, NULL), 0);
	assert_int_equal(
		vm_topology_set_distances(&c.topology, "10,21,30/22,10,31/30,31,10", NULL), 0);
	assert_int_equal(vm_topology_set_offline(&c.topology, "1,5-6", NULL), 0);
	vm_config_encode(&c, 0, &bytes);
	assert_int_equal(vm_config_decode(bytes.s, bytes.len, &got, NULL), 0);
	assert_memory_equal(&got.c.topology, &c.topology, sizeof(c.topology));
	vm_setup_release(&got);
}

static void fill(struct vm_config *c)
{
	*c = (struct vm_config){
		.kernel = "distro",
		.modules = "/a b/c=d",
		.topology = vm_topology_uniform(2, 4, 2, 2),
		.memory_mib = 4294967295u,
		.accel = VM_ACCEL_TCG,
		.reserve = {RESERVE_BUDGET, 7, 60000000000ULL},
		.exec = "printf '%s\\n' \"x\ny\" \xff\xfe",
		.exec_timeout_ns = 120000000000ULL,
		.dmesg = true,
		.disk_bytes = 1ULL << 40,
		.rows = 65535,
		.cols = 80,
		.term = "xterm-256color",
		.colorterm = "",
	};
	strv_push(&c->append, "nokaslr");
	strv_push(&c->notes, "a note");
	strv_push(&c->env, "A=1");
	strv_push(&c->env, "B=");
	strv_push(&c->env, "C=x=y");
	strv_push(&c->modules_load, "loop");
	strv_push(&c->include, "./ktstr");
	strv_push(&c->include, "\xe9t\xe9");
}

static void release(struct vm_config *c)
{
	strv_release(&c->append);
	strv_release(&c->notes);
	strv_release(&c->env);
	strv_release(&c->modules_load);
	strv_release(&c->include);
}

static void same_list(const struct strv *a, const struct strv *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->v[i], b->v[i]);
}

static void test_round_trip(void **state)
{
	cleanup_str struct str bytes = STR_INIT;
	struct vm_config c;
	struct vm_setup got;

	(void)state;
	fill(&c);
	vm_config_encode(&c, 77, &bytes);
	assert_int_equal(vm_config_decode(bytes.s, bytes.len, &got, NULL), 0);
	assert_string_equal(got.c.kernel, c.kernel);
	assert_string_equal(got.c.modules, c.modules);
	assert_memory_equal(&got.c.topology, &c.topology, sizeof(c.topology));
	assert_int_equal(got.c.memory_mib, c.memory_mib);
	assert_int_equal(got.c.accel, c.accel);
	assert_memory_equal(&got.c.reserve, &c.reserve, sizeof(c.reserve));
	assert_string_equal(got.c.exec, c.exec);
	assert_int_equal(got.c.exec_timeout_ns, c.exec_timeout_ns);
	assert_true(got.c.dmesg);
	assert_int_equal(got.c.disk_bytes, c.disk_bytes);
	assert_int_equal(got.c.rows, c.rows);
	assert_int_equal(got.c.cols, c.cols);
	assert_string_equal(got.c.term, c.term);
	assert_string_equal(got.c.colorterm, c.colorterm);
	assert_int_equal(got.started_ns, 77);
	same_list(&got.c.append, &c.append);
	same_list(&got.c.notes, &c.notes);
	same_list(&got.c.env, &c.env);
	same_list(&got.c.modules_load, &c.modules_load);
	same_list(&got.c.include, &c.include);
	vm_setup_release(&got);
	release(&c);
}

static void test_absent_stays_absent(void **state)
{
	cleanup_str struct str bytes = STR_INIT;
	struct vm_config c = {.topology = vm_topology_uniform(1, 1, 1, 1)};
	struct vm_setup got;

	(void)state;
	vm_config_encode(&c, 0, &bytes);
	assert_int_equal(vm_config_decode(bytes.s, bytes.len, &got, NULL), 0);
	assert_null(got.c.kernel);
	assert_null(got.c.exec);
	assert_null(got.c.term);
	assert_int_equal(got.c.include.n, 0);
	vm_setup_release(&got);
}

static void test_bad_records_are_refused(void **state)
{
#define T "topology=1,1,1,1\0"
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{"", 0},
		{"topology=1,1,1,1", 16}, /* no NUL */
		{"memory_mib=1\0", 13},	  /* no topology */
		{T "bogus=1\0", 25},
		{T "exec\0", 22},
		{T "memory_mib=4294967296\0", 39},
		{T "memory_mib=-1\0", 31},
		{T "rows=65536\0", 28},
		{T "accel=4\0", 25},
		{T "dmesg=2\0", 25},
		{T "reserve=4\0", 27},
		{T "kernel=a\0kernel=b\0", 35},
		{T "\0", 18},
		{"topology=2,3,1,1\0", 17},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct vm_setup got;

		assert_int_equal(vm_config_decode(cases[i].bytes, cases[i].n, &got, &e), -EINVAL);
		assert_true(e.msg[0] != 0);
		assert_null(got.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_topology),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_absent_stays_absent),
		cmocka_unit_test(test_bad_records_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
