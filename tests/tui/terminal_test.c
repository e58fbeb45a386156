/* Terminals of all kinds and sizes, and that each is given back as it was found. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "tests/lib/tui.h"

static struct tui *start_on(const char *term, const char *env, const char *option)
{
	const char *args[] = {option, NULL}, *envs[] = {env, NULL};
	struct tui *t = tui_start(&(struct tui_options){.term = term, .args = args, .env = envs});

	tui_expect(t, "LLC 0");
	return t;
}

/* The largest palette index on the screen; -1 = no colour at all. */
static int colours_seen(struct tui *t)
{
	int most = -1;

	for (int r = 0; r < tui_rows(t); r++)
		for (int c = 0; c < tui_cols(t); c++) {
			struct tui_cell cell;

			tui_cell(t, r, c, &cell);
			most = cell.fg > most ? cell.fg : most;
			most = cell.bg > most ? cell.bg : most;
		}
	return most;
}

static void test_colours(void **state)
{
	struct tui *t;

	(void)state;
	t = start_on("vt100", NULL, NULL);
	assert_int_equal(colours_seen(t), -1);
	tui_quit(t);
	t = start_on("tmux-256color", "NO_COLOR=1", NULL);
	assert_int_equal(colours_seen(t), -1);
	tui_quit(t);
	t = start_on("tmux-256color", NULL, "--color=never");
	assert_int_equal(colours_seen(t), -1);
	tui_quit(t);
	t = start_on("tmux-256color", "NO_COLOR=1", "--color=always");
	assert_true(colours_seen(t) > 15);
	tui_quit(t);
	t = start_on("screen", NULL, NULL);
	assert_in_range(colours_seen(t), 1, 7);
	tui_quit(t);
	t = start_on("tmux-256color", NULL, NULL);
	assert_true(colours_seen(t) > 15);
	tui_quit(t);
}

static bool is_ascii(struct tui *t)
{
	cleanup_str struct str screen = STR_INIT;

	tui_screen(t, &screen);
	for (size_t i = 0; i < screen.len; i++)
		if ((unsigned char)screen.s[i] >= 0x80)
			return false;
	return true;
}

static void test_ascii(void **state)
{
	struct tui *t = start_on(NULL, "LANG=C", NULL);

	(void)state;
	assert_true(is_ascii(t));
	tui_quit(t);
	t = start_on(NULL, NULL, "--ascii");
	assert_true(is_ascii(t));
	tui_quit(t);
	t = start_on(NULL, NULL, NULL);
	assert_false(is_ascii(t));
	tui_quit(t);
}

static void test_sizes(void **state)
{
	static const int sizes[][2] = {{1, 1}, {1, 400}, {200, 1}, {2, 2}, {3, 9}, {4, 20}, {5, 12},
		{6, 60}, {11, 59}, {12, 60}, {24, 80}, {29, 99}, {30, 100}, {50, 160}, {200, 400},
		{24, 80}};
	struct tui *t = start_on(NULL, NULL, NULL);
	uint32_t seed = 20240229;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		tui_resize(t, sizes[i][0], sizes[i][1]);
	tui_expect(t, "LLC 0");
	for (int i = 0; i < 60; i++) {
		seed = seed * 1664525 + 1013904223;
		tui_resize(t, (int)(seed >> 8) % 200 + 1, (int)(seed >> 18) % 400 + 1);
		if (i % 5 == 0)
			tui_keys(t, "? Esc");
		if (i % 7 == 0)
			tui_keys(t, "/ 1 Enter v");
	}
	tui_resize(t, 24, 80);
	tui_expect(t, "Topology");
	tui_keys(t, "Esc");
	tui_quit(t);
}

static void test_redraw(void **state)
{
	struct tui *t = start_on(NULL, NULL, NULL);
	size_t bytes;

	(void)state;
	tui_keys(t, "Space");
	tui_expect(t, "PAUSED");
	bytes = tui_output(t)->len;
	tui_keys(t, "C-l");
	/* Every cell again, not what changed. */
	assert_true(tui_output(t)->len - bytes > 1000);
	tui_expect(t, "LLC 0");
	tui_quit(t);
}

/* ---- giving it back -------------------------------------------------------------------------- */

/* The last of these sequences in the output is the second. */
static bool ends_with(const struct str *out, const char *on, const char *off)
{
	const char *s = str_get(out), *last_on = NULL, *last_off = NULL;

	for (const char *p = s; (p = strstr(p, on)); p++)
		last_on = p;
	for (const char *p = s; (p = strstr(p, off)); p++)
		last_off = p;
	return last_on && last_off && last_off > last_on;
}

static void assert_given_back(struct tui *t)
{
	const struct termios *was = tui_modes_before(t);
	struct termios now;

	tui_modes(t, &now);
	assert_int_equal(now.c_lflag, was->c_lflag);
	assert_int_equal(now.c_iflag, was->c_iflag);
	assert_int_equal(now.c_oflag, was->c_oflag);
	assert_true(ends_with(tui_output(t), "\033[?1049h", "\033[?1049l"));
	assert_true(ends_with(tui_output(t), "\033[?1006h", "\033[?1006l"));
	assert_true(ends_with(tui_output(t), "\033[?2004h", "\033[?2004l"));
}

static void test_given_back_after_q(void **state)
{
	struct tui *t = start_on(NULL, NULL, NULL);

	(void)state;
	tui_keys(t, "q");
	assert_int_equal(tui_wait(t), 0);
	assert_given_back(t);
	tui_free(t);
}

static void test_given_back_after_signals(void **state)
{
	static const int signals[] = {
		SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT};
	/* A sanitizer ends the process in a way of its own. */
	bool sanitized = getenv("BUILD") && strcmp(getenv("BUILD"), "release") != 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct tui *t = start_on(NULL, NULL, NULL);
		int status;

		kill(tui_pid(t), signals[i]);
		status = tui_wait(t);
		if (!sanitized || i < 3)
			assert_int_equal(status, 128 + signals[i]);
		else
			assert_int_not_equal(status, 0);
		assert_given_back(t);
		tui_free(t);
	}
}

static void test_hang_up(void **state)
{
	struct tui *t = start_on(NULL, NULL, NULL);

	(void)state;
	assert_int_equal(tui_hang_up(t), 128 + SIGHUP);
	tui_free(t);
}

static void test_suspend(void **state)
{
	struct tui *t = tui_start(&(struct tui_options){.job = true});
	struct termios stopped;

	(void)state;
	tui_expect(t, "LLC 0");
	tui_send(t, "\x1a", 1);
	tui_wait_stop(t);
	tui_modes(t, &stopped);
	assert_int_equal(stopped.c_lflag, tui_modes_before(t)->c_lflag);
	assert_true(ends_with(tui_output(t), "\033[?1049h", "\033[?1049l"));
	tui_continue(t);
	tui_settle(t);
	tui_expect(t, "LLC 0");
	tui_keys(t, "?");
	tui_expect(t, "Help");
	tui_keys(t, "Esc");
	tui_quit(t);
}

static void test_no_mouse(void **state)
{
	struct tui *t = start_on(NULL, NULL, "--no-mouse");

	(void)state;
	assert_null(strstr(str_get(tui_output(t)), "\033[?1000h"));
	assert_non_null(strstr(str_get(tui_output(t)), "\033[?2004h"));
	tui_quit(t);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(tui_run_refused("dumb", "cannot place its cursor"), 1);
	assert_int_equal(tui_run_refused("no-such-terminal", "no terminfo entry"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_redraw),
		cmocka_unit_test(test_given_back_after_q),
		cmocka_unit_test(test_given_back_after_signals),
		cmocka_unit_test(test_hang_up),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_no_mouse),
		cmocka_unit_test(test_refusals),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
