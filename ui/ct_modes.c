/* Lists to choose from: their keys, and what comes of them. */
#include <stdlib.h>

#include "ui/app.h"
#include "ui/ct_keys.h"

static void take_marks(struct ct_view *w)
{
	bool any = false;

	if (w->pick.what == CT_PICK_SECTION)
		w->view.sections = 0;
	else
		w->view.metrics = (struct ctp_metric_set){0};
	for (size_t i = 0; i < w->pick.items.n; i++) {
		const struct ct_pick_item *item = &w->pick.items.v[i];

		any |= item->on;
		if (item->on && w->pick.what == CT_PICK_SECTION)
			w->view.sections |= 1U << item->number;
		else if (item->on)
			ctp_metric_add(&w->view.metrics, (unsigned)item->number);
	}
	if (w->pick.what == CT_PICK_METRICS)
		w->view.some_metrics = any;
	else if (!any)
		w->view.sections = 1U << CTP_SEC_PRIMARY;
}

/* A single section is shown with Enter alone. */
static void choose(struct ct_view *w)
{
	enum ct_pick_what what = w->pick.what;
	struct ct_pick_item *item = w->pick.items.n ? &w->pick.items.v[w->pick.at] : NULL;
	int side = what == CT_PICK_B ? CTP_CAND : CTP_BASE;
	cleanup_free char *path = item && item->path ? xstrdup(item->path) : NULL;
	int number = item ? item->number : -1;

	if (what == CT_PICK_SECTION || what == CT_PICK_METRICS) {
		take_marks(w);
		ct_pick_close(w);
		w->cursor = w->top = 0;
		ct_refresh(w);
		return;
	}
	ct_pick_close(w);
	if (path) {
		ct_load_file(w, path, side);
	} else if (number >= 0) {
		ct_choose_capture(w, side, number);
	}
}

/* Space: of sections the first mark takes the place of what is shown. */
static void mark(struct ct_view *w)
{
	if (w->pick.items.n && (w->pick.what == CT_PICK_SECTION || w->pick.what == CT_PICK_METRICS))
		w->pick.items.v[w->pick.at].on = !w->pick.items.v[w->pick.at].on;
}

void ct_pick_key(struct ct_view *w, const struct ui_key *k)
{
	const struct key_row *r = keymap_find(&ct_pick_table, k, ~0U);

	switch (r ? r->action : 0) {
	case ACT_UP:
	case ACT_DOWN:
		ct_pick_move(w, r->action == ACT_UP ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		ct_pick_move(w, r->action == ACT_PAGE_UP ? 2 - w->rows : w->rows - 2);
		break;
	case ACT_MARK:
		mark(w);
		break;
	case ACT_CHOOSE:
		choose(w);
		break;
	case ACT_LEAVE:
		ct_pick_close(w);
		break;
	default:
		break;
	}
}
