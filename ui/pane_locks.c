/* The locks pane: who holds which part of this machine, who waits for whom, and what happened. */
#include <stdlib.h>
#include <unistd.h>

#include "ui/app.h"
#include "ui/locks_view.h"
#include "ui/panes.h"

enum action {
	ACT_UP = 1,
	ACT_DOWN,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_FOLD,
	ACT_OPEN,
	ACT_CLOSE,
	ACT_FOLD_ALL,
	ACT_CPUS,
	ACT_WAITS,
	ACT_HISTORY,
	ACT_FREE,
	ACT_EXPLAIN,
	ACT_SIGNAL,
};

enum {
	WHEEL_LINES = 3,
	HAS_LOCK = UI_PANE_FEATURE,	   /* the cursor is on one */
	HAS_HOLDER = UI_PANE_FEATURE << 1, /* and on a process that lives */
};

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

static void step(struct locks_pane *w, int by)
{
	int last = w->l ? (int)w->l->nevents - 1 : 0;

	if (!w->history) {
		locks_pane_step(w, by);
		return;
	}
	w->scrolled += by;
	w->scrolled = w->scrolled > last ? last : w->scrolled;
	w->scrolled = w->scrolled < 0 ? 0 : w->scrolled;
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
	case ACT_SIGNAL:
		locks_pane_signal(w);
		break;
	default:
		move(w, action);
	}
}

static void locks_mouse(void *self, const struct ui_key *k)
{
	struct locks_pane *w = self;
	int row = k->row - 1;

	if (k->mouse == UI_WHEEL_UP || k->mouse == UI_WHEEL_DOWN) {
		step(w, k->mouse == UI_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
		return;
	}
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

static const struct key_row rows[] = {
	{.keys = "Up k",
		.shown = "Up Down",
		.help = "line by line (k j)",
		.group = KEYS_MOVE,
		.action = ACT_UP},
	{.keys = "Down j", .action = ACT_DOWN},
	{.keys = "PgUp C-b",
		.shown = "PgUp PgDn",
		.help = "page by page (C-b C-f)",
		.group = KEYS_MOVE,
		.action = ACT_PAGE_UP},
	{.keys = "PgDn C-f", .action = ACT_PAGE_DOWN},
	{.keys = "g Home",
		.shown = "g G",
		.help = "top, bottom (Home End)",
		.group = KEYS_MOVE,
		.action = ACT_TOP},
	{.keys = "G End", .action = ACT_BOTTOM},
	{.keys = "Enter",
		.hint = "Fold",
		.priority = 10,
		.help = "open or close the lock's processes",
		.group = KEYS_PANE,
		.need = HAS_LOCK,
		.action = ACT_FOLD},
	{.keys = "+ Right l",
		.shown = "+ -",
		.help = "open, close (Right Left)",
		.group = KEYS_PANE,
		.need = HAS_LOCK,
		.action = ACT_OPEN},
	{.keys = "- Left h", .need = HAS_LOCK, .action = ACT_CLOSE},
	{.keys = "*",
		.help = "open or close all",
		.group = KEYS_PANE,
		.need = HAS_LOCK,
		.action = ACT_FOLD_ALL},
	{.keys = "t",
		.hint = "CPUs",
		.priority = 57,
		.help = "show the lock's CPUs in the topology",
		.group = KEYS_PANE,
		.need = HAS_LOCK,
		.action = ACT_CPUS},
	{.keys = "H",
		.hint = "History",
		.priority = 55,
		.help = "what happened, and back",
		.group = KEYS_PANE,
		.action = ACT_HISTORY},
	{.keys = "W",
		.hint = "Waits",
		.priority = 54,
		.help = "only locks that somebody waits for",
		.group = KEYS_PANE,
		.action = ACT_WAITS},
	{.keys = "L",
		.hint = "Explain",
		.priority = 53,
		.help = "who blocks whoever wants this lock",
		.group = KEYS_PANE,
		.need = HAS_LOCK,
		.action = ACT_EXPLAIN},
	{.keys = "a", .help = "free locks too", .group = KEYS_PANE, .action = ACT_FREE},
	{.keys = "K",
		.hint = "Signal",
		.priority = 52,
		.help = "signal the process (asks)",
		.group = KEYS_CHANGES,
		.need = UI_CAN_CHANGE | HAS_HOLDER,
		.action = ACT_SIGNAL},
};

static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

static const struct key_section sections[] = {{"Locks", &table}, {NULL, NULL}};

static const struct key_table *locks_keys(const void *self)
{
	(void)self;
	return &table;
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
	if (it && !w->history)
		out->features |= HAS_LOCK;
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
	.draw = locks_draw,
	.status = locks_status,
	.keys = locks_keys,
	.sections = sections,
	.json = locks_json_of,
	.busy = locks_busy,
};
