#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "probes/hostinfo/cpustat.h"
#include "src/base/clock.h"
#include "tests/lib/machine.h"

static struct cpustat *parsed(const char *text, uint64_t at_ns)
{
	struct err e = ERR_INIT;
	struct cpustat *s = cpustat_parse(text, &e);

	assert_non_null(s);
	s->at_ns = at_ns;
	return s;
}

static struct cpu_uses *diff(const char *before, const char *after)
{
	struct cpustat *a = parsed(before, 0), *b = parsed(after, NS_PER_SEC);
	struct cpu_uses *u = cpustat_diff(a, b);

	cpustat_free(a);
	cpustat_free(b);
	return u;
}

static void expect_share(double got, double want)
{
	assert_true(fabs(got - want) < 1e-9);
}

static void shares_are_parts_of_the_time_between(void **state)
{
	/* 100 ticks: 20 user + 10 nice, 20 system, 30 idle, 5 iowait, 3 irq + 2 softirq, 10 stolen.
	 * The guest's 25 are in user already. */
	struct cpu_uses *u = diff("cpu  9 9 9 9\ncpu0 100 0 50 1000 10 1 2 3 40 0\nintr 5 6\n",
		"cpu  9 9 9 9\ncpu0 120 10 70 1030 15 4 4 13 65 0\nintr 5 6\n");
	const struct cpu_use *c = cpu_use_of(u, 0);

	(void)state;
	assert_non_null(c);
	expect_share(c->user, 0.30);
	expect_share(c->system, 0.20);
	expect_share(c->irq, 0.05);
	expect_share(c->iowait, 0.05);
	expect_share(c->steal, 0.10);
	expect_share(c->busy, 0.55);
	assert_false(c->has_delay);
	assert_true(u->has_all);
	expect_share(u->all.busy, 0.55);
	cpu_uses_free(u);
}

static void cpus_that_come_and_go_are_absent(void **state)
{
	struct cpu_uses *u = diff("cpu0 0 0 0 0\ncpu2 0 0 0 0\ncpu3 5 5 5 5\n",
		"cpu1 50 0 0 50\ncpu2 30 0 0 70\ncpu3 5 5 5 5\n");

	(void)state;
	assert_null(cpu_use_of(u, 0)); /* gone */
	assert_null(cpu_use_of(u, 1)); /* new: nothing to compare with */
	assert_null(cpu_use_of(u, 3)); /* its clock stood still: a share of nothing */
	assert_null(cpu_use_of(u, 4)); /* never there */
	assert_int_equal(u->ncpus, 1);
	expect_share(cpu_use_of(u, 2)->busy, 0.3);
	expect_share(u->all.busy, 0.3);
	cpu_uses_free(u);
}

static void counters_that_run_backwards_have_not_moved(void **state)
{
	struct cpu_uses *u = diff("cpu0 10 0 0 500 90\n", "cpu0 60 0 0 450 140\n");

	(void)state;
	expect_share(cpu_use_of(u, 0)->busy, 0.5);
	expect_share(cpu_use_of(u, 0)->iowait, 0.5);
	cpu_uses_free(u);
}

static void nothing_to_compare_is_no_share(void **state)
{
	struct cpu_uses *u = diff("cpu0 1 1 1 1\n", "cpu0 1 1 1 1\n");

	(void)state;
	assert_int_equal(u->ncpus, 0);
	assert_false(u->has_all);
	cpu_uses_free(u);
}

static void odd_lines_are_passed_over(void **state)
{
	struct cpustat *s = parsed("cpu 1 2 3 4\ncpufreq 1 2 3 4\ncpu7 1 2 3\ncpu99999999 1 2 3 4\n"
				   "cpu5x 1 2 3 4\ncpu3 1 2 3 4\ncpu1 1 2 3 4 5 6 7 8 9 10 11 12\n"
				   "cpu3 9 9 9 9\ncpu2 -1 2 3 4",
		0);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(s->ncpus, 2);
	assert_int_equal(s->cpus[0].cpu, 1);
	assert_int_equal(s->cpus[0].ticks[CPUSTAT_STEAL], 8);
	assert_int_equal(s->cpus[1].cpu, 3);
	cpustat_free(s);
	assert_null(cpustat_parse("", &e));
	assert_non_null(strstr(e.msg, "no CPU"));
}

static void waiting_is_a_number_of_tasks(void **state)
{
	struct cpustat *a = parsed("cpu0 0 0 0 0\ncpu1 0 0 0 0\n", 0);
	struct cpustat *b = parsed("cpu0 9 0 0 0\ncpu1 9 0 0 0\n", 2 * NS_PER_SEC);
	struct cpu_uses *u;

	(void)state;
	cpustat_parse_schedstat(a, "version 16\ntimestamp 1\ncpu0 0 0 0 0 0 0 7 1000000000 3\n");
	cpustat_parse_schedstat(b, "version 16\ntimestamp 2\ncpu0 0 0 0 0 0 0 9 4000000000 8\n"
				   "domain0 3 0 0\ncpu1 1 2 3\ncpu8 0 0 0 0 0 0 9 9 9\n");
	assert_true(b->cpus[0].has_delay);
	assert_false(b->cpus[1].has_delay);
	u = cpustat_diff(a, b);
	assert_true(cpu_use_of(u, 0)->has_delay);
	expect_share(cpu_use_of(u, 0)->waiting, 1.5);
	assert_false(cpu_use_of(u, 1)->has_delay);
	cpu_uses_free(u);
	cpustat_free(a);
	cpustat_free(b);
}

static void old_schedstat_formats_are_left_alone(void **state)
{
	struct cpustat *s = parsed("cpu0 0 0 0 0\n", 0);

	(void)state;
	cpustat_parse_schedstat(s, "version 14\ncpu0 0 0 0 0 0 0 7 1000000000 3\n");
	cpustat_parse_schedstat(s, "cpu0 0 0 0 0 0 0 7 1000000000 3\n");
	assert_false(s->cpus[0].has_delay);
	cpustat_free(s);
}

static void a_machine_is_read_through_its_root(void **state)
{
	struct machine *m = machine_new(
		"[/proc]\n"
		"stat=cpu  1 2 3 4\\ncpu0 1 2 3 4\\ncpu4 5 6 7 8\n"
		"loadavg=0.50 1.25 2.00 3/456 789\n"
		"schedstat=version 17\\ntimestamp 4\\ncpu4 0 0 0 0 0 0 11 22 33\n"
		"[/sys/devices/system/cpu/cpu4]\n"
		"cpufreq/scaling_cur_freq=2400000\n"
		"[/sys/devices/system/node/node{n} for 0,2]\n"
		"meminfo=Node {n} MemTotal: 1024 kB\\nNode {n} MemFree: {n*100+1} kB\n");
	struct cpustat *s = cpustat_read(m->root, CPUSTAT_ALL, NULL);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->ncpus, 2);
	assert_false(cpustat_cpu(s, 0)->has_khz);
	assert_true(cpustat_cpu(s, 4)->has_khz);
	assert_int_equal(cpustat_cpu(s, 4)->khz, 2400000);
	assert_int_equal(cpustat_cpu(s, 4)->delay_ns, 22);
	assert_null(cpustat_cpu(s, 1));
	assert_true(s->has_load);
	expect_share(s->load[1], 1.25);
	assert_int_equal(s->runnable, 3);
	assert_int_equal(s->tasks, 456);
	assert_int_equal(s->nnodes, 2);
	assert_int_equal(s->nodes[1].node, 2);
	assert_int_equal(s->nodes[1].mem_free, 201 * 1024);
	cpustat_free(s);
	machine_free(m);
}

static void what_a_machine_lacks_is_absent(void **state)
{
	struct machine *m = machine_new("[/proc]\nstat=cpu0 1 2 3 4\n"
					"meminfo=MemTotal: 8 kB\\nMemFree: 4 kB\n");
	struct cpustat *s = cpustat_read(m->root, CPUSTAT_ALL, NULL);
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(s);
	assert_false(s->has_load);
	assert_false(s->cpus[0].has_khz);
	assert_false(s->cpus[0].has_delay);
	assert_int_equal(s->nnodes, 1);
	assert_int_equal(s->nodes[0].mem_total, 8192);
	cpustat_free(s);
	machine_free(m);

	m = machine_new("[/proc]\nmeminfo=MemTotal: 8 kB\n");
	assert_null(cpustat_read(m->root, 0, &e));
	assert_non_null(strstr(e.msg, "/proc/stat"));
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_parts_of_the_time_between),
		cmocka_unit_test(cpus_that_come_and_go_are_absent),
		cmocka_unit_test(counters_that_run_backwards_have_not_moved),
		cmocka_unit_test(nothing_to_compare_is_no_share),
		cmocka_unit_test(odd_lines_are_passed_over),
		cmocka_unit_test(waiting_is_a_number_of_tasks),
		cmocka_unit_test(old_schedstat_formats_are_left_alone),
		cmocka_unit_test(a_machine_is_read_through_its_root),
		cmocka_unit_test(what_a_machine_lacks_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
