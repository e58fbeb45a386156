/* One frame: layout, chrome, the panes that changed, dialogs on top. */
#include <string.h>

#include "src/base/clock.h"
#include "ui/app_state.h"
#include "ui/chrome.h"

static int index_of(const struct app *a, const struct pane *p)
{
	for (size_t i = 0; p && i < a->panes.n; i++)
		if (a->panes.v[i] == p)
			return (int)i;
	return -1;
}

/* Rows that show all of the panes above. */
static int wanted_rows(const struct app *a, const struct layout_in *in)
{
	int most = 0;

	for (int i = PLACE_TOPO; i <= PLACE_LOCKS; i++) {
		const struct pane *p = in->place[i] < 0 ? NULL : a->panes.v[in->place[i]];
		int rows = in->rows, cols = layout_upper_cols(in);

		if (!p || !p->ops->want)
			continue;
		p->ops->want(p->self, &rows, &cols);
		most = rows > most ? rows : most;
	}
	return most;
}

static int at_number(const struct app *a, int number)
{
	for (size_t i = 0; i < a->panes.n; i++)
		if (a->panes.v[i]->number == number)
			return (int)i;
	return -1;
}

void app_layout_in(const struct app *a, struct layout_in *in)
{
	const struct pane *focus = app_focused(a);
	const int *share = a->share[a->mode == LAYOUT_BESIDE ? LAYOUT_BESIDE : LAYOUT_AUTO];

	*in = (struct layout_in){
		.rows = a->canvas.rows,
		.cols = a->canvas.cols,
		.npanes = (int)a->panes.n,
		.focus = (int)a->focus,
		.place = {[PLACE_GUEST] = index_of(a, a->last_guest)},
		.host = index_of(a, a->last_host),
		.focus_is_guest = focus && focus->ops->guest,
		.mode = a->mode,
		.zoom = a->zoom && a->panes.n > 1,
		.opened = a->opened && focus,
		.share = {share[SPLIT_ROWS], share[SPLIT_COLS]},
	};
	for (int i = 0; i < PLACE_GUEST; i++)
		in->place[i] = at_number(a, i + 1);
	in->want_rows = wanted_rows(a, in);
}

static struct paint paint_for(const struct app *a, const struct pane *p)
{
	return (struct paint){
		.theme = &a->theme,
		.glyphs = glyphs_get(a->opt.ascii),
		.focused = app_top(a) == p && a->prompt.kind == PROMPT_NONE,
		.ascii = a->opt.ascii,
		.now_ns = clock_real_ns(),
	};
}

/* Tells a pane its size before it is drawn for the first time and after each change. */
static void tell_size(struct pane *p, const struct ui_rect *r)
{
	if (p->rows == r->rows && p->cols == r->cols)
		return;
	p->rows = r->rows;
	p->cols = r->cols;
	if (p->ops->resized)
		p->ops->resized(p->self, r->rows, r->cols);
}

static void tell_sizes(struct app *a)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		const struct layout_pane *l = &a->layout.pane[i];

		if (!l->visible)
			continue;
		a->panes.v[i]->status.title_cols =
			l->border ? chrome_border_room(l->frame.cols) : l->inside.cols;
		tell_size(a->panes.v[i], &l->inside);
	}
	for (size_t i = 0; i < a->dialogs.n; i++) {
		struct ui_rect r = chrome_dialog_inside(&a->canvas, a->dialogs.v[i]);

		tell_size(a->dialogs.v[i], &r);
	}
}

static void draw_pane(struct app *a, struct pane *p, const struct ui_rect *r)
{
	struct paint paint = paint_for(a, p);
	struct view v = view_sub(view_of(&a->canvas), r->row, r->col, r->rows, r->cols);

	a->canvas.cursor_row = a->canvas.cursor_col = -1;
	view_fill(v, 0, 0, r->rows, r->cols, theme_style(&a->theme, THEME_TEXT), 0);
	p->ops->draw(p->self, &paint, v);
	p->cursor_row = a->canvas.cursor_row;
	p->cursor_col = a->canvas.cursor_col;
	p->dirty = false;
}

static struct view part(struct app *a, struct ui_rect r)
{
	struct view v = view_sub(view_of(&a->canvas), r.row, r.col, r.rows, r.cols);

	view_fill(v, 0, 0, r.rows, r.cols, theme_style(&a->theme, THEME_TEXT), 0);
	return v;
}

static void draw_panes(struct app *a, bool all)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		struct pane *p = a->panes.v[i];
		const struct layout_pane *l = &a->layout.pane[i];
		bool focused = app_top(a) == p;

		if (!l->visible)
			continue;
		if (l->border)
			chrome_frame(a, p, focused,
				view_sub(view_of(&a->canvas), l->frame.row, l->frame.col,
					l->frame.rows, l->frame.cols));
		/* The wish of another pane may have moved it. */
		if (all || p->dirty || memcmp(&p->drawn, &l->inside, sizeof(p->drawn)) != 0)
			draw_pane(a, p, &l->inside);
		p->drawn = l->inside;
	}
}

static bool has_news(const struct app *a)
{
	return a->prompt.kind != PROMPT_NONE || a->message.text.len > 0;
}

/* Message and footer. Where they have no rows of their own they cover the last one or two while
 * they have something to say. */
static void draw_bottom(struct app *a)
{
	const struct layout *l = &a->layout;
	struct ui_rect last = {a->canvas.rows - 1, 0, 1, a->canvas.cols};
	bool say = has_news(a), hints = !app_capturing(a);

	if (l->over) {
		if (hints)
			chrome_footer(a, part(a, last));
		last.row -= hints;
		if (say)
			chrome_message(a, part(a, last));
		return;
	}
	if (l->footer.rows)
		chrome_footer(a, part(a, l->footer));
	if (l->message.rows)
		chrome_message(a, part(a, l->message));
	else if (say)
		chrome_message(a, part(a, l->footer.rows ? l->footer : last));
}

static void draw_top(struct app *a)
{
	const struct layout *l = &a->layout;
	const struct pane *focus = app_focused(a);

	if (l->summary.rows && l->tabs.rows) {
		struct view v = part(a, l->tabs);

		view_printf(v, 0, 0, theme_style(&a->theme, THEME_DIM),
			"ktstr  %dx%d (panes need 60x12)", a->canvas.cols, a->canvas.rows);
	} else if (l->tabs.rows) {
		chrome_tabs(a, part(a, l->tabs));
	}
	if (l->title.rows && focus)
		chrome_title(a, focus, part(a, l->title));
	if (l->summary.rows)
		chrome_summary(a, part(a, l->summary));
}

static void draw_dialogs(struct app *a)
{
	for (size_t i = 0; i < a->dialogs.n; i++) {
		struct pane *p = a->dialogs.v[i];
		struct ui_rect r = chrome_dialog_inside(&a->canvas, p);

		chrome_dialog_box(a, p, view_of(&a->canvas));
		draw_pane(a, p, &r);
	}
}

static void put_cursor(struct app *a)
{
	const struct pane *top = app_top(a);
	bool shown = top && (!top->number || a->layout.pane[a->focus].visible);

	a->canvas.cursor_row = shown ? top->cursor_row : -1;
	a->canvas.cursor_col = shown ? top->cursor_col : -1;
}

void app_draw(struct app *a)
{
	struct layout_in in;
	bool all = a->all || a->dialogs.n > 0;

	a->all = false;
	app_layout_in(a, &in);
	layout_compute(&in, &a->layout);
	tell_sizes(a);
	app_refresh_status(a);
	if (all)
		canvas_clear(&a->canvas);
	draw_top(a);
	/* A row that was covered comes back. */
	draw_panes(a, all || a->layout.over);
	draw_dialogs(a);
	put_cursor(a);
	draw_bottom(a);
}
