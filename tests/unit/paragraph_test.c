#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ui/paragraph.h"

/* The lines, joined by bars. */
static void expect(int width, const char *text, const char *want)
{
	cleanup_str struct str out = STR_INIT;
	struct canvas c;
	int rows;

	canvas_init(&c, 20, width + 1);
	rows = paragraph_draw(
		view_of(&c), 0, 0, (struct ui_style){UI_DEFAULT, UI_DEFAULT, 0}, text);
	for (int i = 0; i < rows; i++) {
		cleanup_str struct str line = STR_INIT;

		canvas_line(&c, i, &line);
		str_printf(&out, "%s%s", i ? "|" : "", str_get(&line));
	}
	assert_string_equal(str_get(&out), want);
	assert_int_equal(paragraph_rows(width, text), rows);
	canvas_release(&c);
}

static void lines_break_at_blanks(void **state)
{
	(void)state;
	expect(10, "", "");
	expect(10, "short", "short");
	expect(10, "exactly 10", "exactly 10");
	expect(10, "too slow to boot a kernel", "too slow|to boot a|kernel");
	expect(11, "too slow to boot a kernel", "too slow to|boot a|kernel");
	expect(10, "one\ntwo three four", "one|two three|four");
	expect(4, "unbreakable", "unbr|eaka|ble");
	expect(6, "a \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 b", "a \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9|b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines_break_at_blanks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
