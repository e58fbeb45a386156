/* The collector's thread: snapshots, delay, pause, a read that hangs, CPUs that go. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "tests/lib/machine.h"
#include "tests/lib/replay.h"
#include "ui/collector.h"

static const char machine[] = "[/sys/devices/system/cpu]\n"
			      "online=0-3\n"
			      "[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
			      "topology/core_id={n}\n"
			      "[/proc]\n"
			      "stat=cpu0 10 0 0 90\\ncpu1 10 0 0 90\\ncpu2 1 1 1 1\\ncpu3 1 1 1 1\n"
			      "[/proc/sys/kernel]\n"
			      "hostname=box\n";

/* The next snapshot, however long it takes up to a minute. */
static struct snapshot *next(struct collector *c)
{
	struct snapshot *s = NULL;

	while (!s) {
		struct pollfd p = {collector_fd(c), POLLIN, 0};

		assert_int_equal(poll(&p, 1, 60000), 1);
		s = collector_take(c);
	}
	return s;
}

static bool is_quiet(struct collector *c)
{
	struct pollfd p = {collector_fd(c), POLLIN, 0};

	return poll(&p, 1, 0) == 0;
}

static void test_snapshots(void **state)
{
	struct machine *m = machine_new(machine);
	struct err e = ERR_INIT;
	struct collector *c = collector_start(m->dir, 10 * NS_PER_MS, &e);
	struct snapshot *a, *b;

	(void)state;
	assert_non_null(c);
	a = next(c);
	assert_int_equal(a->seq, 1);
	assert_string_equal(a->host, "box");
	assert_non_null(a->topo);
	assert_non_null(a->stat);
	assert_null(a->uses);
	b = next(c);
	assert_true(b->seq > 1);
	assert_ptr_equal(a->topo, b->topo); /* read once, shared */
	assert_non_null(b->uses);
	snapshot_free(a);
	assert_int_equal(cpuset_count(&b->topo->online), 4);
	snapshot_free(b);
	/* A CPU goes: the topology is read anew. */
	machine_change(m, "[/sys/devices/system/cpu]\nonline=0-2\n");
	for (b = next(c); cpuset_count(&b->topo->online) != 3; b = next(c))
		snapshot_free(b);
	snapshot_free(b);
	collector_stop(c);
	machine_free(m);
}

static void test_pause(void **state)
{
	struct machine *m = machine_new(machine);
	struct err e = ERR_INIT;
	struct collector *c = collector_start(m->dir, NS_PER_MS, &e);
	struct snapshot *s;
	uint64_t seq;

	(void)state;
	snapshot_free(next(c));
	collector_set_paused(c, true);
	/* What was under way may still come, then nothing does: the numbers stand. */
	s = collector_take(c);
	snapshot_free(s);
	collector_set_want(c, CPUSTAT_ALL);
	collector_set_delay(c, 2 * NS_PER_MS);
	collector_set_paused(c, false);
	s = next(c);
	seq = s->seq;
	snapshot_free(s);
	s = next(c);
	assert_true(s->seq > seq);
	snapshot_free(s);
	collector_stop(c);
	machine_free(m);
}

static unsigned idle(unsigned cpu)
{
	(void)cpu;
	return 0;
}

static void test_reader_that_hangs(void **state)
{
	struct replay *r = replay_new("tests/golden/topo/epyc.machine");
	struct err e = ERR_INIT;
	struct collector *c = collector_start(r->machine->dir, NS_PER_MS, &e);
	struct snapshot *s;

	(void)state;
	assert_true(is_quiet(c));
	replay_feed(r, idle);
	s = next(c);
	assert_int_equal(s->seq, 1);
	snapshot_free(s);
	replay_feed(r, idle);
	s = next(c);
	assert_int_equal(s->seq, 2);
	assert_true(cpu_use_of(s->uses, 63)->busy < 0.001);
	snapshot_free(s);
	/* It waits at the FIFO now; stopping does not wait for it. */
	collector_stop(c);
	replay_free(r);
}

static void test_problems(void **state)
{
	struct machine *m = machine_new("[/proc]\nversion=nothing\n");
	struct err e = ERR_INIT;
	struct collector *c = collector_start(m->dir, NS_PER_MS, &e);
	struct snapshot *s;

	(void)state;
	s = next(c);
	assert_null(s->topo);
	assert_null(s->stat);
	assert_true(s->problem[0] != 0);
	snapshot_free(s);
	collector_stop(c);
	machine_free(m);
	assert_null(collector_start("/nowhere/at/all", NS_PER_MS, &e));
	assert_non_null(strstr(e.msg, "/nowhere/at/all"));
	collector_stop(NULL);
	snapshot_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshots),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_reader_that_hangs),
		cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
