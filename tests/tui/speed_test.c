/*
 * How soon the first frame stands, and what an idle dashboard costs: of the live machine, at a
 * refresh of one second, in the process's own CPU time. tests/bench/dashboard.sh runs it with
 * BENCH=1: then the limits are those that the project promises, else only such that a mistake by
 * orders of magnitude is found on any machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "tests/lib/skip.h"
#include "tests/lib/tui.h"

#include <unistd.h>

enum { ROUNDS = 11, IDLE_SECONDS = 10 };

static bool is_bench(void)
{
	return getenv("BENCH") != NULL;
}

/* A sanitizer's speed says nothing. */
static void only_release(void)
{
	const char *build = getenv("BUILD");

	if (build && strcmp(build, "release") != 0)
		skip_because("a sanitizer's speed says nothing");
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void test_first_frame(void **state)
{
	double ms[ROUNDS], limit = is_bench() ? 50 : 2000;

	(void)state;
	only_release();
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t from = clock_mono_ns();
		struct tui *t = tui_start(&(struct tui_options){.rows = 40, .cols = 120});

		ms[i] = (double)(clock_mono_ns() - from) / NS_PER_MS;
		tui_expect(t, "LLC 0");
		tui_quit(t);
	}
	qsort(ms, ROUNDS, sizeof(ms[0]), by_value);
	printf("# first frame: median %.1f ms, worst %.1f ms (limit %.0f)\n", ms[ROUNDS / 2],
		ms[ROUNDS - 1], limit);
	assert_true(ms[ROUNDS / 2] < limit);
}

/* Of all its threads, in seconds. */
static double cpu_seconds(struct tui *t)
{
	cleanup_free char *path = xasprintf("/proc/%d/stat", tui_pid(t));
	cleanup_str struct str text = STR_INIT;
	unsigned long user, system;
	struct err e = ERR_INIT;

	assert_int_equal(file_read(path, 4096, &text, &e), 0);
	/* Behind the name, which may hold anything: state and ten numbers, then these two. */
	assert_int_equal(
		sscanf(strrchr(text.s, ')') + 2,
			"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
		2);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void test_idle(void **state)
{
	struct tui *t;
	uint64_t from;
	double share, limit = is_bench() ? 1 : 50, cpu;

	(void)state;
	only_release();
	t = tui_start(&(struct tui_options){.rows = 40, .cols = 120});
	tui_expect(t, "LLC 0");
	tui_next_frame(t);
	from = clock_mono_ns();
	cpu = cpu_seconds(t);
	while (clock_mono_ns() - from < (is_bench() ? IDLE_SECONDS : 2) * NS_PER_SEC)
		tui_next_frame(t);
	share = (cpu_seconds(t) - cpu) * 100 / ((double)(clock_mono_ns() - from) / NS_PER_SEC);
	printf("# idle at one second: %.2f %% of a CPU (limit %.0f)\n", share, limit);
	tui_quit(t);
	assert_true(share < limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_frame),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
