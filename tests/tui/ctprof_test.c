/*
 * The profile pane: snapshots of tests/golden/contract picked from files, rows, threads, lists, the
 * filter, an export; and a capture of this machine. Golden screens are in tests/tui/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/ctprof/store.h"
#include "src/base/file.h"
#include "tests/lib/ctprof_fixture.h"
#include "tests/lib/replay.h"
#include "tests/lib/tui.h"

struct place {
	struct replay *replay; /* a machine of our own making: its name and load are known */
	char *home;	       /* where the tests were started */
	char dir[32];
};

static unsigned idle(unsigned cpu)
{
	(void)cpu;
	return 0;
}

static void save(const char *fixture, const char *path)
{
	struct ctp_snapshot *s = fixture_snapshot(fixture);
	struct err e = ERR_INIT;

	if (ctp_save(s, path, &e))
		fail_msg("%s", e.msg);
	ctp_free(s);
}

/* A folder with the two snapshots; the program is started in it. */
static struct tui *start(struct place *p, int rows, int cols)
{
	static const char *const envs[] = {"KTSTR_TEST_NOW=1767270271", "TZ=UTC", NULL};
	cleanup_free char *a = NULL, *b = NULL;
	const char *args[] = {"--sysroot", NULL, NULL};
	struct tui *t;

	strcpy(p->dir, "/tmp/ktstr-ctprof.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	a = file_join(p->dir, "before.ctprof.zst");
	b = file_join(p->dir, "after.ctprof.zst");
	save("page-a.json", a);
	save("page-b.json", b);
	p->home = getcwd(NULL, 0);
	p->replay = replay_new("tests/golden/topo/epyc.machine");
	args[1] = p->replay->machine->dir;
	assert_int_equal(chdir(p->dir), 0);
	t = tui_start(&(struct tui_options){.rows = rows, .cols = cols, .args = args, .env = envs});
	assert_int_equal(chdir(p->home), 0);
	replay_feed(p->replay, idle);
	tui_expect(t, "64 cpus");
	tui_keys(t, "3");
	return t;
}

static void finish(struct place *p, struct tui *t)
{
	tui_keys(t, "Esc");
	tui_quit(t);
	file_remove_tree(p->dir, NULL);
	replay_free(p->replay);
	free(p->home);
}

/* Files stand in the order of their names: after, before. */
static void pick_both(struct tui *t)
{
	tui_keys(t, "a");
	tui_expect(t, "before.ctprof.zst (file)");
	tui_keys(t, "Down Enter");
	tui_expect(t, "A before.ctprof.zst");
	tui_keys(t, "b");
	tui_expect(t, "after.ctprof.zst (file)");
	tui_keys(t, "Down Enter");
	tui_expect(t, "24 rows");
}

/* The clock and this machine's load stand in the first line: only the others are compared. */
static void expect_rows(struct tui *t, const char *const *texts)
{
	for (; *texts; texts++)
		tui_expect(t, *texts);
}

static void test_rows_and_threads(void **state)
{
	static const char *const first[] = {"run_time_ns of kworker", "8.697K", "101.154K",
		"+92.457K", "+1063.1%", "11>37", "group:all", "threads: 11 stayed, 26 new, 0 gone",
		NULL};
	struct place p;
	struct tui *t = start(&p, 40, 120);

	(void)state;
	pick_both(t);
	tui_keys(t, "Down");
	expect_rows(t, first);
	tui_golden(t, "ctprof-120x40");
	tui_screenshot(t, "ctprof-120x40");
	tui_keys(t, "Enter");
	tui_expect(t, "tid 12 cpu 0");
	tui_golden(t, "ctprof-threads-120x40");
	tui_keys(t, "- x");
	tui_expect(t, "37>11");
	tui_keys(t, "x % > >");
	tui_expect(t, "sort:|delta|");
	tui_expect(t, "RATE");
	finish(&p, t);
}

static void test_lists(void **state)
{
	struct place p;
	struct tui *t = start(&p, 24, 80);

	(void)state;
	pick_both(t);
	tui_keys(t, "s");
	tui_expect(t, "[x] primary");
	tui_keys(t, "Space Down Down Space Enter");
	tui_expect(t, "sect:derived");
	tui_expect(t, "avg_slice_ns");
	tui_keys(t, "s Space Up Up Space Enter M Down Down Down Esc");
	tui_expect(t, "sect:primary");
	tui_keys(t, "M End Esc");
	tui_expect(t, "24 rows");
	tui_keys(t, "G");
	tui_expect(t, "group:pcomm");
	tui_golden(t, "ctprof-80x24");
	tui_screenshot(t, "ctprof-80x24");
	tui_keys(t, "a");
	tui_golden(t, "ctprof-pick-80x24");
	tui_keys(t, "Esc");
	finish(&p, t);
}

static void test_filter_and_search(void **state)
{
	struct place p;
	struct tui *t = start(&p, 30, 100);

	(void)state;
	pick_both(t);
	tui_keys(t, "\\");
	tui_type(t, "metric:run_time|ktstr");
	tui_keys(t, "Enter");
	tui_expect(t, "filter:metric:run_time|ktstr");
	tui_expect(t, "5 rows");
	tui_keys(t, "\\ C-u");
	tui_type(t, "re:[");
	tui_keys(t, "Enter");
	tui_expect(t, "is no regular expression");
	tui_keys(t, "\\ C-u Enter");
	tui_expect(t, "24 rows");
	tui_keys(t, "/");
	tui_type(t, "golf");
	tui_keys(t, "Enter");
	tui_expect(t, "_csw of ");
	finish(&p, t);
}

static void test_export(void **state)
{
	struct place p;
	struct tui *t = start(&p, 30, 120);
	cleanup_free char *text = NULL, *json = NULL;
	cleanup_str struct str got = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	pick_both(t);
	tui_keys(t, "e Enter");
	tui_expect(t, "wrote ctprof-compare.txt");
	tui_keys(t, "e C-u");
	tui_type(t, "out.json");
	tui_keys(t, "Enter");
	tui_expect(t, "wrote out.json");
	text = file_join(p.dir, "ctprof-compare.txt");
	json = file_join(p.dir, "out.json");
	assert_int_equal(file_read(text, 1 << 20, &got, &e), 0);
	assert_non_null(strstr(str_get(&got), "+92.457K"));
	str_clear(&got);
	assert_int_equal(file_read(json, 16 << 20, &got, &e), 0);
	assert_non_null(strstr(str_get(&got), "\"window_ns\": 390000000000"));
	finish(&p, t);
}

/* Two captures of this machine: the pair is compared, and can be called the machine at rest. */
static void test_capture(void **state)
{
	struct place p;
	struct tui *t = start(&p, 30, 120);

	(void)state;
	tui_expect(t, "c takes a snapshot");
	tui_keys(t, "c");
	tui_expect(t, "c takes the snapshot to compare it with");
	tui_keys(t, "c");
	tui_expect(t, "rows:changed");
	tui_keys(t, "i");
	tui_expect(t, "over noise");
	finish(&p, t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_and_threads),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_filter_and_search),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_capture),
	};

	return cmocka_run_group_tests_name("ctprof", tests, NULL, NULL);
}
