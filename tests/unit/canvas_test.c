/* Cells, clipping, wide characters. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ui/canvas.h"

static const struct ui_style plain = {UI_DEFAULT, UI_DEFAULT, 0};

static void assert_row(const struct canvas *c, int row, const char *want)
{
	cleanup_str struct str have = STR_INIT;

	canvas_line(c, row, &have);
	assert_string_equal(str_get(&have), want);
}

static void test_sizes(void **state)
{
	struct canvas c;

	(void)state;
	canvas_init(&c, -5, 0);
	assert_int_equal(c.rows, 1);
	assert_int_equal(c.cols, 1);
	canvas_resize(&c, 5000, 7);
	assert_int_equal(c.rows, 1000);
	assert_int_equal(c.cols, 7);
	assert_null(canvas_at(&c, 1000, 0));
	assert_null(canvas_at(&c, 0, -1));
	assert_non_null(canvas_at(&c, 999, 6));
	canvas_release(&c);
}

static void test_text_is_clipped(void **state)
{
	struct canvas c;
	struct view v;

	(void)state;
	canvas_init(&c, 3, 10);
	v = view_of(&c);
	assert_int_equal(view_text(v, 1, 7, plain, "hello"), 12);
	assert_row(&c, 1, "       hel");
	assert_int_equal(view_text(v, 1, -2, plain, "ab12"), 2);
	assert_row(&c, 1, "12     hel");
	view_text(v, -1, 0, plain, "x");
	view_text(v, 3, 0, plain, "x");
	assert_row(&c, 0, "");
	assert_row(&c, 2, "");
	canvas_release(&c);
}

static void test_views_nest(void **state)
{
	struct canvas c;
	struct view v;

	(void)state;
	canvas_init(&c, 4, 10);
	v = view_sub(view_sub(view_of(&c), 1, 2, 2, 5), 1, 1, 9, 9);
	assert_int_equal(v.at.row, 2);
	assert_int_equal(v.at.col, 3);
	assert_int_equal(v.at.rows, 1);
	assert_int_equal(v.at.cols, 4);
	view_text(v, 0, 0, plain, "abcdefgh");
	assert_row(&c, 2, "   abcd");
	view_cursor(v, 0, 3);
	assert_int_equal(c.cursor_col, 6);
	view_cursor(v, 0, 4);
	assert_int_equal(c.cursor_col, 6);
	v = view_sub(view_of(&c), 90, 90, 5, 5);
	assert_int_equal(v.at.rows * v.at.cols, 0);
	view_text(v, 0, 0, plain, "nowhere");
	canvas_release(&c);
}

static void test_wide_characters(void **state)
{
	struct canvas c;
	struct view v;

	(void)state;
	canvas_init(&c, 2, 6);
	v = view_of(&c);
	view_text(v, 0, 0, plain, "\xe4\xb8\xad\xe6\x96\x87x");
	assert_row(&c, 0, "\xe4\xb8\xad\xe6\x96\x87x");
	assert_int_equal(canvas_at(&c, 0, 0)->width, 2);
	assert_int_equal(canvas_at(&c, 0, 1)->width, 0);
	/* Writing over one half blanks the other. */
	view_text(v, 0, 1, plain, "y");
	assert_row(&c, 0, " y\xe6\x96\x87x");
	assert_int_equal(canvas_at(&c, 0, 0)->width, 1);
	/* No room for the right half: a blank. */
	view_text(v, 1, 5, plain, "\xe4\xb8\xad");
	assert_row(&c, 1, "");
	assert_int_equal(canvas_at(&c, 1, 5)->width, 1);
	canvas_release(&c);
}

static void test_combining_and_bad_bytes(void **state)
{
	struct canvas c;

	(void)state;
	canvas_init(&c, 2, 8);
	assert_int_equal(view_text(view_of(&c), 0, 0, plain, "e\xcc\x81x"), 2);
	assert_row(&c, 0, "e\xcc\x81x");
	assert_int_equal(view_text(view_of(&c), 1, 0, plain,
				 "a\x1b\x80\xff"
				 "b"),
		5);
	assert_row(&c, 1,
		"a?\xef\xbf\xbd\xef\xbf\xbd"
		"b");
	canvas_release(&c);
}

static void test_field_cuts_visibly(void **state)
{
	struct canvas c;

	(void)state;
	canvas_init(&c, 3, 10);
	view_text(view_of(&c), 0, 0, plain, "..........");
	assert_int_equal(view_field(view_of(&c), 0, 1, 5, plain, "abc"), 6);
	assert_row(&c, 0, ".abc  ....");
	view_field(view_of(&c), 1, 0, 4, plain, "abcdef");
	assert_row(&c, 1, "abc>");
	view_field(view_of(&c), 2, 0, 4, plain, "abcd");
	assert_row(&c, 2, "abcd");
	view_field(view_of(&c), 2, 0, -3, plain, "zz");
	assert_row(&c, 2, "abcd");
	canvas_release(&c);
}

static void test_cells(void **state)
{
	struct ui_cell cell = {.ch = {0x4e2d}, .fg = 3, .bg = 4, .attr = UI_BOLD, .width = 2};
	struct canvas c;

	(void)state;
	canvas_init(&c, 1, 4);
	view_cell(view_of(&c), 0, 1, &cell);
	assert_int_equal(canvas_at(&c, 0, 1)->ch[0], 0x4e2d);
	assert_int_equal(canvas_at(&c, 0, 2)->width, 0);
	assert_int_equal(canvas_at(&c, 0, 2)->bg, 4);
	view_restyle(view_of(&c), 0, 0, 99, (struct ui_style){7, UI_DEFAULT, UI_REVERSE});
	assert_int_equal(canvas_at(&c, 0, 1)->fg, 7);
	assert_int_equal(canvas_at(&c, 0, 1)->ch[0], 0x4e2d);
	view_fill(view_of(&c), -3, -3, 99, 99, plain, '#');
	assert_row(&c, 0, "####");
	canvas_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_text_is_clipped),
		cmocka_unit_test(test_views_nest),
		cmocka_unit_test(test_wide_characters),
		cmocka_unit_test(test_combining_and_bad_bytes),
		cmocka_unit_test(test_field_cuts_visibly),
		cmocka_unit_test(test_cells),
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* widths of characters come from it */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
