/* The profile pane: snapshots of every thread, two of them compared. */
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/export.h"
#include "src/base/clock.h"
#include "ui/app.h"
#include "ui/ct_keys.h"
#include "ui/panes.h"

enum { DETAIL_ROWS = 6, WIDE_ROWS = 14 };

/* ---- life ------------------------------------------------------------------------------------ */

static void *ct_open_pane(struct pane *host, const void *arg, struct err *e)
{
	struct ct_view *w = xcalloc(1, sizeof(*w));

	(void)arg;
	(void)e;
	w->host = host;
	w->side[CTP_BASE] = w->side[CTP_CAND] = w->wanted = -1;
	w->naming.axis = CTP_BY_ALL;
	w->view.sections = 1U << CTP_SEC_PRIMARY;
	ctp_view_format(&w->view, CTP_FORMAT_ARROW);
	return w;
}

static void ct_close_pane(void *self)
{
	struct ct_view *w = self;

	ct_job_abandon(w->job);
	loop_del_timer(app_loop(pane_app(w->host)), w->progress);
	ct_forget_diff(w);
	ctp_noise_free(w->noise);
	for (size_t i = 0; i < w->ring.n; i++) {
		ctp_free(w->ring.v[i].snap);
		free(w->ring.v[i].name);
	}
	ct_pick_close(w);
	filter_free(w->filter);
	str_release(&w->find);
	str_release(&w->text);
	free(w->pick_name);
	free(w->ring.v);
	free(w->lines.v);
	free(w->opened.v);
	free(w);
}

static void ct_snapshot(void *self, const struct snapshot *s)
{
	((struct ct_view *)self)->topo = s->topo;
}

int ct_detail_rows(const struct ct_view *w)
{
	if (w->rows >= 32 && w->cols >= 100)
		return WIDE_ROWS;
	return w->rows >= 14 ? DETAIL_ROWS : 0;
}

int ct_list_rows(const struct ct_view *w)
{
	int header = w->lines.n && w->lines.v[0].kind != CT_TEXT;
	int rows = w->rows - ct_detail_rows(w) - header;

	return rows > 1 ? rows : 1;
}

/* The cursor is on the screen. */
static void settle(struct ct_view *w)
{
	size_t page = (size_t)ct_list_rows(w);

	if (w->cursor < w->top)
		w->top = w->cursor;
	if (w->cursor >= w->top + page)
		w->top = w->cursor - page + 1;
	if (w->top + page > w->lines.n)
		w->top = w->lines.n > page ? w->lines.n - page : 0;
}

void ct_refresh(struct ct_view *w)
{
	ct_lines(w);
	settle(w);
}

static void ct_resized(void *self, int rows, int cols)
{
	struct ct_view *w = self;

	w->rows = rows;
	w->cols = cols;
	settle(w);
	if (w->picking)
		ct_pick_move(w, 0);
}

/* ---- keys: moving and folding ---------------------------------------------------------------- */

static void move_by(struct ct_view *w, long by)
{
	size_t last = w->lines.n ? w->lines.n - 1 : 0;

	if (by < 0 && w->cursor < (size_t)-by)
		w->cursor = 0;
	else
		w->cursor = w->cursor + (size_t)by > last ? last : w->cursor + (size_t)by;
	settle(w);
}

/* Opens or closes the row of the cursor, and stays on it. */
static void fold(struct ct_view *w, int action)
{
	const struct ct_line *l = w->cursor < w->lines.n ? &w->lines.v[w->cursor] : NULL;
	uint32_t pair, metric;

	if (!l || l->kind > CT_MORE)
		return;
	pair = l->pair;
	metric = l->metric;
	ct_open(w, pair, metric,
		action == ACT_OPEN || (action == ACT_TOGGLE && !ct_is_open(w, pair, metric)));
	ct_lines(w);
	for (size_t i = 0; i < w->lines.n; i++)
		if (w->lines.v[i].kind == CT_ROW && w->lines.v[i].pair == pair &&
			w->lines.v[i].metric == metric)
			w->cursor = i;
	settle(w);
}

static void move(struct ct_view *w, int action)
{
	long page = ct_list_rows(w);

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		move_by(w, action == ACT_UP ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		move_by(w, action == ACT_PAGE_UP ? -page : page);
		break;
	case ACT_TOP:
	case ACT_BOTTOM:
		w->cursor = action == ACT_BOTTOM && w->lines.n ? w->lines.n - 1 : 0;
		settle(w);
		break;
	case ACT_CLOSE_ALL:
		w->opened.n = 0;
		ct_refresh(w);
		break;
	default:
		fold(w, action);
	}
}

static void next_which(struct ct_view *w)
{
	do
		w->which = (enum ct_which)((w->which + 1) % CT_WHICHES);
	while (w->which == CT_BEYOND && !w->noise);
	ct_refresh(w);
}

/* The pair was taken while the machine was left alone: what it shows is noise. */
static void take_as_idle(struct ct_view *w)
{
	if (!w->noise)
		w->noise = ctp_noise_new();
	ctp_noise_add_idle(w->noise, w->diff);
	app_message(pane_app(w->host), APP_INFO,
		"this pair is the machine at rest: rows of others beyond it are marked !");
	ct_refresh(w);
}

static void sort_by(struct ct_view *w, int action)
{
	int by = action == ACT_SORT_NEXT ? 1 : CT_ORDERS - 1;

	if (action == ACT_INVERT)
		w->inverted = !w->inverted;
	else
		w->order = (enum ct_order_by)((w->order + by) % CT_ORDERS);
	ct_refresh(w);
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static void act_on_pair(struct ct_view *w, int action)
{
	switch (action) {
	case ACT_SWAP:
	case ACT_OLDER:
	case ACT_NEWER:
	case ACT_GROUP:
		ct_pair_action(w, action);
		break;
	case ACT_WHICH:
		next_which(w);
		break;
	case ACT_IDLE:
		take_as_idle(w);
		break;
	case ACT_RATE:
		w->per_second = !w->per_second;
		break;
	default:
		sort_by(w, action);
	}
}

static void ct_action(void *self, int action, const struct ui_key *k)
{
	struct ct_view *w = self;

	(void)k;
	switch (action) {
	case ACT_CAPTURE:
		ct_start_capture(w);
		break;
	case ACT_CANCEL:
		ct_job_cancel(w->job);
		break;
	case ACT_PICK_A:
	case ACT_PICK_B:
		ct_pick_open(w, action == ACT_PICK_A ? CT_PICK_A : CT_PICK_B);
		break;
	case ACT_SECTIONS:
	case ACT_METRICS:
		ct_pick_open(w, action == ACT_SECTIONS ? CT_PICK_SECTION : CT_PICK_METRICS);
		break;
	default:
		if (action <= ACT_CLOSE_ALL)
			move(w, action);
		else
			act_on_pair(w, action);
	}
}

static bool ct_captures(const void *self)
{
	return ((const struct ct_view *)self)->picking;
}

static void ct_input(void *self, const struct ui_key *k)
{
	ct_pick_key(self, k);
}

static void ct_mouse(void *self, const struct ui_key *k)
{
	struct ct_view *w = self;
	int header = w->lines.n && w->lines.v[0].kind != CT_TEXT;

	if (k->mouse == UI_WHEEL_UP || k->mouse == UI_WHEEL_DOWN)
		move_by(w, k->mouse == UI_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
	if (k->mouse != UI_MOUSE_PRESS || k->row < header ||
		w->top + (size_t)(k->row - header) >= w->lines.n ||
		k->row - header >= ct_list_rows(w))
		return;
	w->cursor = w->top + (size_t)(k->row - header);
	if (k->col < 3)
		fold(w, ACT_TOGGLE);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* The first match from `at`, `by` lines at a time, around the end. */
static bool seek(struct ct_view *w, size_t at, size_t by)
{
	for (size_t i = 0; i < w->lines.n; i++, at = (at + by) % w->lines.n) {
		if (!ct_line_matches(w, &w->lines.v[at], str_get(&w->find)))
			continue;
		w->cursor = at;
		settle(w);
		return true;
	}
	return false;
}

static bool ct_find(void *self, const char *text, enum find_step step)
{
	struct ct_view *w = self;
	size_t n = w->lines.n;

	str_clear(&w->find);
	if (step == FIND_BEGIN)
		w->before = w->cursor;
	if (step == FIND_CANCEL) {
		w->cursor = w->before < n ? w->before : 0;
		settle(w);
	}
	if (step == FIND_BEGIN || step == FIND_CANCEL || step == FIND_END || !n || !*text)
		return false;
	str_add(&w->find, text);
	if (step == FIND_HERE)
		return seek(w, w->before < n ? w->before : 0, 1);
	return step == FIND_NEXT ? seek(w, (w->cursor + 1) % n, 1)
				 : seek(w, (w->cursor + n - 1) % n, n - 1);
}

/* ---- filter, export -------------------------------------------------------------------------- */

static int ct_filter(void *self, const char *text, struct err *e)
{
	struct ct_view *w = self;
	int rc = filter_replace(&w->filter, text, ct_filter_names, CT_FILTER_NAMES, e);

	if (rc)
		return rc;
	w->cursor = w->top = 0;
	ct_refresh(w);
	return 0;
}

static const char *ct_filtered(const void *self)
{
	return filter_text(((const struct ct_view *)self)->filter);
}

static int ct_export_pane(const void *self, const char *path, struct err *e)
{
	return ct_export(self, path, e);
}

/* ---- how it shows ---------------------------------------------------------------------------- */

static const struct key_section sections[] = {
	{"Profile", &ct_key_table},
	{"Profile, lists", &ct_pick_table},
	{NULL, NULL},
};

static const struct key_table *ct_keys(const void *self)
{
	const struct ct_view *w = self;

	return w->picking ? &ct_pick_table : &ct_key_table;
}

static void ct_draw_pane(const void *self, const struct paint *p, struct view v)
{
	ct_draw(self, p, v);
}

static void ct_json(const void *self, struct json_out *j)
{
	const struct ct_view *w = self;
	struct ctp_export x = {.view = &w->view, .noise = w->noise};

	if (w->diff)
		ctp_json_compare(w->diff, &x, j);
	else
		json_null(j);
}

/* Scripts and --batch wait for what runs. */
static bool ct_busy(const void *self)
{
	return ((const struct ct_view *)self)->job != NULL;
}

const struct pane_ops pane_ctprof = {
	.id = "ctprof",
	.name = "Profile",
	.number = PANE_CTPROF,
	.open = ct_open_pane,
	.close = ct_close_pane,
	.snapshot = ct_snapshot,
	.resized = ct_resized,
	.action = ct_action,
	.captures = ct_captures,
	.input = ct_input,
	.mouse = ct_mouse,
	.find = ct_find,
	.filter = ct_filter,
	.filtered = ct_filtered,
	.export = ct_export_pane,
	.export_name = "ctprof-compare.txt",
	.draw = ct_draw_pane,
	.status = ct_status,
	.keys = ct_keys,
	.sections = sections,
	.json = ct_json,
	.busy = ct_busy,
};
