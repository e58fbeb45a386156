/* What a guest sees of the machine that was asked for: siblings, caches, packages, nodes,
 * distances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/guest.h"
#include "tests/lib/shapes.h"

static void check_all(
	const char *text, const char *distances, const char *offline, const char *append)
{
	cleanup_free char *record = xasprintf("offline=%s", offline ? offline : "");
	const char *const conf[] = {record, append ? "late-cpus=1" : NULL, NULL};
	const char *const words[] = {append, NULL};
	struct guest_setup s = {.exec = shapes_script, .memory_mib = 512, .conf = conf};
	struct guest *g;

	assert_int_equal(vm_topology_parse(text, &s.topology, NULL), 0);
	if (distances)
		assert_int_equal(vm_topology_set_distances(&s.topology, distances, NULL), 0);
	if (offline)
		assert_int_equal(vm_topology_set_offline(&s.topology, offline, NULL), 0);
	if (append)
		s.append = words;
	g = guest_boot(&s);
	assert_non_null(g);
	assert_true(guest_until_end(g));
	assert_int_equal(g->status, 0);
	if (!shapes_seen(&s.topology, str_get(&g->out)))
		fail_msg("%s: got:\n%s", text, str_get(&g->out));
	guest_free(g);
}

static void check(const char *text)
{
	check_all(text, NULL, NULL, NULL);
}

static void two_llcs_of_four_cores(void **state)
{
	(void)state;
	check("1,2,4,2");
}

static void cores_that_are_no_power_of_two(void **state)
{
	(void)state;
	check("1,3,3,1");
}

/* Few CPUs, and ids with gaps: a guest that addresses sets of CPUs would hang. */
static void gaps_between_few_cpus(void **state)
{
	(void)state;
	check("1,2,3,1");
}

static void two_nodes_of_two_llcs(void **state)
{
	(void)state;
	check("2,4,2,2");
}

static void four_nodes_of_one_cpu(void **state)
{
	(void)state;
	check("4,4,1,1");
}

static void caches_that_differ(void **state)
{
	(void)state;
	check_all("2c2t+1c1t/3c1t/mem", "10,21,30/22,10,31/30,31,10", "3,6", NULL);
}

/* Init starts what the kernel was told not to, but for those that shall be offline. */
static void cpus_that_the_kernel_leaves_alone(void **state)
{
	(void)state;
	check_all("1,2,2,1", NULL, "3", "maxcpus=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_llcs_of_four_cores),
		cmocka_unit_test(cores_that_are_no_power_of_two),
		cmocka_unit_test(gaps_between_few_cpus),
		cmocka_unit_test(two_nodes_of_two_llcs),
		cmocka_unit_test(four_nodes_of_one_cpu),
		cmocka_unit_test(caches_that_differ),
		cmocka_unit_test(cpus_that_the_kernel_leaves_alone),
	};

	if (!guest_possible())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
