/* The dashboard without a terminal: focus, layouts, dialogs, input mode, searching, quitting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "tests/lib/fake_guest.h"
#include "tests/lib/machine.h"
#include "ui/app_state.h"
#include "ui/panes.h"
#include "ui/script.h"

static const char machine[] = "[/sys/devices/system/cpu]\n"
			      "online=0-3\n"
			      "[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
			      "topology/core_id={n}\n"
			      "cache/index2/level=2\n"
			      "cache/index2/type=Unified\n"
			      "cache/index2/size=1M\n"
			      "cache/index2/shared_cpu_list={n/2*2}-{n/2*2+1}\n";

struct fixture {
	struct loop *loop;
	struct topo *topo;
	struct app *a;
	int bells, redraws, suspends, copies;
	uint64_t delay;
	bool paused;
};

static void present(void *user, const struct canvas *c)
{
	(void)user;
	(void)c;
}

static void redraw(void *user)
{
	((struct fixture *)user)->redraws++;
}

static void suspend(void *user)
{
	((struct fixture *)user)->suspends++;
}

static char *copy(void *user, const char *utf8, size_t n)
{
	(void)utf8;
	((struct fixture *)user)->copies += n > 0;
	return NULL;
}

static void bell(void *user)
{
	((struct fixture *)user)->bells++;
}

static void delay(void *user, uint64_t ns)
{
	((struct fixture *)user)->delay = ns;
}

static void pause_it(void *user, bool paused)
{
	((struct fixture *)user)->paused = paused;
}

static const struct app_output output = {
	.present = present,
	.bell = bell,
	.copy = copy,
	.redraw = redraw,
	.suspend = suspend,
	.delay = delay,
	.pause = pause_it,
};

static struct snapshot *snapshot(const struct fixture *f, uint64_t seq)
{
	struct snapshot *s = xcalloc(1, sizeof(*s));

	s->seq = seq;
	s->topo = f->topo;
	return s;
}

static void draw(struct fixture *f)
{
	f->a->frame_cost = 0;
	while (!app_frame(f->a))
		f->a->frame_cost = 0;
}

static void begin_with(struct fixture *f, int rows, int cols, bool readonly)
{
	struct machine *m = machine_new(machine);
	struct err e = ERR_INIT;
	struct app_options o = {.rows = rows,
		.cols = cols,
		.terminal = true,
		.readonly = readonly,
		.delay_ns = NS_PER_SEC,
		.boot = &fake_boot,
		.output = &output,
		.user = f,
		.ascii = true};

	*f = (struct fixture){.loop = loop_new(&e), .topo = topo_collect(m->root, &e)};
	machine_free(m);
	o.loop = f->loop;
	f->a = app_new(&o);
	assert_non_null(app_add(f->a, &pane_topo, NULL, &e));
	app_snapshot(f->a, snapshot(f, 1));
	draw(f);
}

static void begin(struct fixture *f)
{
	begin_with(f, 40, 120, false);
}

static void end(struct fixture *f)
{
	app_free(f->a);
	topo_free(f->topo);
	loop_free(f->loop);
}

static void keys(struct fixture *f, const char *names)
{
	for (const char *s = names; *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		struct ui_key k;

		assert_true(ui_key_parse(s, n, &k));
		app_key(f->a, &k);
		draw(f);
		s += n;
	}
}

static bool sees(const struct fixture *f, const char *text)
{
	return script_sees(app_canvas(f->a), text);
}

#define assert_sees(f, text)                                                                       \
	do {                                                                                       \
		if (!sees((f), (text)))                                                            \
			fail_msg("\"%s\" is not on the screen", (text));                           \
	} while (0)

/* n, Enter, typing, the prefix, q, y: the main job's keys. */
static void test_main_job(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "n");
	assert_sees(&f, "Boot a guest");
	keys(&f, "q Tab 4");
	assert_sees(&f, "Boot a guest"); /* modal */
	keys(&f, "Enter");
	assert_sees(&f, "INPUT");
	keys(&f, "l s Enter q Tab 1 n Esc C-c C-z C-l ?");
	assert_sees(&f, "keys 12");
	assert_int_equal(f.suspends + f.redraws, 0);
	assert_false(app_done(f.a));
	keys(&f, "C-] o");
	assert_sees(&f, "Enter = type");
	keys(&f, "q");
	assert_sees(&f, "A guest is running (VM#1 run).");
	keys(&f, "x Up Down Tab Tab");
	assert_sees(&f, "> n");
	keys(&f, "Enter");
	assert_false(sees(&f, "Quit ktstr?"));
	keys(&f, "q Esc q n");
	assert_false(app_done(f.a));
	keys(&f, "q Up");
	assert_sees(&f, "> y");
	keys(&f, "Enter");
	assert_true(app_done(f.a));
	end(&f);
}

static void test_quit_without_guests(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "C-c");
	assert_true(app_done(f.a));
	end(&f);
}

static void test_focus_and_numbers(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "n Enter C-] o n Enter C-] o");
	assert_sees(&f, "1 Topo");
	assert_sees(&f, "4 VM#1 run");
	assert_sees(&f, "[5 VM#1 run]");
	keys(&f, "1");
	assert_sees(&f, "[1 Topo]");
	keys(&f, "S-Tab");
	assert_sees(&f, "[5 VM");
	keys(&f, "Tab Tab");
	assert_sees(&f, "[4 VM");
	/* The number that got free is taken again; the other keeps its own. */
	keys(&f, "X");
	assert_sees(&f, "[5 VM");
	keys(&f, "n Enter C-] o");
	assert_sees(&f, "[4 VM");
	assert_sees(&f, " 5 VM");
	keys(&f, "7");
	assert_sees(&f, "there is no pane 7");
	keys(&f, "X X");
	assert_sees(&f, "[1 Topo]");
	assert_false(sees(&f, "VM"));
	end(&f);
}

/* Panes that were opened behind the one that is looked at do not come to the front. */
static void test_back_to_the_pane_before(void **state)
{
	static struct pane_ops other;
	struct fixture f;
	struct err e = ERR_INIT;

	(void)state;
	other = pane_topo;
	other.id = "other";
	other.number = 3;
	begin(&f);
	assert_non_null(app_add(f.a, &other, NULL, &e));
	draw(&f);
	assert_sees(&f, "[1 Topo]");
	keys(&f, "n Enter C-] o X");
	assert_sees(&f, "[1 Topo]");
	keys(&f, "3 n Enter C-] o X");
	assert_sees(&f, "[3 Topo]");
	end(&f);
}

static void test_layouts(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "n Enter C-] o");
	assert_sees(&f, "Topology");
	assert_sees(&f, "guest 118x");
	keys(&f, "w");
	assert_sees(&f, "layout: one pane");
	assert_sees(&f, "guest 120x37");
	assert_false(sees(&f, "Topology"));
	keys(&f, "w w");
	assert_sees(&f, "layout: side by side");
	assert_sees(&f, "guest 58x35");
	keys(&f, "C-Right C-Right");
	assert_sees(&f, "guest 46x35");
	keys(&f, "C-Up");
	assert_sees(&f, "guest 46x35");
	keys(&f, "w z");
	assert_sees(&f, "guest 120x40");
	keys(&f, "z");
	assert_sees(&f, "Topology");
	/* A key's message covers the last row of a zoomed guest, and only for as long. */
	keys(&f, "z 9");
	assert_sees(&f, "there is no pane 9");
	end(&f);
}

static void click(struct fixture *f, int row, int col, enum ui_mouse what)
{
	struct ui_key k = {
		.kind = UI_KEY_MOUSE, .mouse = what, .button = 1, .row = row, .col = col};

	app_key(f->a, &k);
	draw(f);
}

static void test_mouse(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "n Enter C-] o");
	click(&f, 0, 3, UI_MOUSE_PRESS);
	assert_sees(&f, "[1 Topo]");
	click(&f, 35, 20, UI_MOUSE_PRESS);
	assert_sees(&f, "[4 VM");
	/* The wheel turns what is under it and moves no focus. */
	click(&f, 5, 20, UI_WHEEL_DOWN);
	assert_sees(&f, "[4 VM");
	click(&f, 39, 119, UI_MOUSE_PRESS);
	click(&f, 0, 119, UI_MOUSE_PRESS);
	click(&f, 5000, 5000, UI_MOUSE_PRESS);
	assert_sees(&f, "[4 VM");
	end(&f);
}

static void test_small_screens(void **state)
{
	struct fixture f;

	(void)state;
	begin_with(&f, 8, 40, false);
	assert_sees(&f, "ktstr  40x8");
	assert_sees(&f, "1 Topo  4 cpus");
	keys(&f, "1");
	assert_sees(&f, "LLC 0");
	keys(&f, "Esc");
	assert_sees(&f, "ktstr  40x8");
	keys(&f, "n Enter");
	assert_sees(&f, "guest 40x");
	keys(&f, "C-] o Esc");
	assert_sees(&f, "4 VM#1 run  runs");
	click(&f, 1, 5, UI_MOUSE_PRESS);
	assert_sees(&f, "LLC 0");
	end(&f);
}

static void test_readonly(void **state)
{
	struct fixture f;

	(void)state;
	begin_with(&f, 40, 120, true);
	assert_sees(&f, "READ-ONLY");
	keys(&f, "n b");
	assert_false(sees(&f, "Boot a guest"));
	app_boot(f.a, NULL);
	draw(&f);
	assert_false(sees(&f, "Boot a guest"));
	end(&f);
}

static void test_search_owns_n(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "/ l l c Enter");
	assert_sees(&f, "/llc");
	keys(&f, "n N");
	assert_false(sees(&f, "Boot a guest"));
	/* In another pane there is no search, so n is the dialog's. */
	keys(&f, "Esc n Enter C-] o 1 / c p u Enter 4 n");
	assert_sees(&f, "Boot a guest");
	keys(&f, "Esc 1 n");
	assert_false(sees(&f, "Boot a guest"));
	keys(&f, "Esc n");
	assert_sees(&f, "Boot a guest");
	end(&f);
}

static void test_updates(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	keys(&f, "Space");
	assert_true(f.paused);
	assert_sees(&f, "PAUSED");
	app_snapshot(f.a, snapshot(&f, 2));
	assert_int_equal(f.a->snapshot->seq, 1);
	keys(&f, "Space");
	assert_false(f.paused);
	app_snapshot(f.a, snapshot(&f, 2));
	assert_int_equal(f.a->snapshot->seq, 2);
	keys(&f, "[ [ [ [ [ [ [");
	assert_int_equal(f.delay, APP_DELAY_MIN_MS * NS_PER_MS);
	keys(&f, "d C-u 2 h Enter");
	assert_int_equal(f.delay, APP_DELAY_MAX_MS * NS_PER_MS);
	keys(&f, "d C-u x Enter");
	assert_sees(&f, "! ");
	keys(&f, "d C-u 3 s Esc");
	assert_int_equal(f.delay, APP_DELAY_MAX_MS * NS_PER_MS);
	keys(&f, "C-l C-z");
	assert_int_equal(f.redraws, 1);
	assert_int_equal(f.suspends, 1);
	end(&f);
}

static void test_messages(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	app_message(f.a, APP_INFO, "saved %d\x1b[31m", 3);
	draw(&f);
	assert_sees(&f, "saved 3?[31m");
	keys(&f, "j");
	assert_false(sees(&f, "saved"));
	app_message(f.a, APP_ALERT, "the guest ended");
	draw(&f);
	keys(&f, "j k");
	assert_sees(&f, "! the guest ended");
	keys(&f, "Esc");
	assert_false(sees(&f, "ended"));
	app_bell(f.a);
	app_copy(f.a, "x", 1);
	assert_int_equal(f.bells + f.copies, 2);
	end(&f);
}

static void test_json(void **state)
{
	cleanup_str struct str text = STR_INIT;
	cleanup_strv struct strv only = STRV_INIT;
	struct fixture f;
	struct json_out j;

	(void)state;
	begin(&f);
	json_init(&j, &text, false);
	app_json(f.a, NULL, &j);
	assert_true(str_starts(str_get(&text), "{\"topo\":{"));
	str_clear(&text);
	strv_push(&only, "vm");
	json_init(&j, &text, false);
	app_json(f.a, &only, &j);
	assert_string_equal(str_get(&text), "{}");
	assert_true(app_focus_id(f.a, "topo"));
	assert_false(app_focus_id(f.a, "vm"));
	end(&f);
}

/* Every key row: it has a key that exists, a global one its action's help, and what changes
 * something is gone in --readonly. */
static void check_rows(const struct key_table *t)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct key_row *r = &t->rows[i];

		for (const char *s = r->keys; *s; s += strspn(s, " ")) {
			size_t n = strcspn(s, " ");
			struct ui_key k;

			assert_true(ui_key_parse(s, n, &k));
			s += n;
		}
		if (r->help)
			assert_true(strlen(r->help) <= 56); /* of 80 columns */
		if (r->help && r->group == KEYS_CHANGES)
			assert_true((r->need & (UI_CAN_CHANGE | UI_CAN_BOOT)) != 0);
		assert_true(!r->hint || r->priority > 0);
	}
}

static void test_rows(void **state)
{
	static const struct pane_ops *const panes[] = {
		&pane_topo, &pane_locks, &pane_ctprof, &pane_vm};

	(void)state;
	check_rows(&app_global_keys);
	for (size_t i = 0; i < ARRAY_LEN(panes); i++)
		for (const struct key_section *s = panes[i]->sections; s && s->title; s++)
			check_rows(s->keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_job),
		cmocka_unit_test(test_quit_without_guests),
		cmocka_unit_test(test_focus_and_numbers),
		cmocka_unit_test(test_back_to_the_pane_before),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_small_screens),
		cmocka_unit_test(test_readonly),
		cmocka_unit_test(test_search_owns_n),
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
