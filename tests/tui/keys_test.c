/* What keys and the mouse do, on the real program's screen over a machine of our own making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/replay.h"
#include "tests/lib/tui.h"

struct fixture {
	struct replay *replay;
	struct tui *t;
};

static unsigned busy(unsigned cpu)
{
	return cpu % 4 * 10;
}

static void begin(struct fixture *f, const char *machine, int rows, int cols, const char *option)
{
	cleanup_free char *path = xasprintf("tests/golden/topo/%s.machine", machine);
	const char *args[] = {"--sysroot", NULL, option, NULL};

	f->replay = replay_new(path);
	args[1] = f->replay->machine->dir;
	f->t = tui_start(&(struct tui_options){.rows = rows, .cols = cols, .args = args});
	replay_feed(f->replay, busy);
	tui_expect(f->t, "cpus");
}

/* The collector waits at its FIFO, as one does that stalls in /proc: leaving does not wait. */
static void end(struct fixture *f)
{
	tui_quit(f->t);
	replay_free(f->replay);
}

static void test_moving(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	tui_expect(f.t, "cpu 0: core 0");
	tui_keys(f.t, "Right l");
	tui_expect(f.t, "cpu 2: core 2");
	tui_keys(f.t, "Down");
	tui_expect(f.t, "LLC 1: L3 32M");
	tui_keys(f.t, "j");
	tui_expect(f.t, "cpu 10: core 10");
	tui_keys(f.t, "G");
	tui_expect(f.t, "cpu 26: core 26");
	tui_keys(f.t, "Left h");
	tui_expect(f.t, "cpu 24: core 24");
	tui_keys(f.t, "Left");
	tui_expect(f.t, "LLC 3: L3 32M");
	tui_keys(f.t, "g");
	tui_expect(f.t, "node 0: 4 LLCs");
	tui_keys(f.t, "PgDn");
	tui_expect_not(f.t, "node 0: 4 LLCs");
	tui_keys(f.t, "Home");
	tui_expect(f.t, "node 0: 4 LLCs");
	end(&f);
}

static void test_folding(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	tui_keys(f.t, "Enter");
	tui_expect_not(f.t, " 32  33  34 ");
	tui_expect(f.t, "LLC 0: L3 32M");
	tui_keys(f.t, "Right");
	tui_expect(f.t, " 32  33  34 ");
	tui_keys(f.t, "*");
	tui_expect_not(f.t, " 40  41  42 ");
	tui_keys(f.t, "*");
	tui_expect(f.t, " 40  41  42 ");
	tui_keys(f.t, "-");
	tui_expect_not(f.t, " 32  33  34 ");
	tui_keys(f.t, "+");
	tui_expect(f.t, " 32  33  34 ");
	end(&f);
}

static void test_search(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "cpus-512", 24, 80, NULL);
	tui_keys(f.t, "/ 1 7");
	/* Found while it is typed; what it stands in is opened. */
	tui_expect(f.t, "cpu 17: core 17");
	tui_keys(f.t, "Esc");
	tui_expect(f.t, "LLC 0: L3 32M");
	tui_type(f.t, "/llc 3\r");
	tui_expect(f.t, "LLC 3: L3 32M");
	/* A number alone is whatever has it; the search goes round. */
	tui_type(f.t, "/3\rn");
	tui_expect(f.t, "node 3: 2 LLCs");
	tui_keys(f.t, "n");
	tui_expect(f.t, "cpu 3: core 3");
	tui_keys(f.t, "N");
	tui_expect(f.t, "node 3: 2 LLCs");
	tui_keys(f.t, "n");
	tui_keys(f.t, "Esc");
	tui_expect_not(f.t, "End search");
	tui_type(f.t, "/9999\r");
	tui_expect(f.t, "nothing here matches \"9999\"");
	tui_expect(f.t, "cpu 3: core 3");
	/* History, and editing as raw text. */
	tui_keys(f.t, "/ Up Up");
	tui_expect(f.t, "/3");
	tui_keys(f.t, "C-u q Space C-w x");
	tui_expect(f.t, "/x");
	tui_keys(f.t, "Esc");
	end(&f);
}

static void test_help_is_searched(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	tui_keys(f.t, "F1");
	tui_expect(f.t, "Help: Topology");
	tui_expect(f.t, "page 1/2");
	tui_keys(f.t, "PgDn");
	tui_expect(f.t, "page 2/2");
	tui_type(f.t, "pause");
	tui_expect(f.t, "pause or resume");
	tui_expect_not(f.t, "next match");
	tui_type(f.t, "zzz");
	tui_expect(f.t, "no key does that");
	tui_keys(f.t, "Esc");
	tui_expect_not(f.t, "Help: Topology");
	end(&f);
}

static void test_delay_and_pause(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	tui_expect(f.t, "every 1s");
	tui_keys(f.t, "[");
	tui_expect(f.t, "every 500ms");
	tui_keys(f.t, "] ]");
	tui_expect(f.t, "every 2s");
	tui_type(f.t, "d\x15"
		      "5s\r");
	tui_expect(f.t, "every 5s");
	tui_type(f.t, "d\x15"
		      "5\r");
	tui_expect(f.t, "!");
	tui_expect(f.t, "every 5s");
	tui_type(f.t, "d\x15"
		      "1ms\r");
	tui_expect(f.t, "every 100ms");
	tui_keys(f.t, "Space");
	tui_expect(f.t, "PAUSED 00:0");
	tui_keys(f.t, "Space");
	tui_expect_not(f.t, "PAUSED");
	end(&f);
}

static bool cell_is_selected(struct tui *t, int row, int col)
{
	struct tui_cell c;

	tui_cell(t, row, col, &c);
	return c.bg != -1 || c.reverse;
}

static void click(struct tui *t, int row, int col)
{
	cleanup_free char *bytes =
		xasprintf("\033[<0;%d;%dM\033[<0;%d;%dm", col + 1, row + 1, col + 1, row + 1);

	tui_type(t, bytes);
}

static void test_mouse(void **state)
{
	struct fixture f;
	int row, col;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	assert_true(tui_find(f.t, " 42 ", &row, &col));
	click(f.t, row, col + 1);
	tui_expect(f.t, "cpu 42: core 10");
	assert_true(cell_is_selected(f.t, row, col + 1));
	/* The number under it belongs to it. */
	click(f.t, row + 1, col + 5);
	tui_expect(f.t, "cpu 43: core 11");
	/* The fold mark folds. */
	assert_true(tui_find(f.t, "LLC 2", &row, &col));
	click(f.t, row, col - 2);
	tui_expect_not(f.t, " 48  49 ");
	tui_type(f.t, "\033[<64;10;5M");
	tui_expect_not(f.t, "LLC 2: L3 32M");
	end(&f);
}

static void test_views(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "two-sockets", 24, 80, NULL);
	tui_keys(f.t, "v");
	tui_expect(f.t, "view:list");
	tui_keys(f.t, "v");
	tui_expect(f.t, "0:10   1:21");
	tui_keys(f.t, "v c");
	tui_expect(f.t, "colour:node  view:grid");
	tui_keys(f.t, "c");
	tui_expect(f.t, "colour:util");
	end(&f);
}

/* The cursor's LLC, the whole machine to change, the same in words. */
static void test_shapes(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "sparse", 30, 100, NULL);
	tui_keys(f.t, "p");
	tui_expect(f.t, "copied 1c2t+2c1t/2c1t --distances 10,40/40,10");
	tui_keys(f.t, "b");
	tui_expect(f.t, "shaped like LLC 2");
	tui_expect(f.t, "1,1,2,1");
	tui_keys(f.t, "Esc E");
	tui_expect(f.t, "shaped like this machine");
	tui_expect(f.t, "1c2t+2c1t/2c1t, 6 CPUs");
	tui_expect(f.t, "10,40/40,10");
	tui_keys(f.t, "Esc n Tab");
	tui_type(f.t, "host:4");
	tui_expect(f.t, "1c2t+1c1t/1c1t, 4 CPUs");
	tui_keys(f.t, "Esc");
	end(&f);
}

static void test_readonly(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, "--readonly");
	tui_expect(f.t, "READ-ONLY");
	tui_keys(f.t, "b n");
	tui_expect_not(f.t, "Boot");
	tui_keys(f.t, "?");
	tui_expect_not(f.t, "CHANGES SOMETHING");
	tui_keys(f.t, "Esc");
	end(&f);
}

static void test_offline_and_closed(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "offline-cpu0", 24, 80, NULL);
	tui_expect(f.t, "offline: 0");
	end(&f);
}

/* Nothing was ever read: the first frame stands, keys work, and there is no wrong number on it. */
static void test_collector_stalls(void **state)
{
	struct replay *r = replay_new("tests/golden/topo/epyc.machine");
	const char *args[] = {"--sysroot", r->machine->dir, NULL};
	struct tui *t = tui_start(&(struct tui_options){.args = args});

	(void)state;
	tui_expect(t, "reading this machine's topology");
	tui_keys(t, "?");
	tui_expect(t, "Help: Topology");
	tui_keys(t, "Esc");
	tui_quit(t);
	replay_free(r);
}

static void test_escape_does_not_quit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "epyc", 24, 80, NULL);
	tui_keys(f.t, "Esc Esc");
	tui_expect(f.t, "Topology");
	tui_keys(f.t, "F10");
	assert_int_equal(tui_wait(f.t), 0);
	tui_free(f.t);
	replay_free(f.replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_help_is_searched),
		cmocka_unit_test(test_delay_and_pause),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_readonly),
		cmocka_unit_test(test_offline_and_closed),
		cmocka_unit_test(test_collector_stalls),
		cmocka_unit_test(test_escape_does_not_quit),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
