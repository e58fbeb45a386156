/* The terminal: what a guest's output does, what its keys send, how text is found and copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/utf8.h"
#include "ui/vt_impl.h"

static struct vt *make(int rows, int cols, const char *feed)
{
	struct vt *vt = vt_new(rows, cols, VT_SCROLLBACK, NULL);

	vt_feed(vt, feed, strlen(feed));
	return vt;
}

static void feed(struct vt *vt, const char *s)
{
	vt_feed(vt, s, strlen(s));
}

/* History and screen as lines, wrapped rows joined, empty lines at the end cut. */
static void expect_text(const struct vt *vt, const char *want)
{
	cleanup_str struct str text = STR_INIT;

	vt_text(vt, 0, 0, vt_total_rows(vt) - 1, vt_cols(vt) - 1, &text);
	while (text.len && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	assert_string_equal(str_get(&text), want);
}

static void expect_screen_row(const struct vt *vt, int row, const char *want)
{
	cleanup_str struct str text = STR_INIT;
	size_t at = vt_total_rows(vt) - (size_t)vt_rows(vt) + (size_t)row;

	vt_text(vt, at, 0, at, vt_cols(vt) - 1, &text);
	assert_string_equal(str_get(&text), want);
}

static void expect_cursor(const struct vt *vt, int row, int col)
{
	int r, c;

	vt_cursor(vt, &r, &c, NULL);
	assert_int_equal(r, row);
	assert_int_equal(c, col);
}

static void expect_output(struct vt *vt, const char *want)
{
	char buf[256];
	size_t n = vt_take_output(vt, buf, sizeof(buf) - 1);

	buf[n] = '\0';
	assert_string_equal(buf, want);
}

/* ---- text and scrollback -------------------------------------------------------------------- */

static void lines_that_scroll_off_are_kept(void **state)
{
	struct vt *vt = make(4, 20, "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix");

	(void)state;
	assert_int_equal(vt_total_rows(vt), 6);
	expect_text(vt, "one\ntwo\nthree\nfour\nfive\nsix");
	expect_screen_row(vt, 0, "three");
	expect_cursor(vt, 3, 3);
	vt_free(vt);
}

static void only_so_many_lines_are_kept(void **state)
{
	struct vt *vt = vt_new(4, 20, 3, NULL);
	char line[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%d\r\n", i);
		feed(vt, line);
	}
	assert_int_equal(vt_total_rows(vt), 3 + 4);
	assert_int_equal(vt_rows_gone(vt), 94);
	expect_text(vt, "94\n95\n96\n97\n98\n99");
	vt_free(vt);
}

static void wrapped_rows_are_one_line_at_any_width(void **state)
{
	struct vt *vt = make(5, 20,
		"start\r\n0123456789abcdefghij0123456789ABCDEFGHIJxyz\r\nend\r\n1\r\n2\r\n3\r\n");
	static const int widths[] = {37, 20, 64, 21, 100, 20};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		expect_text(vt, "start\n0123456789abcdefghij0123456789ABCDEFGHIJxyz\nend\n1\n2\n3");
		vt_resize(vt, 5, widths[i]);
	}
	assert_int_equal(vt_total_rows(vt), 9);
	assert_true(vt_row_wrapped(vt, 2));
	assert_true(vt_row_wrapped(vt, 3));
	assert_false(vt_row_wrapped(vt, 4));
	vt_free(vt);
}

static void a_full_row_and_a_new_line_are_two_lines(void **state)
{
	struct vt *vt = make(4, 20, "01234567890123456789\r\nnext\r\n01234567890123456789x");

	(void)state;
	expect_text(vt, "01234567890123456789\nnext\n01234567890123456789x");
	vt_free(vt);
}

static void text_survives_a_narrow_screen(void **state)
{
	struct vt *vt = make(6, 80, "a line that is rather longer than twenty columns\r\n$ ");

	(void)state;
	vt_resize(vt, 6, 20);
	expect_text(vt, "a line that is rather longer than twenty columns\n$");
	expect_screen_row(vt, 0, "a line that is rathe");
	vt_resize(vt, 6, 80);
	expect_screen_row(vt, 0, "a line that is rather longer than twenty columns");
	expect_cursor(vt, 1, 2);
	feed(vt, "ls");
	expect_screen_row(vt, 1, "$ ls");
	vt_free(vt);
}

static void wide_characters_wrap_whole(void **state)
{
	struct vt *vt = make(4, 20, "1234567890123456789\xe4\xb8\xad\xe6\x96\x87 end");
	struct ui_cell c;

	(void)state;
	expect_text(vt, "1234567890123456789\xe4\xb8\xad\xe6\x96\x87 end");
	assert_true(vt_cell(vt, 1, 0, &c));
	assert_int_equal(c.ch[0], 0x4e2d);
	assert_int_equal(c.width, 2);
	assert_true(vt_cell(vt, 1, 1, &c));
	assert_int_equal(c.width, 0);
	for (int cols = 20; cols < 40; cols++) {
		vt_resize(vt, 4, cols);
		expect_text(vt, "1234567890123456789\xe4\xb8\xad\xe6\x96\x87 end");
	}
	vt_free(vt);
}

static void half_a_wide_character_is_a_blank(void **state)
{
	struct vt *vt = make(4, 20, "\xe4\xb8\xad\xe6\x96\x87\x1b[1;2Hx\x1b[1;3Hy");
	struct ui_cell c;

	(void)state;
	expect_screen_row(vt, 0, " xy");
	assert_true(vt_cell(vt, 0, 3, &c));
	assert_int_equal(c.ch[0], 0);
	assert_int_equal(c.width, 1);
	vt_free(vt);
}

static void combining_characters_share_a_cell(void **state)
{
	struct vt *vt = make(4, 20, "e\xcc\x81\xcc\x88x");
	struct ui_cell c;

	(void)state;
	assert_true(vt_cell(vt, 0, 0, &c));
	assert_int_equal(c.ch[0], 'e');
	assert_int_equal(c.ch[1], 0x301);
	assert_int_equal(c.ch[2], 0x308);
	expect_cursor(vt, 0, 2);
	expect_text(vt, "e\xcc\x81\xcc\x88x");
	vt_free(vt);
}

static void colours_and_attributes_are_kept_in_the_scrollback(void **state)
{
	struct vt *vt = make(4, 20, "\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3mrgb\x1b[m\r\n\n\n\n\n");
	struct ui_cell cells[20];

	(void)state;
	assert_int_equal(vt_row(vt, 0, cells, 20), 7);
	assert_int_equal(cells[0].ch[0], 'r');
	assert_int_equal(cells[0].fg, 1);
	assert_int_equal(cells[0].attr, UI_BOLD);
	assert_int_equal(cells[3].fg, UI_DEFAULT);
	assert_int_equal(cells[4].fg, UI_RGB(1, 2, 3));
	assert_int_equal(cells[7].fg, UI_DEFAULT);
	vt_free(vt);
}

static void the_alternate_screen_leaves_no_trace(void **state)
{
	struct vt *vt = make(4, 20, "shell\r\n$ vi\x1b[?1049h\x1b[H");

	(void)state;
	assert_true(vt_alt_screen(vt));
	feed(vt, "1\r\n2\r\n3\r\n4\r\n5\r\n6");
	assert_int_equal(vt_total_rows(vt), 4);
	vt_resize(vt, 8, 50);
	feed(vt, "\x1b[?1049l");
	assert_false(vt_alt_screen(vt));
	expect_text(vt, "shell\n$ vi");
	expect_cursor(vt, 1, 4);
	vt_free(vt);
}

static void clear_scrollback_is_heard(void **state)
{
	struct vt *vt = make(4, 20, "1\r\n2\r\n3\r\n4\r\n5\r\n6");

	(void)state;
	assert_int_equal(vt_total_rows(vt), 6);
	feed(vt, "\x1b[3");
	feed(vt, "J");
	assert_int_equal(vt_total_rows(vt), 4);
	expect_text(vt, "3\n4\n5\n6");
	vt_free(vt);
}

static void a_taller_screen_shows_the_scrollback_again(void **state)
{
	struct vt *vt = make(4, 20, "1\r\n2\r\n3\r\n4\r\n5\r\n6");

	(void)state;
	vt_resize(vt, 6, 20);
	expect_screen_row(vt, 0, "1");
	expect_cursor(vt, 5, 1);
	vt_resize(vt, 4, 20);
	expect_screen_row(vt, 0, "3");
	expect_cursor(vt, 3, 1);
	vt_free(vt);
}

static void empty_rows_go_before_text_does(void **state)
{
	struct vt *vt = make(10, 20, "1\r\n2\r\n3");

	(void)state;
	vt_resize(vt, 5, 20);
	expect_screen_row(vt, 0, "1");
	expect_cursor(vt, 2, 1);
	assert_int_equal(vt_total_rows(vt), 5);
	vt_free(vt);
}

static void repeated_characters_fill_the_last_column(void **state)
{
	struct vt *vt = make(4, 20, "x\x1b[18b|$");

	(void)state;
	expect_screen_row(vt, 0, "xxxxxxxxxxxxxxxxxxx|");
	expect_screen_row(vt, 1, "$");
	vt_free(vt);
}

/* ---- hostile input -------------------------------------------------------------------------- */

static void sizes_are_clamped(void **state)
{
	struct vt *vt = vt_new(0, 0, 10, NULL);

	(void)state;
	assert_int_equal(vt_rows(vt), VT_MIN_ROWS);
	assert_int_equal(vt_cols(vt), VT_MIN_COLS);
	vt_resize(vt, -5, 100000);
	assert_int_equal(vt_rows(vt), VT_MIN_ROWS);
	assert_int_equal(vt_cols(vt), 1000);
	vt_free(vt);
}

static void bad_utf8_is_replaced_however_it_is_cut(void **state)
{
	static const char bad[] =
		"a\xff\xe2\x82z\xc0\x80\xed\xa0\x80\xe2\x82\x1b[1mq\xf4\x90\x80\x80!";
	struct vt *whole = make(4, 60, bad), *bytes = vt_new(4, 60, 10, NULL);
	struct str a = STR_INIT, b = STR_INIT;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(bad); i++)
		vt_feed(bytes, bad + i, 1);
	vt_text(whole, 0, 0, 0, 59, &a);
	vt_text(bytes, 0, 0, 0, 59, &b);
	assert_string_equal(str_get(&a), str_get(&b));
	assert_non_null(strstr(a.s, "a" UTF8_REPLACEMENT UTF8_REPLACEMENT "z"));
	str_release(&a);
	str_release(&b);
	vt_free(whole);
	vt_free(bytes);
}

static void oversized_sequences_do_no_harm(void **state)
{
	struct vt *vt = vt_new(4, 40, 10, NULL);
	struct str s = STR_INIT;

	(void)state;
	str_add(&s, "\x1b[");
	for (int i = 0; i < 5000; i++)
		str_add(&s, "1234567890;");
	str_add(&s, "mafter\r\n\x1b]0;");
	str_repeat(&s, 'T', 100000);
	str_add(&s, "\x07title\r\n\x1bP$q");
	str_repeat(&s, 'm', 5000);
	str_add(&s, "\x1b\\dcs");
	vt_feed(vt, s.s, s.len);
	expect_text(vt, "after\ntitle\ndcs");
	assert_int_equal(strlen(vt_title(vt)), 80);
	str_release(&s);
	vt_free(vt);
}

static void a_colour_cut_short_changes_nothing(void **state)
{
	struct vt *vt = make(4, 20, "\x1b[1;38m\x1b[48ma\x1b[38:2::10:20:30mb");
	struct ui_cell c;

	(void)state;
	assert_true(vt_cell(vt, 0, 0, &c));
	assert_int_equal(c.fg, UI_DEFAULT);
	assert_int_equal(c.bg, UI_DEFAULT);
	assert_int_equal(c.attr, UI_BOLD);
	assert_true(vt_cell(vt, 0, 1, &c));
	assert_int_equal(c.fg, UI_RGB(10, 20, 30));
	vt_free(vt);
}

static void sequences_nobody_knows_are_dropped(void **state)
{
	/* "ESC & [" would open a control sequence inside libvterm 0.1. */
	struct vt *vt = make(4, 40, "\x1b&[1;1Ha\x1b_apc\x1b\\b\x1bktitle\x1b\\c\x1b[?1$zd");

	(void)state;
	expect_text(vt, "1;1Habcd");
	vt_free(vt);
}

static void positions_from_before_a_resize_are_safe(void **state)
{
	struct vt *vt = make(50, 200,
		"\x1b[50;200H\x1b"
		"7x\x1b[190;200s\x1b[?69h\x1b[45;50r");

	(void)state;
	vt_resize(vt, 4, 20);
	feed(vt, "\x1b"
		 "8saved\xcc\x81\x1b[?69h\x1b[?6h\xcc\x81\x1b[5b text\r\n\x1bH\x1b[g");
	vt_resize(vt, 50, 200);
	feed(vt, "\x1b"
		 "8\x1b#6\xcc\x81 done\r\n");
	assert_int_equal(vt_rows(vt), 50);
	vt_free(vt);
}

static void titles_are_harmless(void **state)
{
	struct vt *vt = make(4, 20,
		"\x1b]2;a\xc2\x9b"
		"31mb\xff\x07");

	(void)state;
	assert_null(strpbrk(vt_title(vt), "\x1b\x9b"));
	assert_int_equal(vt_title(vt)[0], 'a');
	feed(vt, "\x1b]52;c;aGVsbG8=\x07\x1b]1;icon\x07");
	assert_int_equal(vt_title(vt)[0], 'a');
	vt_free(vt);
}

static void the_answers_of_a_guest_that_asks_for_ever_are_bounded(void **state)
{
	struct vt *vt = vt_new(4, 20, 10, NULL);
	char buf[4096];
	size_t sum = 0, n;

	(void)state;
	for (int i = 0; i < 100000; i++)
		feed(vt, "\x1b[6n");
	while ((n = vt_take_output(vt, buf, sizeof(buf))))
		sum += n;
	assert_in_range(sum, 1, VT_OUT_MAX);
	vt_free(vt);
}

static void an_endless_line_is_bounded(void **state)
{
	struct vt *vt = vt_new(4, 100, 100000, NULL);
	char block[10000];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 10000; i++)
		vt_feed(vt, block, sizeof(block));
	assert_in_range(vt_history_bytes(vt->history), 1, 66 << 20);
	vt_resize(vt, 4, 50);
	assert_true(vt_row_wrapped(vt, vt_total_rows(vt) / 2));
	vt_free(vt);
}

/* ---- keys, mouse, paste --------------------------------------------------------------------- */

static void keys_send_what_programs_expect(void **state)
{
	static const struct {
		enum vt_key key;
		unsigned mods;
		const char *bytes;
	} keys[] = {
		{VT_KEY_ENTER, 0, "\r"},
		{VT_KEY_ENTER, VT_CTRL, "\r"},
		{VT_KEY_TAB, 0, "\t"},
		{VT_KEY_TAB, VT_SHIFT, "\x1b[Z"},
		{VT_KEY_BACKSPACE, 0, "\x7f"},
		{VT_KEY_BACKSPACE, VT_ALT, "\x1b\x7f"},
		{VT_KEY_ESCAPE, 0, "\x1b"},
		{VT_KEY_UP, 0, "\x1b[A"},
		{VT_KEY_RIGHT, VT_CTRL, "\x1b[1;5C"},
		{VT_KEY_HOME, 0, "\x1b[H"},
		{VT_KEY_PGDN, 0, "\x1b[6~"},
		{VT_KEY_DEL, 0, "\x1b[3~"},
		{VT_KEY_F1, 0, "\x1bOP"},
		{VT_KEY_F12, 0, "\x1b[24~"},
		{(enum vt_key)1000, 0, ""},
	};
	struct vt *vt = vt_new(4, 20, 10, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		vt_press_key(vt, keys[i].key, keys[i].mods);
		expect_output(vt, keys[i].bytes);
	}
	feed(vt, "\x1b[?1h");
	vt_press_key(vt, VT_KEY_UP, 0);
	expect_output(vt, "\x1bOA");
	vt_free(vt);
}

static void characters_send_themselves(void **state)
{
	static const struct {
		uint32_t cp;
		unsigned mods;
		const char *bytes;
	} keys[] = {
		{'a', 0, "a"},
		{0x20ac, 0, "\xe2\x82\xac"},
		{'c', VT_CTRL, "\x03"},
		{'i', VT_CTRL, "\t"},
		{'[', VT_CTRL, "\x1b"},
		{']', VT_CTRL, "\x1d"},
		{'x', VT_ALT, "\x1bx"},
		{'x', VT_ALT | VT_CTRL, "\x1b\x18"},
		{'?', VT_CTRL, "\x7f"},
		{'/', VT_CTRL, "\x1f"},
		{0x20ac, VT_CTRL, "\xe2\x82\xac"},
	};
	struct vt *vt = vt_new(4, 20, 10, NULL);
	char nul[2] = "x";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		vt_press_char(vt, keys[i].cp, keys[i].mods);
		expect_output(vt, keys[i].bytes);
	}
	vt_press_char(vt, ' ', VT_CTRL);
	assert_int_equal(vt_take_output(vt, nul, sizeof(nul)), 1);
	assert_int_equal(nul[0], 0);
	vt_free(vt);
}

static void a_paste_cannot_press_keys(void **state)
{
	static const char text[] = "one\r\ntwo\x1b[201~\x03three";
	struct vt *vt = vt_new(4, 20, 10, NULL);

	(void)state;
	vt_paste(vt, text, strlen(text));
	expect_output(vt, "one\rtwo[201~three");
	feed(vt, "\x1b[?2004h");
	vt_paste(vt, text, strlen(text));
	expect_output(vt, "\x1b[200~one\rtwo[201~three\x1b[201~");
	vt_free(vt);
}

static void the_mouse_speaks_when_asked(void **state)
{
	struct vt *vt = vt_new(4, 20, 10, NULL);

	(void)state;
	vt_mouse(vt, 1, 2, 1, true, 0);
	expect_output(vt, "");
	assert_false(vt_wants_mouse(vt));
	/* both in one sequence, as the terminfo entries of xterm have it */
	feed(vt, "\x1b[?1006;1000h");
	assert_true(vt_wants_mouse(vt));
	vt_mouse(vt, 1, 2, 1, true, 0);
	vt_mouse(vt, 1, 2, 1, false, 0);
	vt_mouse(vt, 0, 0, 4, true, 0);
	vt_mouse(vt, 99, 0, 1, true, 0);
	expect_output(vt, "\x1b[<0;3;2M\x1b[<0;3;2m\x1b[<64;1;1M");
	feed(vt, "\x1b"
		 "c");
	assert_false(vt_wants_mouse(vt));
	vt_free(vt);
}

static void questions_are_answered(void **state)
{
	struct vt *vt = make(4, 20, "ab\x1b[6n");

	(void)state;
	expect_output(vt, "\x1b[1;3R");
	feed(vt, "\x1bP$qr\x1b\\");
	expect_output(vt, "\x1bP1$r1;4r\x1b\\");
	vt_free(vt);
}

static void bells_are_counted(void **state)
{
	struct vt *vt = make(4, 20, "a\ab\a");

	(void)state;
	assert_int_equal(vt_bells(vt), 2);
	expect_text(vt, "ab");
	vt_free(vt);
}

static void generations_tell_of_changes(void **state)
{
	struct vt *vt = vt_new(4, 20, 10, NULL);
	uint64_t g = vt_generation(vt);

	(void)state;
	feed(vt, "x");
	assert_true(vt_generation(vt) != g);
	g = vt_generation(vt);
	vt_resize(vt, 5, 20);
	assert_true(vt_generation(vt) != g);
	g = vt_generation(vt);
	vt_resize(vt, 5, 20);
	assert_true(vt_generation(vt) == g);
	vt_free(vt);
}

/* ---- copying and searching ------------------------------------------------------------------ */

static void a_stretch_is_copied_as_text(void **state)
{
	struct vt *vt = make(4, 20, "first   \r\n0123456789abcdefghijklmno\r\nlast\r\n\n");
	struct str s = STR_INIT;

	(void)state;
	vt_text(vt, 0, 2, 3, 1, &s);
	assert_string_equal(str_get(&s), "rst\n0123456789abcdefghijklmno\nla");
	str_clear(&s);
	vt_text(vt, 1, 5, 1, 7, &s);
	assert_string_equal(str_get(&s), "567");
	str_clear(&s);
	vt_text(vt, 100, 0, 200, 5, &s);
	assert_string_equal(str_get(&s), "");
	str_release(&s);
	vt_free(vt);
}

static void search_goes_both_ways(void **state)
{
	struct vt *vt =
		make(4, 20, "alpha\r\nbeta Gamma\r\nalphabet\r\n\n\nGAMMA ray\r\nomega\r\n\n\n");
	int col = -1;

	(void)state;
	assert_int_equal(vt_search(vt, "alpha", 0, 1, &col), 0);
	assert_int_equal(vt_search(vt, "alpha", 1, 1, &col), 2);
	assert_int_equal(vt_search(vt, "alpha", 1, -1, &col), 0);
	assert_int_equal(vt_search(vt, "gamma", 0, 1, &col), 1);
	assert_int_equal(col, 5);
	assert_int_equal(vt_search(vt, "GAMMA", 0, 1, &col), 5);
	assert_int_equal(col, 0);
	assert_int_equal(vt_search(vt, "delta", 0, 1, &col), -1);
	assert_int_equal(vt_search(vt, "", 0, 1, &col), -1);
	assert_int_equal(vt_search(vt, "alpha", 1000, -1, &col), -1);
	vt_free(vt);
}

static void a_match_may_be_wrapped(void **state)
{
	struct vt *vt = make(4, 20, "xxxxxxxxxxxxxxxxxneedle in hay");
	bool hit[20];
	int col;

	(void)state;
	assert_int_equal(vt_search(vt, "needle", 0, 1, &col), 0);
	assert_int_equal(col, 17);
	assert_true(vt_matches(vt, "needle", 0, hit, 20));
	assert_false(hit[16]);
	assert_true(hit[17] && hit[18] && hit[19]);
	assert_true(vt_matches(vt, "needle", 1, hit, 20));
	assert_true(hit[0] && hit[1] && hit[2]);
	assert_false(hit[3]);
	assert_int_equal(vt_search(vt, "in hay", 1, 1, &col), 1);
	assert_false(vt_matches(vt, "needle", 2, hit, 20));
	vt_free(vt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_scroll_off_are_kept),
		cmocka_unit_test(only_so_many_lines_are_kept),
		cmocka_unit_test(wrapped_rows_are_one_line_at_any_width),
		cmocka_unit_test(a_full_row_and_a_new_line_are_two_lines),
		cmocka_unit_test(text_survives_a_narrow_screen),
		cmocka_unit_test(wide_characters_wrap_whole),
		cmocka_unit_test(half_a_wide_character_is_a_blank),
		cmocka_unit_test(combining_characters_share_a_cell),
		cmocka_unit_test(colours_and_attributes_are_kept_in_the_scrollback),
		cmocka_unit_test(the_alternate_screen_leaves_no_trace),
		cmocka_unit_test(clear_scrollback_is_heard),
		cmocka_unit_test(a_taller_screen_shows_the_scrollback_again),
		cmocka_unit_test(empty_rows_go_before_text_does),
		cmocka_unit_test(repeated_characters_fill_the_last_column),
		cmocka_unit_test(sizes_are_clamped),
		cmocka_unit_test(bad_utf8_is_replaced_however_it_is_cut),
		cmocka_unit_test(oversized_sequences_do_no_harm),
		cmocka_unit_test(a_colour_cut_short_changes_nothing),
		cmocka_unit_test(sequences_nobody_knows_are_dropped),
		cmocka_unit_test(positions_from_before_a_resize_are_safe),
		cmocka_unit_test(titles_are_harmless),
		cmocka_unit_test(the_answers_of_a_guest_that_asks_for_ever_are_bounded),
		cmocka_unit_test(an_endless_line_is_bounded),
		cmocka_unit_test(keys_send_what_programs_expect),
		cmocka_unit_test(characters_send_themselves),
		cmocka_unit_test(a_paste_cannot_press_keys),
		cmocka_unit_test(the_mouse_speaks_when_asked),
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(bells_are_counted),
		cmocka_unit_test(generations_tell_of_changes),
		cmocka_unit_test(a_stretch_is_copied_as_text),
		cmocka_unit_test(search_goes_both_ways),
		cmocka_unit_test(a_match_may_be_wrapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
