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

/* Every file as PATH:LINE, read by one process: forks are what costs in an emulated machine. Then
 * what the kernel complains of in its firmware. */
static const char script[] =
	"cd /sys/devices/system && grep . cpu/cpu[0-9]*/topology/thread_siblings_list "
	"cpu/cpu[0-9]*/topology/physical_package_id cpu/cpu[0-9]*/cache/index*/level "
	"cpu/cpu[0-9]*/cache/index*/shared_cpu_list node/node[0-9]*/cpulist "
	"node/node[0-9]*/distance cpu/online node/online; dmesg | grep -i 'firmware bug'; exit 0";

/* Indexes of the caches as the kernel numbers them. */
enum { L1D, L1I, L2, L3 };

static void expect(const struct guest *g, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void expect(const struct guest *g, const char *fmt, ...)
{
	cleanup_str struct str line = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&line, fmt, ap);
	va_end(ap);
	str_addc(&line, '\n');
	if (!strstr(str_get(&g->out), str_get(&line))) {
		printf("# missing: %s# in:\n%s", str_get(&line), str_get(&g->out));
		fail();
	}
}

/* "A-B", or "A" when they are the same: n CPUs from a multiple of n on. */
struct range {
	char text[24];
};

static const char *around(struct range *r, unsigned cpu, unsigned n)
{
	unsigned first = cpu / n * n;

	if (n > 1)
		snprintf(r->text, sizeof(r->text), "%u-%u", first, first + n - 1);
	else
		snprintf(r->text, sizeof(r->text), "%u", first);
	return r->text;
}

static void expect_cpu(const struct guest *g, const struct vm_topology *t, unsigned c)
{
	struct range core, llc;

	around(&core, c, t->llc[0].threads);
	around(&llc, c, t->llc[0].cores * t->llc[0].threads);
	expect(g, "cpu/cpu%u/topology/thread_siblings_list:%s", c, core.text);
	expect(g, "cpu/cpu%u/topology/physical_package_id:0", c);
	expect(g, "cpu/cpu%u/cache/index%d/level:2", c, L2);
	expect(g, "cpu/cpu%u/cache/index%d/shared_cpu_list:%s", c, L2, core.text);
	expect(g, "cpu/cpu%u/cache/index%d/level:3", c, L3);
	expect(g, "cpu/cpu%u/cache/index%d/shared_cpu_list:%s", c, L3, llc.text);
}

static void expect_node(const struct guest *g, const struct vm_topology *t, unsigned node)
{
	unsigned cpus = t->llcs / t->nodes * t->llc[0].cores * t->llc[0].threads;
	cleanup_str struct str distances = STR_INIT;
	struct range r;

	for (unsigned m = 0; m < t->nodes; m++)
		str_printf(&distances, "%s%d", m ? " " : "", m == node ? 10 : 20);
	expect(g, "node/node%u/cpulist:%s", node, around(&r, node * cpus, cpus));
	expect(g, "node/node%u/distance:%s", node, str_get(&distances));
}

static void check(struct vm_topology t)
{
	unsigned cpus = t.vcpus;
	struct guest *g = guest_start(
		&(struct guest_setup){.exec = script, .topology = t, .memory_mib = 512});
	struct range all;

	assert_non_null(g);
	assert_true(guest_until_end(g));
	assert_int_equal(g->status, 0);
	for (unsigned c = 0; c < cpus; c++)
		expect_cpu(g, &t, c);
	for (unsigned n = 0; n < t.nodes; n++)
		expect_node(g, &t, n);
	expect(g, "cpu/online:%s", around(&all, 0, cpus));
	expect(g, "node/online:%s", around(&all, 0, t.nodes));
	assert_null(strcasestr(str_get(&g->out), "firmware bug"));
	guest_free(g);
}

static void two_llcs_of_four_cores(void **state)
{
	(void)state;
	check(vm_topology_uniform(1, 2, 4, 2));
}

static void cores_that_are_no_power_of_two(void **state)
{
	(void)state;
	check(vm_topology_uniform(1, 1, 3, 2));
	check(vm_topology_uniform(1, 3, 3, 1));
}

static void two_nodes_of_two_llcs(void **state)
{
	(void)state;
	check(vm_topology_uniform(2, 4, 2, 2));
}

static void four_nodes_of_one_cpu(void **state)
{
	(void)state;
	check(vm_topology_uniform(4, 4, 1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_llcs_of_four_cores),
		cmocka_unit_test(cores_that_are_no_power_of_two),
		cmocka_unit_test(two_nodes_of_two_llcs),
		cmocka_unit_test(four_nodes_of_one_cpu),
	};

	if (!guest_possible())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
