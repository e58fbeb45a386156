/* Colours: every role in every palette, and what is left without any. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/theme.h"

static const int palettes[] = {0, 8, 16, 256};

static void test_no_colour_beyond_the_terminal(void **state)
{
	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(palettes); p++) {
		struct theme t;

		theme_init(&t, palettes[p]);
		assert_int_equal(t.colours, palettes[p]);
		for (int r = 0; r < THEME_ROLES; r++) {
			struct ui_style s = theme_style(&t, (enum theme_role)r);

			assert_true(s.fg < palettes[p] && s.bg < palettes[p]);
			assert_true(s.fg >= -1 && s.bg >= -1);
		}
		for (int v = -1; v <= 120; v++) {
			assert_true(theme_heat(&t, v).fg < palettes[p]);
			assert_true(theme_series(&t, (unsigned)(v + 1)).fg < palettes[p]);
		}
		assert_true(theme_heat(&t, NAN).fg < palettes[p]);
	}
}

/* What must never look alike, even in black and white. */
static void test_meaning_survives_without_colour(void **state)
{
	static const enum theme_role pairs[][2] = {{THEME_TAB, THEME_TAB_FOCUS},
		{THEME_TEXT, THEME_SELECTED}, {THEME_TEXT, THEME_MATCH},
		{THEME_SELECTED, THEME_MATCH}, {THEME_SELECTED, THEME_SELECTED_IDLE},
		{THEME_TEXT, THEME_SELECTED_IDLE}, {THEME_TITLE, THEME_TITLE_FOCUS},
		{THEME_TITLE_FOCUS, THEME_TITLE_INPUT}, {THEME_TEXT, THEME_ALERT},
		{THEME_TEXT, THEME_BADGE}, {THEME_BORDER, THEME_BORDER_FOCUS}};

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(palettes); p++) {
		struct theme t;

		theme_init(&t, palettes[p]);
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
			struct ui_style a = theme_style(&t, pairs[i][0]);
			struct ui_style b = theme_style(&t, pairs[i][1]);

			assert_true(a.fg != b.fg || a.bg != b.bg || a.attr != b.attr);
		}
	}
}

static void test_reduce(void **state)
{
	(void)state;
	assert_int_equal(theme_reduce(UI_DEFAULT, 256), UI_DEFAULT);
	assert_int_equal(theme_reduce(200, 256), 200);
	assert_int_equal(theme_reduce(200, 0), UI_DEFAULT);
	assert_int_equal(theme_reduce(UI_RGB(255, 0, 0), 256), 196);
	assert_int_equal(theme_reduce(UI_RGB(8, 8, 8), 256), 232);
	assert_int_equal(theme_reduce(UI_RGB(255, 0, 0), 8), 1);
	assert_int_equal(theme_reduce(UI_RGB(0, 0, 0), 8), 0);
	assert_int_equal(theme_reduce(UI_RGB(255, 255, 255), 16), 15);
	assert_int_equal(theme_reduce(196, 8), 1);
	assert_int_equal(theme_reduce(46, 16), 10);
	assert_int_equal(theme_reduce(12, 8), 4);
	for (ui_color c = 0; c < 256; c++) {
		assert_in_range(theme_reduce(c, 8), 0, 7);
		assert_in_range(theme_reduce(c, 16), 0, 15);
	}
	assert_int_equal(theme_reduce(999, 256), UI_DEFAULT);
}

static void test_glyphs_have_ascii_twins(void **state)
{
	const uint32_t *rich = (const uint32_t *)glyphs_get(false);
	const uint32_t *poor = (const uint32_t *)glyphs_get(true);

	(void)state;
	for (size_t i = 0; i < sizeof(struct glyphs) / sizeof(uint32_t); i++) {
		assert_in_range(poor[i], 0x21, 0x7e);
		assert_true(rich[i] > 0x7f);
		assert_int_not_equal(glyph_ascii(rich[i]), '?');
	}
	assert_int_equal(glyph_ascii('a'), 'a');
	assert_int_equal(glyph_ascii(0x4e2d), '?');
	assert_int_equal(glyph_ascii(0x2550), '=');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_colour_beyond_the_terminal),
		cmocka_unit_test(test_meaning_survives_without_colour),
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_glyphs_have_ascii_twins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
