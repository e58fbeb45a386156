/* The locks pane: who holds which part of this machine, who waits for whom, and what happened. */
#include <stdlib.h>
#include <unistd.h>

#include "ui/app.h"
#include "ui/locks_keys.h"
#include "ui/panes.h"

enum { WHEEL_LINES = 3 };

/* ---- life ------------------------------------------------------------------------------------ */

static void *locks_open(struct pane *host, const void *arg, struct err *e)
{
	struct locks_pane *w = xcalloc(1, sizeof(*w));

	(void)arg;
	(void)e;
	w->host = host;
	w->asked_fd = -1;
	return w;
}

static void locks_close(void *self)
{
	struct locks_pane *w = self;

	if (w->asked_fd >= 0)
		close(w->asked_fd);
	map_release(&w->folded);
	free(w->items.v);
	free(w->mark.key);
	free(w->find);
	filter_free(w->filter);
	filter_free(w->events_filter);
	free(w);
}

static void locks_snapshot(void *self, const struct snapshot *s)
{
	struct locks_pane *w = self;

	w->snap = s;
	w->l = s->locks;
	locks_pane_items(w);
}

static void locks_resized(void *self, int rows, int cols)
{
	struct locks_pane *w = self;

	w->rows = rows;
	w->cols = cols;
	locks_pane_items(w);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int page_of(const struct locks_pane *w)
{
	int rows = w->history ? w->rows - 1 : locks_pane_areas(w).table;

	return rows > 1 ? rows - 1 : 1;
}

static void scroll(struct locks_pane *w, int by)
{
	struct locks_events v = {0};
	int last;

	locks_history_list(w, true, &v);
	last = (int)v.list.n - 1;
	free(v.list.v);
	w->scrolled += by;
	w->scrolled = w->scrolled > last ? last : w->scrolled;
	w->scrolled = w->scrolled < 0 ? 0 : w->scrolled;
}

static void step(struct locks_pane *w, int by)
{
	(w->history ? scroll : locks_pane_step)(w, by);
}

static void move(struct locks_pane *w, int action)
{
	const int far = 1 << 20;
	const int by[] = {
		[ACT_UP] = -1,
		[ACT_DOWN] = 1,
		[ACT_PAGE_UP] = -page_of(w),
		[ACT_PAGE_DOWN] = page_of(w),
		[ACT_TOP] = -far,
		[ACT_BOTTOM] = far,
	};

	step(w, by[action]);
}

static void toggle(struct locks_pane *w, bool *what)
{
	*what = !*what;
	w->scrolled = 0;
	locks_pane_items(w);
}

static void sort(struct locks_pane *w, int action)
{
	size_t by = action == ACT_SORT_NEXT ? 1 : locks_norders - 1;

	if (action == ACT_SORT_MENU)
		locks_pane_ask_order(w);
	else
		locks_pane_order(
			w, action == ACT_INVERT ? w->order : (w->order + by) % locks_norders);
}

static void locks_action(void *self, int action, const struct ui_key *k)
{
	struct locks_pane *w = self;

	(void)k;
	switch (action) {
	case ACT_FOLD:
		locks_pane_toggle(w);
		break;
	case ACT_OPEN:
	case ACT_CLOSE:
		locks_pane_fold(w, action == ACT_CLOSE);
		break;
	case ACT_FOLD_ALL:
		locks_pane_fold_all(w);
		break;
	case ACT_CPUS:
		locks_pane_show_cpus(w);
		break;
	case ACT_WAITS:
		toggle(w, &w->waits_only);
		break;
	case ACT_HISTORY:
		toggle(w, &w->history);
		break;
	case ACT_FREE:
		toggle(w, &w->free_too);
		break;
	case ACT_EXPLAIN:
		locks_pane_explain(w);
		break;
	case ACT_SORT_NEXT:
	case ACT_SORT_PREV:
	case ACT_SORT_MENU:
	case ACT_INVERT:
		sort(w, action);
		break;
	case ACT_SIGNAL:
		locks_pane_signal(w);
		break;
	default:
		move(w, action);
	}
}

static void sort_by_heading(struct locks_pane *w, int col)
{
	int order = locks_pane_heading(w, col);

	if (order >= 0)
		locks_pane_order(w, (size_t)order);
}

static void locks_mouse(void *self, const struct ui_key *k)
{
	struct locks_pane *w = self;
	int row = k->row - 1;

	if (k->mouse == UI_WHEEL_UP || k->mouse == UI_WHEEL_DOWN) {
		step(w, k->mouse == UI_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
		return;
	}
	if (k->mouse == UI_MOUSE_PRESS && !w->history && row < 0)
		sort_by_heading(w, k->col);
	if (k->mouse != UI_MOUSE_PRESS || w->history || row < 0 ||
		row >= locks_pane_areas(w).table || (size_t)row + (size_t)w->top >= w->items.n)
		return;
	locks_pane_step(w, row + w->top - (int)w->at);
	if (k->col == 0 && w->items.v[w->at].foldable)
		locks_pane_toggle(w);
}

static bool locks_find(void *self, const char *text, enum find_step find)
{
	return locks_pane_find(self, text, find);
}

static int locks_filter(void *self, const char *text, struct err *e)
{
	struct locks_pane *w = self;

	return (w->history ? locks_history_filter : locks_pane_filter)(w, text, e);
}

static const char *locks_filtered(const void *self)
{
	const struct locks_pane *w = self;

	return filter_text(w->history ? w->events_filter : w->filter);
}

static void locks_copy(const void *self, struct str *out)
{
	locks_pane_copy(self, out);
}

static int locks_export(const void *self, const char *path, struct err *e)
{
	const struct locks_pane *w = self;

	return (w->history ? locks_history_export : locks_pane_export)(w, path, e);
}

static const struct key_section sections[] = {{"Locks", &locks_key_table}, {NULL, NULL}};

static const struct key_table *locks_keys(const void *self)
{
	(void)self;
	return &locks_key_table;
}

/* ---- how it shows ---------------------------------------------------------------------------- */

static void locks_draw(const void *self, const struct paint *p, struct view v)
{
	locks_pane_draw(self, p, v);
}

static void add_counts(const struct locks *l, struct str *out)
{
	if (l->exclusive)
		str_printf(out, " EX%u", l->exclusive);
	if (l->shared)
		str_printf(out, " SH%u", l->shared);
	if (l->waiting)
		str_printf(out, " W%u", l->waiting);
}

static void foot(const struct locks_pane *w, struct str *out)
{
	unsigned unused = locks_pane_free(w);
	int page = locks_pane_areas(w).table, all = (int)w->items.n;

	str_printf(out, "%u held  %u waiting", w->l->exclusive + w->l->shared, w->l->waiting);
	if (unused)
		str_printf(out, "  %u free%s", unused, w->free_too ? "" : " (a)");
	if (w->waits_only)
		str_add(out, "  waits only");
	if (*locks_filtered(w))
		str_printf(out, "  filter:%s", locks_filtered(w));
	if (w->order || w->inverted)
		str_printf(
			out, "  sort:%s%s", locks_orders[w->order].id, w->inverted ? " down" : "");
	if (!w->history && all > page)
		str_printf(out, "  lines %d-%d of %d", w->top + 1,
			w->top + page < all ? w->top + page : all, all);
	if (w->l->unreadable)
		str_printf(out, "  %u process%s unreadable", w->l->unreadable,
			w->l->unreadable == 1 ? "" : "es");
}

static void locks_status(const void *self, struct pane_status *out)
{
	const struct locks_pane *w = self;
	const struct locks_item *it = locks_pane_current(w);

	str_add(&out->tab, "Locks");
	str_add(&out->title, "Locks");
	if (!w->l)
		return;
	add_counts(w->l, &out->tab);
	add_counts(w->l, &out->title);
	foot(w, &out->foot);
	str_printf(&out->summary, "%u held", w->l->exclusive + w->l->shared);
	if (w->l->waiting)
		str_printf(&out->summary, "  %u waiting", w->l->waiting);
	out->features |= UI_CAN_FILTER | UI_CAN_EXPORT;
	if (!w->history)
		out->features |= NOT_HISTORY;
	if (it && !w->history)
		out->features |= HAS_LOCK | UI_CAN_COPY;
	if (it && !w->history && !w->snap->replayed && it->row.who && it->row.who->live &&
		it->row.who->pid > 0)
		out->features |= HAS_HOLDER;
}

static void locks_json_of(const void *self, struct json_out *j)
{
	const struct locks_pane *w = self;
	const struct locks_view all = {.detail = true};

	if (w->l)
		locks_json(w->l, &all, j);
	else
		json_null(j);
}

static bool locks_busy(const void *self)
{
	return !((const struct locks_pane *)self)->snap;
}

const struct pane_ops pane_locks = {
	.id = "locks",
	.name = "Locks",
	.number = PANE_LOCKS,
	.open = locks_open,
	.close = locks_close,
	.snapshot = locks_snapshot,
	.resized = locks_resized,
	.action = locks_action,
	.mouse = locks_mouse,
	.find = locks_find,
	.filter = locks_filter,
	.filtered = locks_filtered,
	.copy = locks_copy,
	.export = locks_export,
	.export_name = "ktstr-locks.txt",
	.draw = locks_draw,
	.status = locks_status,
	.keys = locks_keys,
	.sections = sections,
	.json = locks_json_of,
	.busy = locks_busy,
};
