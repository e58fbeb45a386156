/* What the mouse does: panes and tabs get the focus, what is inside a pane is the pane's. */
#include "ui/app_state.h"
#include "ui/chrome.h"

static bool inside(const struct ui_rect *r, const struct ui_key *k)
{
	return k->row >= r->row && k->row < r->row + r->rows && k->col >= r->col &&
	       k->col < r->col + r->cols;
}

static void to_pane(struct pane *p, const struct ui_rect *r, const struct ui_key *k)
{
	struct ui_key rel = *k;

	rel.row -= r->row;
	rel.col -= r->col;
	if (app_top(p->app) == p && app_capturing(p->app))
		p->ops->input(p->self, &rel);
	else if (p->ops->mouse)
		p->ops->mouse(p->self, &rel);
	pane_dirty(p);
}

void app_mouse(struct app *a, const struct ui_key *k)
{
	bool press = k->mouse == UI_MOUSE_PRESS && k->button == 1;
	struct layout_in in;
	struct layout l;

	if (a->dialogs.n) {
		struct pane *top = app_top(a);
		struct ui_rect r = chrome_dialog_inside(&a->canvas, top);

		if (inside(&r, k))
			to_pane(top, &r, k);
		return;
	}
	app_layout_in(a, &in);
	layout_compute(&in, &l);
	if (press && inside(&l.tabs, k)) {
		app_focus_index(a, chrome_tab_at(a, k->col));
		return;
	}
	if (press && inside(&l.summary, k)) {
		app_focus_index(a, (size_t)(k->row - l.summary.row));
		return;
	}
	for (size_t i = 0; i < a->panes.n; i++) {
		const struct layout_pane *p = &l.pane[i];

		if (!p->visible || !inside(&p->frame, k))
			continue;
		if (press && i != a->focus)
			app_focus_index(a, i);
		if (inside(&p->inside, k))
			to_pane(a->panes.v[i], &p->inside, k);
	}
}
