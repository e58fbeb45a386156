#include "ui/layout.h"

#include <string.h>

enum {
	SHARE_STACK = 45,
	SHARE_STRETCH = 55, /* what the host pane may take where that shows all of it */
	SHARE_BESIDE = 50,
	SHARE_MIN = 15,
	SHARE_MAX = 85,
	/* A guest's terminal emulator has no fewer rows and columns than 4 x 20; borders add two.
	 */
	PART_ROWS = 6,
	PART_COLS = 22,
};

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static int step_of(int v, int a, int b, int c)
{
	return v < a ? 1 : v < b ? 2 : v < c ? 3 : 4;
}

int layout_class(int rows, int cols)
{
	int width = step_of(cols, 60, 100, 160), height = step_of(rows, 12, 30, 50);

	return width < height ? width : height;
}

static void place(struct layout_pane *p, struct ui_rect r, bool border)
{
	p->visible = r.rows > 0 && r.cols > 0;
	p->border = border && r.rows > 2 && r.cols > 2;
	p->frame = p->inside = r;
	if (p->border)
		p->inside = (struct ui_rect){r.row + 1, r.col + 1, r.rows - 2, r.cols - 2};
}

/* Panes by row and column, -1 = none; without gaps at its left and its top. */
struct grid {
	int pane[2][2];
};

static int count(const int row[2])
{
	return (row[0] >= 0) + (row[1] >= 0);
}

static struct grid closed_up(struct grid g)
{
	for (int r = 0; r < 2; r++)
		if (g.pane[r][0] < 0) {
			g.pane[r][0] = g.pane[r][1];
			g.pane[r][1] = -1;
		}
	if (!count(g.pane[0]))
		g = (struct grid){{{g.pane[1][0], g.pane[1][1]}, {-1, -1}}};
	return g;
}

static struct grid grid_of(const struct layout_in *in, enum layout_mode mode)
{
	const int *p = in->place;

	switch (mode) {
	case LAYOUT_STACK:
		return closed_up(
			(struct grid){{{p[PLACE_TOPO], p[PLACE_LOCKS]}, {p[PLACE_GUEST], -1}}});
	case LAYOUT_QUAD:
		return closed_up((struct grid){
			{{p[PLACE_TOPO], p[PLACE_LOCKS]}, {p[PLACE_CTPROF], p[PLACE_GUEST]}}});
	case LAYOUT_BESIDE:
		if (p[PLACE_GUEST] >= 0)
			return closed_up((struct grid){{{in->host, p[PLACE_GUEST]}, {-1, -1}}});
		/* fall through */
	default:
		return (struct grid){{{in->focus, -1}, {-1, -1}}};
	}
}

/* Several panes, the focused one among them, and room for each. */
static bool is_useful(const struct layout_in *in, const struct grid *g)
{
	int upper = count(g->pane[0]), lower = count(g->pane[1]);
	bool focus = false;

	for (int i = 0; i < 4; i++)
		focus |= g->pane[i / 2][i % 2] == in->focus;
	return focus && upper + lower > 1 && (!lower || in->rows - 3 >= 2 * PART_ROWS) &&
	       ((upper < 2 && lower < 2) || in->cols >= 2 * PART_COLS);
}

/* The mode in force: what was chosen, if the screen has room for it. */
static enum layout_mode mode_of(const struct layout_in *in, int size_class)
{
	enum layout_mode m = in->mode;
	struct grid g;

	if (in->zoom || size_class < 2)
		return LAYOUT_SINGLE;
	if (m == LAYOUT_AUTO)
		m = size_class > 3 ? LAYOUT_QUAD : size_class > 2 ? LAYOUT_STACK : LAYOUT_SINGLE;
	if (m == LAYOUT_QUAD && in->place[PLACE_CTPROF] < 0)
		m = LAYOUT_STACK;
	g = grid_of(in, m);
	return is_useful(in, &g) ? m : LAYOUT_SINGLE;
}

static void chrome(const struct layout_in *in, struct layout *out)
{
	int rows = in->rows, cols = in->cols;

	/* The first to go is the message's row, then the footer, then the title. */
	if (rows >= 2)
		out->tabs = (struct ui_rect){0, 0, 1, cols};
	if (rows >= 6)
		out->message = (struct ui_rect){rows - 2, 0, 1, cols};
	if (rows >= 4)
		out->footer = (struct ui_rect){rows - 1, 0, 1, cols};
}

static struct ui_rect middle(const struct layout_in *in, const struct layout *out)
{
	int top = out->tabs.rows, used = top + out->message.rows + out->footer.rows;

	return (struct ui_rect){top, 0, in->rows - used, in->cols};
}

static int share_of(const struct layout_in *in, enum layout_split split, int usual)
{
	return in->share[split] ? clamp(in->share[split], SHARE_MIN, SHARE_MAX) : usual;
}

static int left_cols(const struct layout_in *in)
{
	return clamp(in->cols * share_of(in, SPLIT_COLS, SHARE_BESIDE) / 100, PART_COLS,
		in->cols - PART_COLS);
}

static void place_row(
	const struct layout_in *in, const int row[2], struct ui_rect r, struct layout *out)
{
	struct ui_rect left = r, right = r;

	if (count(row) < 2) {
		place(&out->pane[row[0]], r, true);
		return;
	}
	left.cols = left_cols(in);
	right.col += left.cols;
	right.cols -= left.cols;
	place(&out->pane[row[0]], left, true);
	place(&out->pane[row[1]], right, true);
	out->share[SPLIT_COLS] = left.cols * 100 / r.cols;
}

static int upper_rows(const struct layout_in *in, int rows)
{
	int top = rows * share_of(in, SPLIT_ROWS, SHARE_STACK) / 100;

	if (!in->share[SPLIT_ROWS] && in->want_rows > 0 &&
		in->want_rows + 2 <= rows * SHARE_STRETCH / 100)
		top = in->want_rows + 2;
	return clamp(top, PART_ROWS, rows - PART_ROWS);
}

static void several(
	const struct layout_in *in, const struct grid *g, struct ui_rect m, struct layout *out)
{
	struct ui_rect upper = m, lower = m;

	if (count(g->pane[1])) {
		upper.rows = upper_rows(in, m.rows);
		lower.row += upper.rows;
		lower.rows -= upper.rows;
		out->share[SPLIT_ROWS] = upper.rows * 100 / m.rows;
		place_row(in, g->pane[1], lower, out);
	}
	place_row(in, g->pane[0], upper, out);
}

/* One pane. A guest has no border (it keeps all columns) and its title stands where the tabs are;
 * zoomed it has the whole screen, and chrome covers its last rows only while it says something. */
static void single(const struct layout_in *in, struct layout *out)
{
	struct layout_pane *p = &out->pane[in->focus];

	if (in->zoom && in->focus_is_guest) {
		out->tabs.rows = 0;
		out->over = true;
		place(p, (struct ui_rect){0, 0, in->rows, in->cols}, false);
		return;
	}
	if (in->focus_is_guest || out->size_class < 2) {
		struct ui_rect m = middle(in, out);

		out->title = out->tabs;
		out->tabs.rows = 0;
		place(p, m, false);
		return;
	}
	place(p, middle(in, out), true);
}

void layout_compute(const struct layout_in *in, struct layout *out)
{
	struct grid g;

	memset(out, 0, sizeof(*out));
	out->size_class = layout_class(in->rows, in->cols);
	out->mode = LAYOUT_SINGLE;
	chrome(in, out);
	if (in->npanes < 1)
		return;
	if (out->size_class < 2 && !in->opened) {
		out->summary = middle(in, out);
		return;
	}
	out->mode = mode_of(in, out->size_class);
	g = grid_of(in, out->mode);
	if (out->mode == LAYOUT_SINGLE)
		single(in, out);
	else
		several(in, &g, middle(in, out), out);
}

int layout_upper_cols(const struct layout_in *in)
{
	struct grid g = grid_of(in, LAYOUT_STACK);

	return (count(g.pane[0]) < 2 || in->cols < 2 * PART_COLS ? in->cols : left_cols(in)) - 2;
}

enum layout_mode layout_next(const struct layout_in *in)
{
	struct layout_in probe = *in;
	int size_class = layout_class(in->rows, in->cols);
	enum layout_mode now = mode_of(in, size_class);

	for (int i = 1; i < LAYOUT_MODES; i++) {
		probe.mode = (enum layout_mode)((in->mode + i) % LAYOUT_MODES);
		enum layout_mode then = mode_of(&probe, size_class);

		if (then != now && (then == probe.mode || probe.mode == LAYOUT_AUTO))
			return probe.mode;
	}
	return in->mode;
}
