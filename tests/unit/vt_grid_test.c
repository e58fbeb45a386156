/* The cells of a screen: erasing, scrolling, and when a row stops being the continuation of
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "ui/vt_grid.h"

enum { ROWS = 4, COLS = 6 };

static const struct ui_style plain = {UI_DEFAULT, UI_DEFAULT, 0};
static const struct ui_style blue = {UI_DEFAULT, 4, 0};

/* Row i is filled with its letter; rows 1 and 3 go on. */
static void fill(struct vt_grid *g)
{
	vt_grid_init(g, ROWS, COLS);
	for (int r = 0; r < ROWS; r++) {
		struct ui_cell c = vt_blank(plain);

		c.ch[0] = 'a' + (uint32_t)r;
		for (int i = 0; i < COLS; i++)
			vt_grid_put(g, r, i, &c);
		g->row[r]->cont = r % 2;
	}
}

/* "aaaaaa|+bbbbbb|..."; a blank is '.', on blue '#'. */
static void expect(const struct vt_grid *g, const char *want)
{
	cleanup_str struct str out = STR_INIT;
	struct ui_cell cells[COLS];

	for (int r = 0; r < g->rows; r++) {
		if (r)
			str_addc(&out, '|');
		if (g->row[r]->cont)
			str_addc(&out, '+');
		vt_row_read(g->row[r], cells, g->cols);
		for (int i = 0; i < g->cols; i++)
			str_addc(&out, cells[i].ch[0]	  ? (char)cells[i].ch[0]
				       : cells[i].bg == 4 ? '#'
							  : '.');
	}
	assert_string_equal(str_get(&out), want);
}

static void erasing(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	vt_grid_erase(&g, (struct ui_rect){0, 3, 1, 3}, plain, false); /* the end of row 0 */
	expect(&g, "aaa...|bbbbbb|cccccc|+dddddd");
	vt_grid_erase(&g, (struct ui_rect){2, 1, 1, 2}, blue, false); /* inside: joins stay */
	expect(&g, "aaa...|bbbbbb|c##ccc|+dddddd");
	vt_grid_erase(&g, (struct ui_rect){3, 0, 1, 6}, blue, false);
	expect(&g, "aaa...|bbbbbb|c##ccc|######");
	vt_grid_erase(&g, (struct ui_rect){-5, -5, 100, 7}, plain, false); /* clipped */
	expect(&g, "..a...|..bbbb|..#ccc|..####");
	vt_grid_release(&g);
}

static void erasing_spares_protected_cells(void **state)
{
	struct vt_grid g;
	struct ui_cell c = vt_blank(plain);

	(void)state;
	fill(&g);
	c.ch[0] = 'P';
	c.attr = VT_PROTECTED;
	vt_grid_put(&g, 0, 2, &c);
	vt_grid_erase(&g, (struct ui_rect){0, 0, 1, COLS}, plain, true);
	expect(&g, "..P...|bbbbbb|cccccc|+dddddd");
	vt_grid_erase(&g, (struct ui_rect){0, 0, 1, COLS}, plain, false);
	expect(&g, "......|bbbbbb|cccccc|+dddddd");
	vt_grid_release(&g);
}

static void scrolling_up(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	vt_grid_scroll(&g, (struct ui_rect){0, 0, ROWS, COLS}, 1, 0, blue);
	/* the row above row b is in the history now: it still goes on */
	expect(&g, "+bbbbbb|cccccc|+dddddd|######");
	vt_grid_release(&g);
	fill(&g);
	vt_grid_scroll(&g, (struct ui_rect){1, 0, 2, COLS}, 1, 0, plain);
	expect(&g, "aaaaaa|cccccc|......|dddddd"); /* both neighbours of the gap were parted */
	vt_grid_release(&g);
}

static void scrolling_down(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	vt_grid_scroll(&g, (struct ui_rect){0, 0, ROWS, COLS}, -1, 0, plain);
	expect(&g, "......|aaaaaa|+bbbbbb|cccccc");
	vt_grid_scroll(&g, (struct ui_rect){2, 0, 2, COLS}, -1, 0, plain);
	expect(&g, "......|aaaaaa|......|bbbbbb");
	vt_grid_scroll(&g, (struct ui_rect){0, 0, ROWS, COLS}, 99, 0, blue);
	expect(&g, "######|######|######|######");
	vt_grid_release(&g);
}

static void scrolling_sideways(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	vt_grid_scroll(&g, (struct ui_rect){1, 2, 1, 4}, 0, 1, blue);
	expect(&g, "aaaaaa|+bbbbb#|cccccc|+dddddd");
	vt_grid_scroll(&g, (struct ui_rect){1, 0, 1, 6}, 0, -2, plain);
	expect(&g, "aaaaaa|+..bbbb|cccccc|+dddddd");
	vt_grid_scroll(&g, (struct ui_rect){0, 1, 3, 3}, 1, 0, plain); /* between margins */
	expect(&g, "a.bbaa|+.cccbb|c...cc|+dddddd");
	vt_grid_release(&g);
}

static void cropping(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	vt_grid_crop(&g, 2, 3);
	expect(&g, "aaa|+bbb");
	vt_grid_crop(&g, 3, 5);
	expect(&g, "aaa..|+bbb..|.....");
	vt_grid_release(&g);
}

static void what_is_used_of_a_row(void **state)
{
	struct vt_grid g;

	(void)state;
	fill(&g);
	assert_int_equal(vt_row_used(g.row[0], COLS), 6);
	vt_grid_erase(&g, (struct ui_rect){0, 2, 1, 4}, plain, false);
	assert_int_equal(vt_row_used(g.row[0], COLS), 2);
	vt_grid_erase(&g, (struct ui_rect){0, 0, 1, 2}, plain, false);
	assert_int_equal(vt_row_used(g.row[0], COLS), 0);
	vt_grid_erase(&g, (struct ui_rect){0, 4, 1, 2}, blue, false);
	assert_int_equal(vt_row_used(g.row[0], COLS), 6);
	vt_grid_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erasing),
		cmocka_unit_test(erasing_spares_protected_cells),
		cmocka_unit_test(scrolling_up),
		cmocka_unit_test(scrolling_down),
		cmocka_unit_test(scrolling_sideways),
		cmocka_unit_test(cropping),
		cmocka_unit_test(what_is_used_of_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
