/* The guest pane: keys, pastes, the mouse and the window's size on their way to the guest. */
#include "tests/lib/scripted_vm.h"

static void every_key_reaches_the_guest(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_type(&d, "q?n/");
	guest_heard("q?n/");
	dash_keys(&d, "Enter Tab S-Tab Esc F1 F12 Up C-c C-z C-l M-x Backspace");
	guest_heard("\r\t\x1b[Z\x1b\x1bOP\x1b[24~\x1b[A\x03\x1a\x0c\x1bx\x7f");
	assert_false(app_done(d.app));
	dash_keys(&d, "C-] C-]");
	guest_heard("\x1d");
	dash_close(&d);
}

static void a_paste_and_the_mouse_reach_the_guest(void **state)
{
	const struct ui_key paste = {.kind = UI_KEY_PASTE, .text = "two\nlines", .size = 9};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	app_key(d.app, &paste);
	dash_turn(&d);
	guest_heard("two\rlines");
	guest_writes(&d, "\x1b[?1000h\x1b[?1006h\x1b[?2004h");
	dash_mouse(&d, UI_MOUSE_PRESS, 1, 3, 4); /* the title has the first row */
	dash_mouse(&d, UI_WHEEL_UP, 0, 3, 4);
	guest_heard("\x1b[<0;5;3M\x1b[<64;5;3M");
	app_key(d.app, &paste);
	dash_turn(&d);
	guest_heard("\x1b[200~two\rlines\x1b[201~");
	dash_close(&d);
}

static void the_wheel_depends_on_the_screen(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	for (int i = 0; i < 60; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d\r\n", i);
		guest_writes(&d, line);
	}
	dash_mouse(&d, UI_WHEEL_UP, 0, 5, 5);
	guest_heard("");
	dash_expect(&d, "3 rows back");
	dash_type(&d, "x"); /* any key is live again */
	guest_heard("x");
	dash_expect_not(&d, "rows back");
	guest_writes(&d, "\x1b[?1049h");
	dash_mouse(&d, UI_WHEEL_DOWN, 0, 5, 5);
	guest_heard("\x1b[B\x1b[B\x1b[B");
	dash_close(&d);
}

static void the_prefix_lists_its_keys(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-]");
	dash_expect_not(&d, "C-] then:");
	dash_wait_for(&d, "C-] then:");
	dash_expect(&d, "o Leave input");
	dash_keys(&d, "t");
	dash_expect(&d, "C-] t does nothing");
	guest_heard("");
	dash_keys(&d, "C-] ?");
	dash_expect(&d, "Help: Guest");
	dash_expect(&d, "leave input mode");
	dash_keys(&d, "Esc C-] 1");
	dash_expect(&d, "the host pane");
	dash_keys(&d, "4");
	dash_expect(&d, "INPUT");
	dash_close(&d);
}

static void a_slow_guest_gets_all_keys_in_order(void **state)
{
	struct dash d;
	char buf[65536];
	size_t heard = 0;
	ssize_t n;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	memset(buf, 'p', sizeof(buf));
	for (int i = 0; i < 12; i++) {
		const struct ui_key paste = {.kind = UI_KEY_PASTE, .text = buf, .size = 50000};

		app_key(d.app, &paste);
	}
	for (int i = 0; i < 1000 && heard < 600000; i++) {
		while ((n = read(latest->console[1], buf, sizeof(buf))) > 0)
			heard += (size_t)n;
		dash_turn(&d);
	}
	assert_int_equal(heard, 600000);
	dash_close(&d);
}

static void only_the_last_size_is_told(void **state)
{
	uint64_t until = clock_mono_ns() + 20 * NS_PER_SEC;
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	for (int i = 0; i < 10; i++) {
		app_resize(d.app, 24, 81 + i);
		dash_turn(&d);
	}
	while (latest->cols != 90 && clock_mono_ns() < until)
		loop_turn(d.loop, 100, NULL);
	assert_int_equal(latest->cols, 90);
	assert_int_equal(latest->rows, 21);
	assert_in_range(latest->resizes, 1, 3);
	dash_close(&d);
}

static void every_size_is_survived(void **state)
{
	static const int sizes[][2] = {{1, 1}, {2, 3}, {4, 20}, {3, 200}, {200, 4}, {400, 200},
		{11, 59}, {12, 60}, {24, 80}, {5, 12}};
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	dash_keys(&d, "C-] o");
	for (int zoom = 0; zoom < 2; zoom++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			app_resize(d.app, sizes[i][0], sizes[i][1]);
			guest_writes(&d, "text\r\n\x1b[5;5Hmore\x1b[200;200Hfar\r\n");
			dash_keys(&d, "PgUp v l k y i C-] o n Esc");
		}
		dash_keys(&d, "z");
	}
	app_resize(d.app, 24, 80);
	guest_writes(&d, "\x1b[2J\x1b[Hstill here");
	dash_expect(&d, "still here");
	dash_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_reaches_the_guest),
		cmocka_unit_test(a_paste_and_the_mouse_reach_the_guest),
		cmocka_unit_test(the_wheel_depends_on_the_screen),
		cmocka_unit_test(the_prefix_lists_its_keys),
		cmocka_unit_test(a_slow_guest_gets_all_keys_in_order),
		cmocka_unit_test(only_the_last_size_is_told),
		cmocka_unit_test(every_size_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
