/* Files of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ui/script.h"

static void refused(const char *text, const char *why)
{
	struct script s = {0};
	struct err e = ERR_INIT;

	assert_true(script_parse(&s, text, &e) < 0);
	if (!strstr(e.msg, why))
		fail_msg("'%s' is refused with '%s'", text, e.msg);
	script_release(&s);
}

static void test_steps(void **state)
{
	static const char text[] = "# boots a guest\nn Enter\n"
				   "wait \"/ #\" \"ls\\n\" C-] o # leave\n\"#\" q";
	struct script s = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(script_parse(&s, text, &e), 0);
	assert_int_equal(s.n, 10);
	assert_true(ui_is_char(&s.v[0].key, 'n', 0));
	assert_true(ui_is_fn(&s.v[1].key, UI_FN_ENTER));
	assert_int_equal(s.v[2].kind, SCRIPT_WAIT);
	assert_string_equal(s.v[2].text, "/ #");
	assert_int_equal(s.v[2].line, 3);
	assert_true(ui_is_char(&s.v[3].key, 'l', 0));
	assert_true(ui_is_fn(&s.v[5].key, UI_FN_ENTER));
	assert_true(ui_is_char(&s.v[6].key, ']', UI_CTRL));
	assert_true(ui_is_char(&s.v[8].key, '#', 0));
	assert_true(ui_is_char(&s.v[9].key, 'q', 0));
	assert_false(script_done(&s));
	script_release(&s);
	assert_true(script_done(&s));
}

static void test_quotes(void **state)
{
	struct script s = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(script_parse(&s, "\"a\\\"\\\\\\t\\e\xc3\xa9\"", &e), 0);
	assert_int_equal(s.n, 6);
	assert_int_equal(s.v[1].key.cp, '"');
	assert_int_equal(s.v[2].key.cp, '\\');
	assert_int_equal(s.v[3].key.fn, UI_FN_TAB);
	assert_int_equal(s.v[4].key.fn, UI_FN_ESC);
	assert_int_equal(s.v[5].key.cp, 0xe9);
	script_release(&s);
	assert_int_equal(script_parse(&s, "", &e), 0);
	assert_int_equal(script_parse(&s, " \n# only this", &e), 0);
	assert_int_equal(s.n, 0);
	script_release(&s);
}

static void test_refusals(void **state)
{
	(void)state;
	refused("q\nEntr", "line 2: there is no key named \"Entr\"");
	refused("\"abc", "line 1: the text has no closing quote");
	refused("\"abc\ndef\"", "closing quote");
	refused("\"\\q\"", "after a backslash");
	refused("wait", "`wait` is followed by");
	refused("wait q", "`wait` is followed by");
	refused("wait \"\"", "nothing to wait for");
	refused("\"\xff\"", "not UTF-8");
}

static void test_sees(void **state)
{
	struct canvas c;

	(void)state;
	canvas_init(&c, 3, 20);
	view_text(view_of(&c), 1, 3, (struct ui_style){0}, "hello world");
	assert_true(script_sees(&c, "lo wo"));
	assert_false(script_sees(&c, "hello  world"));
	canvas_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_sees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
