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

/* The mode in force: what was chosen, if the screen has room for it. */
static enum layout_mode mode_of(const struct layout_in *in, int size_class)
{
	enum layout_mode m = in->mode;

	if (m == LAYOUT_AUTO)
		m = size_class >= 3 ? LAYOUT_STACK : LAYOUT_SINGLE;
	if (in->zoom || size_class < 2 || in->guest < 0 || in->host < 0)
		return LAYOUT_SINGLE;
	if (m == LAYOUT_STACK && in->rows - 3 < 2 * PART_ROWS)
		return LAYOUT_SINGLE;
	if (m == LAYOUT_BESIDE && in->cols < 2 * PART_COLS)
		return LAYOUT_SINGLE;
	return m;
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

static void stack(const struct layout_in *in, struct ui_rect m, struct layout *out)
{
	int share = in->share ? clamp(in->share, SHARE_MIN, SHARE_MAX) : SHARE_STACK;
	int top = m.rows * share / 100;

	if (!in->share && in->want_rows > 0 && in->want_rows + 2 <= m.rows * SHARE_STRETCH / 100)
		top = in->want_rows + 2;
	top = clamp(top, PART_ROWS, m.rows - PART_ROWS);
	place(&out->pane[in->host], (struct ui_rect){m.row, m.col, top, m.cols}, true);
	place(&out->pane[in->guest], (struct ui_rect){m.row + top, m.col, m.rows - top, m.cols},
		true);
}

static void beside(const struct layout_in *in, struct ui_rect m, struct layout *out)
{
	int share = in->share ? clamp(in->share, SHARE_MIN, SHARE_MAX) : SHARE_BESIDE;
	int left = clamp(m.cols * share / 100, PART_COLS, m.cols - PART_COLS);

	place(&out->pane[in->host], (struct ui_rect){m.row, m.col, m.rows, left}, true);
	place(&out->pane[in->guest], (struct ui_rect){m.row, m.col + left, m.rows, m.cols - left},
		true);
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
	enum layout_mode m;

	memset(out, 0, sizeof(*out));
	out->size_class = layout_class(in->rows, in->cols);
	chrome(in, out);
	if (in->npanes < 1)
		return;
	if (out->size_class < 2 && !in->opened) {
		out->summary = middle(in, out);
		return;
	}
	m = mode_of(in, out->size_class);
	out->split = m != LAYOUT_SINGLE;
	if (m == LAYOUT_STACK)
		stack(in, middle(in, out), out);
	else if (m == LAYOUT_BESIDE)
		beside(in, middle(in, out), out);
	else
		single(in, out);
}

enum layout_mode layout_next(const struct layout_in *in)
{
	struct layout_in probe = *in;
	int size_class = layout_class(in->rows, in->cols);
	enum layout_mode now = mode_of(in, size_class);

	for (int i = 1; i < LAYOUT_MODES; i++) {
		probe.mode = (enum layout_mode)((in->mode + i) % LAYOUT_MODES);
		if (mode_of(&probe, size_class) != now)
			return probe.mode;
	}
	return in->mode;
}
