/*
 * Whole screens of machines of our own making, compared with tests/tui/golden. UPDATE=1 rewrites
 * them. With SCREENSHOTS=DIR, `make screenshots`, those worth showing are drawn there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/locked.h"
#include "tests/lib/replay.h"
#include "tests/lib/tui.h"

/* Quiet, with some work in the first quarter and a few CPUs that are full. */
static unsigned load_of(unsigned cpu)
{
	static const unsigned few[] = {98, 3, 0, 41, 0, 67, 12, 0, 1, 0, 22, 88};

	if (cpu % 16 == 5)
		return 100;
	return cpu % 64 < 16 ? few[cpu % 12] : cpu % 7 == 0 ? few[cpu % 5] : 0;
}

static unsigned idle(unsigned cpu)
{
	(void)cpu;
	return 0;
}

struct screen {
	struct replay *replay;
	struct tui *t;
};

/* On a small screen as "30% busy", else as numbers where '-' stood. */
static bool knows_shares(struct tui *t, void *user)
{
	int row, col;

	(void)user;
	if (tui_rows(t) < 12)
		return tui_find(t, "busy", &row, &col);
	return tui_find(t, "LLC 0", &row, &col) && !tui_find(t, " - ", &row, &col);
}

static struct replay *replay_of(const char *machine)
{
	cleanup_free char *path = xasprintf("tests/golden/topo/%s.machine", machine);

	return replay_new(path);
}

static struct screen start_on(struct replay *replay, int rows, int cols, const char *env,
	const char *term, const char *option)
{
	struct screen s = {.replay = replay};
	const char *args[] = {"--sysroot", s.replay->machine->dir, option, NULL};
	const char *envs[] = {"KTSTR_TEST_NOW=1767270271", locked_env[0], locked_env[1],
		locked_env[2], env, NULL};

	s.t = tui_start(&(struct tui_options){
		.rows = rows, .cols = cols, .args = args, .env = envs, .term = term});
	replay_feed(s.replay, idle);
	tui_expect(s.t, "cpus"); /* it has been read */
	replay_feed(s.replay, load_of);
	tui_until(s.t, knows_shares, NULL, "shares of the time");
	return s;
}

static struct screen start(const char *machine, int rows, int cols, const char *env,
	const char *term, const char *option)
{
	return start_on(replay_of(machine), rows, cols, env, term, option);
}

static void finish(struct screen *s)
{
	tui_keys(s->t, "Esc");
	tui_quit(s->t);
	replay_free(s->replay);
}

static void screen(
	const char *machine, int rows, int cols, const char *keys, const char *name, bool picture)
{
	struct screen s = start(machine, rows, cols, NULL, NULL, NULL);

	tui_keys(s.t, keys);
	tui_golden(s.t, name);
	if (picture)
		tui_screenshot(s.t, name);
	finish(&s);
}

static void one(const char *machine, int rows, int cols, const char *keys, const char *name)
{
	screen(machine, rows, cols, keys, name, false);
}

static void shown(const char *machine, int rows, int cols, const char *keys, const char *name)
{
	screen(machine, rows, cols, keys, name, true);
}

static void test_epyc(void **state)
{
	(void)state;
	shown("epyc", 24, 80, "", "epyc-80x24");
	shown("epyc", 40, 120, "", "epyc-120x40");
	shown("epyc", 50, 200, "v", "epyc-list-200x50");
}

static void test_512(void **state)
{
	(void)state;
	shown("cpus-512", 24, 80, "", "cpus512-80x24");
	one("cpus-512", 24, 80, "Down Down Right / 2 8 Enter", "cpus512-found-80x24");
	one("cpus-512", 50, 200, "*", "cpus512-200x50");
}

static void test_hybrid(void **state)
{
	(void)state;
	shown("hybrid", 24, 80, "", "hybrid-80x24");
	one("two-sockets", 30, 100, "c", "two-sockets-node-100x30");
	shown("two-sockets", 30, 100, "v v", "two-sockets-distance-100x30");
}

/* Of a machine where locks are held. */
static void locked(int rows, int cols, const char *keys, const char *name, bool picture)
{
	struct replay *replay = replay_of("epyc");
	struct screen s;

	locked_add(replay->machine);
	s = start_on(replay, rows, cols, NULL, NULL, NULL);
	tui_keys(s.t, keys);
	tui_golden(s.t, name);
	if (picture)
		tui_screenshot(s.t, name);
	finish(&s);
}

static void test_locks(void **state)
{
	(void)state;
	locked(24, 80, "2", "locks-80x24", true);
	locked(24, 80, "2 W * Down", "locks-waits-80x24", false);
	locked(24, 80, "2 a / c p u Enter", "locks-found-80x24", false);
	locked(24, 80, "2 L", "locks-explain-80x24", false);
	locked(40, 120, "", "locks-120x40", true);
	locked(50, 200, "2 Down Down Down t c", "locks-cpus-200x50", true);
	locked(24, 80, "", "locks-topology-80x24", false);
	locked(8, 40, "", "locks-small-40x8", false);
}

/* What was seen happening, while the clock that people see stands still. */
static void test_lock_events(void **state)
{
	struct replay *replay = replay_of("epyc");
	struct screen s;

	(void)state;
	locked_add(replay->machine);
	s = start_on(replay, 24, 80, NULL, NULL, NULL);
	tui_keys(s.t, "2");
	locked_release(replay->machine);
	replay_feed(s.replay, idle);
	tui_expect(s.t, "43110 released EX");
	tui_keys(s.t, "H");
	tui_expect(s.t, "history, newest first");
	tui_expect_not(s.t, "HOLDER");
	tui_keys(s.t, "H");
	tui_expect(s.t, "HOLDER");
	finish(&s);
}

/* Read-only, nobody can be signalled. */
static void test_locks_readonly(void **state)
{
	struct replay *replay = replay_of("epyc");
	struct screen s;

	(void)state;
	locked_add(replay->machine);
	s = start_on(replay, 24, 80, NULL, NULL, "--readonly");
	tui_keys(s.t, "2 K");
	tui_expect_not(s.t, "SIGTERM");
	tui_keys(s.t, "?");
	tui_expect(s.t, "Help: Locks");
	tui_expect_not(s.t, "signal the process");
	finish(&s);
}

static void test_help(void **state)
{
	(void)state;
	one("epyc", 24, 80, "?", "help-80x24");
	shown("epyc", 40, 120, "?", "help-120x40");
}

static void test_small(void **state)
{
	(void)state;
	one("epyc", 8, 40, "", "small-40x8");
	one("epyc", 8, 40, "1", "small-opened-40x8");
}

static void test_poor_terminals(void **state)
{
	struct screen s;

	(void)state;
	s = start("epyc", 24, 80, NULL, "vt100", NULL);
	tui_golden(s.t, "vt100-80x24");
	finish(&s);
	s = start("epyc", 24, 80, "LANG=C", NULL, NULL);
	tui_golden(s.t, "ascii-80x24");
	finish(&s);
	s = start("epyc", 24, 80, "NO_COLOR=1", NULL, NULL);
	tui_golden(s.t, "no-color-80x24");
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_epyc),
		cmocka_unit_test(test_512),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_lock_events),
		cmocka_unit_test(test_locks_readonly),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_poor_terminals),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
