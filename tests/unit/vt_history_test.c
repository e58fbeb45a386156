/* The scrollback against a model of it: paragraphs as plain arrays of cells, cut naively. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "ui/vt_grid.h"
#include "ui/vt_history.h"

enum { COLS_MAX = 90 };

static struct ui_cell cell(uint32_t ch, ui_color fg)
{
	return (struct ui_cell){.ch = {ch}, .fg = fg, .bg = UI_DEFAULT, .width = 1};
}

static void push_text(struct vt_history *h, const char *text, bool cont)
{
	struct ui_cell cells[COLS_MAX];
	int n = 0;

	for (; text[n]; n++)
		cells[n] = cell((unsigned char)text[n], UI_DEFAULT);
	vt_history_push(h, cells, n, cont, false, NULL);
}

/* All rows, parted by bars; '+' in front of one that goes on. */
static void expect(const struct vt_history *h, int cols, const char *want)
{
	cleanup_str struct str out = STR_INIT;
	struct ui_cell cells[COLS_MAX];

	for (size_t row = 0; row < vt_history_rows(h); row++) {
		bool cont;
		int n = vt_history_row(h, row, cells, &cont);

		assert_in_range(n, 0, cols);
		assert_int_equal(cont, vt_history_cont(h, row));
		if (row)
			str_addc(&out, '|');
		if (cont)
			str_addc(&out, '+');
		for (int i = 0; i < n; i++)
			str_addc(&out, cells[i].ch[0] ? (char)cells[i].ch[0] : '.');
	}
	assert_string_equal(str_get(&out), want);
}

static void rows_are_joined_and_cut_anew(void **state)
{
	struct vt_history *h = vt_history_new(100, 5);

	(void)state;
	push_text(h, "ab", false);
	push_text(h, "12345", false);
	push_text(h, "67890", true);
	push_text(h, "xy", true);
	push_text(h, "", false);
	expect(h, 5, "ab|12345|+67890|+xy|");
	vt_history_set_cols(h, 12);
	expect(h, 12, "ab|1234567890xy|");
	vt_history_set_cols(h, 7);
	expect(h, 7, "ab|1234567|+890xy|");
	push_text(h, "new", false);
	expect(h, 7, "ab|1234567|+890xy||new");
	vt_history_free(h);
}

static void a_short_row_is_padded_when_it_goes_on(void **state)
{
	struct vt_history *h = vt_history_new(100, 5);

	(void)state;
	push_text(h, "ab", false);
	push_text(h, "cd", true);
	push_text(h, "", true);
	push_text(h, "e", true);
	expect(h, 5, "ab...|+cd...|+.....|+e");
	vt_history_free(h);
}

static void the_oldest_lines_go(void **state)
{
	struct vt_history *h = vt_history_new(3, 10);
	char text[16];

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "%d", i);
		push_text(h, text, false);
	}
	expect(h, 10, "17|18|19");
	assert_int_equal(vt_history_first(h), 17);
	vt_history_clear(h);
	assert_int_equal(vt_history_rows(h), 0);
	push_text(h, "after", true); /* nothing that it could go on with */
	expect(h, 10, "after");
	vt_history_free(h);
}

static void none_are_kept_when_none_are_wanted(void **state)
{
	struct vt_history *h = vt_history_new(0, 10);

	(void)state;
	push_text(h, "gone", false);
	assert_int_equal(vt_history_rows(h), 0);
	vt_history_free(h);
}

static void the_end_can_be_taken_back(void **state)
{
	struct vt_history *h = vt_history_new(100, 5);

	(void)state;
	push_text(h, "ab", false);
	push_text(h, "12345", false);
	push_text(h, "67890", true);
	push_text(h, "xy", true);
	vt_history_cut(h, 3);
	expect(h, 5, "ab|12345|+67890");
	push_text(h, "zz", true);
	expect(h, 5, "ab|12345|+67890|+zz");
	vt_history_cut(h, 1);
	expect(h, 5, "ab");
	vt_history_cut(h, 0);
	assert_int_equal(vt_history_rows(h), 0);
	vt_history_free(h);
}

static void marks_survive_a_change_of_width(void **state)
{
	struct vt_history *h = vt_history_new(100, 10);
	struct ui_cell cells[10];
	struct vt_mark m;
	uint32_t col;

	(void)state;
	push_text(h, "first", false);
	push_text(h, "0123456789", false);
	for (int i = 0; i < 5; i++)
		cells[i] = cell('a' + (uint32_t)i, UI_DEFAULT);
	vt_history_push(h, cells, 5, true, false, &m);
	m.offset += 3; /* 'd' */
	assert_int_equal(vt_history_find(h, m, &col), 2);
	assert_int_equal(col, 3);
	vt_history_set_cols(h, 4);
	assert_int_equal(vt_history_find(h, m, &col), 2 + 3);
	assert_int_equal(col, 1);
	vt_history_free(h);
}

/* ---- against the model -------------------------------------------------------------------------
 */

struct para {
	VEC(struct ui_cell) cells; /* wide ones once, width 2 */
};

struct model {
	VEC(struct para) paras;
};

static uint32_t rnd(uint64_t *s, uint32_t n)
{
	*s = *s * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*s >> 33) % n;
}

static struct ui_cell random_cell(uint64_t *s)
{
	static const uint32_t chars[] = {'a', 'Z', ' ', 0xe9, 0x20ac, 0x1f600, 0};
	struct ui_cell c = cell(chars[rnd(s, ARRAY_LEN(chars))], rnd(s, 6) ? UI_DEFAULT : 3);

	if (c.ch[0] && !rnd(s, 8))
		c.ch[1] = 0x301;
	if (c.ch[0] && !rnd(s, 9)) {
		c.ch[0] = 0x4e2d;
		c.width = 2;
	}
	if (!rnd(s, 10))
		c.bg = UI_RGB(1, 2, 3);
	return c;
}

static bool same(const struct ui_cell *a, const struct ui_cell *b)
{
	return !memcmp(a->ch, b->ch, sizeof(a->ch)) && a->fg == b->fg && a->bg == b->bg &&
	       a->attr == b->attr && a->width == b->width;
}

/* One paragraph, as a terminal of this width would show it, into rows of the history. */
static void push_para(struct vt_history *h, const struct para *p, int cols)
{
	struct ui_cell row[COLS_MAX];
	int used = 0;
	bool cont = false;

	for (size_t i = 0; i < p->cells.n; i++) {
		const struct ui_cell *c = &p->cells.v[i];

		if (used + c->width > cols) {
			vt_history_push(h, row, used, cont, false, NULL);
			used = 0;
			cont = true;
		}
		row[used++] = *c;
		if (c->width == 2) {
			row[used] = *c;
			row[used++].width = 0;
		}
	}
	vt_history_push(h, row, used, cont, false, NULL);
}

static size_t check_para(const struct vt_history *h, size_t at, const struct para *p, int cols)
{
	struct ui_cell row[COLS_MAX];
	size_t i = 0;
	bool first = true;

	do {
		bool cont;
		int used = 0;

		vt_history_row(h, at++, row, &cont);
		assert_int_equal(cont, !first);
		first = false;
		while (i < p->cells.n && used + p->cells.v[i].width <= cols) {
			if (!same(&row[used], &p->cells.v[i]))
				fail_msg("row %zu, column %d", at - 1, used);
			used += p->cells.v[i++].width;
		}
		for (; used < cols; used++)
			assert_int_equal(row[used].ch[0], 0);
	} while (i < p->cells.n);
	return at;
}

static void any_text_at_any_width(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		uint64_t s = seed * 7919;
		int cols = 20 + (int)rnd(&s, 60);
		struct vt_history *h = vt_history_new(1000, cols);
		struct model m = {{0}};

		for (int i = 0; i < 30; i++) {
			struct para p = {{0}};
			int n = (int)rnd(&s, 4) ? (int)rnd(&s, 30) : (int)rnd(&s, 300);

			while (n--)
				vec_push(&p.cells, random_cell(&s));
			/* blanks at the end of a screen's row are not known to be text */
			vec_push(&p.cells, cell('.', UI_DEFAULT));
			vec_push(&m.paras, p);
			push_para(h, &m.paras.v[m.paras.n - 1], cols);
		}
		for (int round = 0; round < 6; round++) {
			size_t at = 0;

			for (size_t i = 0; i < m.paras.n; i++)
				at = check_para(h, at, &m.paras.v[i], cols);
			assert_int_equal(at, vt_history_rows(h));
			cols = 20 + (int)rnd(&s, 60);
			vt_history_set_cols(h, cols);
		}
		for (size_t i = 0; i < m.paras.n; i++)
			free(m.paras.v[i].cells.v);
		free(m.paras.v);
		vt_history_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_joined_and_cut_anew),
		cmocka_unit_test(a_short_row_is_padded_when_it_goes_on),
		cmocka_unit_test(the_oldest_lines_go),
		cmocka_unit_test(none_are_kept_when_none_are_wanted),
		cmocka_unit_test(the_end_can_be_taken_back),
		cmocka_unit_test(marks_survive_a_change_of_width),
		cmocka_unit_test(any_text_at_any_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
