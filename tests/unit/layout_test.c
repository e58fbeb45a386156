/* Where everything stands, at every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ui/layout.h"

static bool within(const struct ui_rect *r, int rows, int cols)
{
	return r->rows >= 0 && r->cols >= 0 && r->row >= 0 && r->col >= 0 &&
	       (r->rows == 0 || (r->row + r->rows <= rows && r->col + r->cols <= cols));
}

static void check(const struct layout_in *in)
{
	unsigned char used[400] = {0};
	struct layout l;
	bool any = false;

	layout_compute(in, &l);
	assert_true(within(&l.tabs, in->rows, in->cols));
	assert_true(within(&l.title, in->rows, in->cols));
	assert_true(within(&l.message, in->rows, in->cols));
	assert_true(within(&l.footer, in->rows, in->cols));
	assert_true(within(&l.summary, in->rows, in->cols));
	for (int i = 0; i < in->npanes; i++) {
		const struct layout_pane *p = &l.pane[i];

		if (!p->visible)
			continue;
		any = true;
		assert_true(within(&p->frame, in->rows, in->cols));
		assert_true(within(&p->inside, in->rows, in->cols));
		assert_true(p->inside.rows > 0 && p->inside.cols > 0);
		/* Nobody stands on anybody else's row, unless side by side. */
		for (int r = p->frame.row; r < p->frame.row + p->frame.rows; r++)
			used[r] |= p->frame.col ? 2 : 1;
	}
	assert_true(any || l.summary.rows > 0 || in->rows < 3 || in->npanes == 0);
	for (int r = 0; !l.over && r < in->rows; r++) {
		bool chrome = (l.tabs.rows && r == l.tabs.row) ||
			      (l.title.rows && r == l.title.row) ||
			      (l.message.rows && r == l.message.row) ||
			      (l.footer.rows && r == l.footer.row);

		assert_false(chrome && used[r]);
	}
	if (any && in->focus >= 0)
		assert_true(l.pane[in->focus].visible);
}

static void test_every_size(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 200; rows = rows < 70 ? rows + 1 : rows + 13)
		for (int cols = 1; cols <= 400; cols = cols < 170 ? cols + 3 : cols + 29)
			for (int m = 0; m < LAYOUT_MODES; m++)
				for (int bits = 0; bits < 16; bits++) {
					struct layout_in in = {.rows = rows,
						.cols = cols,
						.npanes = bits & 1 ? 2 : 1,
						.focus = bits & 1 && bits & 2 ? 1 : 0,
						.guest = bits & 1 ? 1 : -1,
						.host = 0,
						.focus_is_guest = bits & 1 && bits & 2,
						.mode = (enum layout_mode)m,
						.zoom = bits & 4,
						.opened = bits & 8,
						.share = rows % 3 ? 0 : cols % 101,
						.want_rows = rows % 17};

					check(&in);
				}
}

static void test_classes(void **state)
{
	(void)state;
	assert_int_equal(layout_class(24, 80), 2);
	assert_int_equal(layout_class(8, 40), 1);
	assert_int_equal(layout_class(12, 60), 2);
	assert_int_equal(layout_class(11, 300), 1);
	assert_int_equal(layout_class(40, 120), 3);
	assert_int_equal(layout_class(50, 200), 4);
	assert_int_equal(layout_class(1, 1), 1);
}

static void test_guest_keeps_its_columns(void **state)
{
	struct layout_in in = {.rows = 24,
		.cols = 80,
		.npanes = 2,
		.focus = 1,
		.guest = 1,
		.host = 0,
		.focus_is_guest = true};
	struct layout l;

	(void)state;
	layout_compute(&in, &l);
	assert_int_equal(l.pane[1].inside.rows, 21);
	assert_int_equal(l.pane[1].inside.cols, 80);
	assert_int_equal(l.title.rows, 1);
	assert_int_equal(l.tabs.rows, 0);
	in.zoom = true;
	layout_compute(&in, &l);
	assert_int_equal(l.pane[1].inside.rows, 24);
	assert_true(l.over);
	in = (struct layout_in){.rows = 40,
		.cols = 120,
		.npanes = 2,
		.focus = 1,
		.guest = 1,
		.host = 0,
		.focus_is_guest = true};
	layout_compute(&in, &l);
	assert_true(l.split && l.pane[0].visible && l.pane[1].visible);
	assert_int_equal(l.pane[1].inside.cols, 118);
	/* A host pane that needs less than its share leaves the rest to the guest. */
	in.want_rows = 6;
	layout_compute(&in, &l);
	assert_int_equal(l.pane[0].inside.rows, 6);
}

static void test_layouts_go_round(void **state)
{
	struct layout_in in = {.rows = 40, .cols = 120, .npanes = 2, .guest = 1, .host = 0};

	(void)state;
	for (int i = 0; i < 3; i++) {
		static const enum layout_mode want[] = {
			LAYOUT_SINGLE, LAYOUT_STACK, LAYOUT_BESIDE, LAYOUT_AUTO};

		for (size_t k = 0; k < sizeof(want) / sizeof(want[0]); k++) {
			in.mode = layout_next(&in);
			assert_int_equal(in.mode, want[k]);
		}
	}
	in.rows = 10;
	in.mode = LAYOUT_AUTO;
	assert_int_equal(layout_next(&in), LAYOUT_AUTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_guest_keeps_its_columns),
		cmocka_unit_test(test_layouts_go_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
