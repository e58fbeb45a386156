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

static bool overlap(const struct ui_rect *a, const struct ui_rect *b)
{
	return a->row < b->row + b->rows && b->row < a->row + a->rows &&
	       a->col < b->col + b->cols && b->col < a->col + a->cols;
}

/* `places` is a set of enum layout_place bits: the panes that there are, in that order. */
static struct layout_in some(int rows, int cols, unsigned places, enum layout_place focus)
{
	struct layout_in in = {.rows = rows, .cols = cols, .host = -1};

	for (int p = 0; p < LAYOUT_PLACES; p++) {
		in.place[p] = places & 1U << p ? in.npanes++ : -1;
		if (p < PLACE_GUEST && in.place[p] >= 0)
			in.host = in.place[p];
	}
	in.focus = in.place[focus];
	if (focus != PLACE_GUEST)
		in.host = in.focus;
	in.focus_is_guest = focus == PLACE_GUEST;
	return in;
}

enum {
	TOPO = 1 << PLACE_TOPO,
	LOCKS = 1 << PLACE_LOCKS,
	CTPROF = 1 << PLACE_CTPROF,
	GUEST = 1 << PLACE_GUEST,
	ALL = TOPO | LOCKS | CTPROF | GUEST,
};

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
		for (int r = p->frame.row; r < p->frame.row + p->frame.rows; r++)
			used[r] = 1;
		for (int k = 0; k < i; k++)
			assert_false(l.pane[k].visible && overlap(&p->frame, &l.pane[k].frame));
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

static void every_choice(int rows, int cols, enum layout_mode m, unsigned places, int focus)
{
	struct layout_in in = some(rows, cols, places, (enum layout_place)focus);

	in.mode = m;
	in.want_rows = rows % 17;
	if (rows % 3)
		in.share[SPLIT_ROWS] = in.share[SPLIT_COLS] = cols % 101;
	for (int bits = 0; bits < 4; bits++) {
		in.zoom = bits & 1;
		in.opened = bits & 2;
		check(&in);
	}
}

static void test_every_size(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 200; rows = rows < 70 ? rows + 1 : rows + 13)
		for (int cols = 1; cols <= 400; cols = cols < 170 ? cols + 3 : cols + 29)
			for (int m = 0; m < LAYOUT_MODES; m++)
				for (unsigned places = 1; places <= ALL; places++)
					for (int f = 0; f < LAYOUT_PLACES; f++)
						if (places & 1U << f)
							every_choice(rows, cols,
								(enum layout_mode)m, places, f);
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
	struct layout_in in = some(24, 80, TOPO | GUEST, PLACE_GUEST);
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
	in = some(40, 120, TOPO | GUEST, PLACE_GUEST);
	layout_compute(&in, &l);
	assert_true(l.share[SPLIT_ROWS] && l.pane[0].visible && l.pane[1].visible);
	assert_int_equal(l.pane[1].inside.cols, 118);
	/* A host pane that needs less than its share leaves the rest to the guest. */
	in.want_rows = 6;
	layout_compute(&in, &l);
	assert_int_equal(l.pane[0].inside.rows, 6);
}

/* Topology and locks above, the guest below; ctprof has the screen to itself. */
static void test_class_3(void **state)
{
	struct layout_in in = some(40, 120, ALL, PLACE_GUEST);
	struct layout l;

	(void)state;
	layout_compute(&in, &l);
	assert_int_equal(l.mode, LAYOUT_STACK);
	assert_int_equal(l.pane[PLACE_TOPO].frame.cols, 60);
	assert_int_equal(l.pane[PLACE_LOCKS].frame.col, 60);
	assert_int_equal(l.pane[PLACE_LOCKS].frame.row, l.pane[PLACE_TOPO].frame.row);
	assert_int_equal(l.pane[PLACE_GUEST].frame.cols, 120);
	assert_false(l.pane[PLACE_CTPROF].visible);
	in = some(40, 120, ALL, PLACE_CTPROF);
	layout_compute(&in, &l);
	assert_int_equal(l.mode, LAYOUT_SINGLE);
	assert_true(l.pane[PLACE_CTPROF].visible && !l.pane[PLACE_TOPO].visible);
	/* Without a guest its place goes to the others. */
	in = some(40, 120, TOPO | LOCKS, PLACE_LOCKS);
	layout_compute(&in, &l);
	assert_int_equal(l.pane[PLACE_LOCKS].frame.rows, 37);
	assert_int_equal(l.share[SPLIT_ROWS], 0);
	assert_int_equal(l.share[SPLIT_COLS], 50);
}

static void test_class_4(void **state)
{
	struct layout_in in = some(60, 200, ALL, PLACE_CTPROF);
	struct layout l;

	(void)state;
	layout_compute(&in, &l);
	assert_int_equal(l.mode, LAYOUT_QUAD);
	for (int i = 0; i < LAYOUT_PLACES; i++) {
		assert_true(l.pane[i].visible);
		assert_int_equal(l.pane[i].frame.col, i % 2 ? 100 : 0);
		assert_int_equal(l.pane[i].frame.cols, 100);
	}
	assert_int_equal(l.pane[PLACE_CTPROF].frame.row, l.pane[PLACE_GUEST].frame.row);
	in.share[SPLIT_COLS] = 30;
	layout_compute(&in, &l);
	assert_int_equal(l.pane[PLACE_CTPROF].frame.cols, 60);
	assert_int_equal(l.pane[PLACE_LOCKS].frame.cols, 140);
}

static void check_round(struct layout_in in, const enum layout_mode *want, size_t n)
{
	for (size_t k = 0; k < 2 * n; k++) {
		in.mode = layout_next(&in);
		assert_int_equal(in.mode, want[k % n]);
	}
}

static void test_layouts_go_round(void **state)
{
	static const enum layout_mode three[] = {
		LAYOUT_SINGLE, LAYOUT_STACK, LAYOUT_BESIDE, LAYOUT_AUTO};
	static const enum layout_mode all[] = {
		LAYOUT_SINGLE, LAYOUT_STACK, LAYOUT_BESIDE, LAYOUT_QUAD};
	struct layout_in in = some(40, 120, TOPO | GUEST, PLACE_TOPO);

	(void)state;
	check_round(in, three, 4);
	check_round(some(60, 200, ALL, PLACE_TOPO), all, 4);
	in = some(10, 120, TOPO | GUEST, PLACE_TOPO);
	assert_int_equal(layout_next(&in), LAYOUT_AUTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_guest_keeps_its_columns),
		cmocka_unit_test(test_class_3),
		cmocka_unit_test(test_class_4),
		cmocka_unit_test(test_layouts_go_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
