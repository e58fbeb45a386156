/* The topology pane: nodes, last-level caches and CPUs of this machine, and how busy they are. */
#include <stdio.h>
#include <stdlib.h>

#include "src/base/utf8.h"
#include "ui/app.h"
#include "ui/panes.h"
#include "ui/topo_view.h"

enum {
	/* Reading a frequency may wake a CPU: on large machines only when it is shown. */
	FREQUENCY_CPUS = 64,
	WHEEL_LINES = 3,
};

/* ---- life ------------------------------------------------------------------------------------ */

static void *topo_open(struct pane *host, const void *arg, struct err *e)
{
	struct topo_view *w = xcalloc(1, sizeof(*w));

	(void)arg;
	(void)e;
	w->host = host;
	w->cursor = w->before = (struct topo_item){TOPO_NODE, 0};
	return w;
}

static void topo_close(void *self)
{
	struct topo_view *w = self;

	arena_free(w->arena);
	cpuset_release(&w->shown);
	free(w->holders.v);
	free(w->lines.v);
	free(w->find);
	free(w);
}

static void want_data(const struct topo_view *w)
{
	bool khz = w->colour == TOPO_BY_FREQUENCY || w->t->ncpus <= FREQUENCY_CPUS;

	app_want(pane_app(w->host), CPUSTAT_MEMORY | (khz ? CPUSTAT_FREQUENCY : 0));
}

/* The first CPU is what a person wants to see the details of. */
static void first_cursor(struct topo_view *w)
{
	int cpu = cpuset_next(&w->t->online, 0);
	const struct topo_cpu *c = cpu >= 0 ? topo_cpu(w->t, (unsigned)cpu) : NULL;

	topo_view_lines(w);
	if (c && !w->folded[c->llc])
		w->cursor = (struct topo_item){TOPO_CPU, (unsigned)(c - w->t->cpus)};
	else
		w->cursor = (struct topo_item){TOPO_LLC, 0};
	w->before = w->cursor;
}

static void topo_snapshot(void *self, const struct snapshot *s)
{
	struct topo_view *w = self;
	const struct topo *had = w->t;

	w->snap = s;
	w->t = s->topo;
	w->has_khz = false;
	for (size_t i = 0; s->stat && i < s->stat->ncpus; i++)
		w->has_khz |= s->stat->cpus[i].has_khz;
	if (!w->t)
		return;
	if (w->t != had)
		topo_view_adopt(w);
	topo_view_holds(w);
	if (w->t != had)
		want_data(w);
	if (!had)
		first_cursor(w);
	topo_view_lines(w);
}

static void topo_resized(void *self, int rows, int cols)
{
	struct topo_view *w = self;

	w->rows = rows;
	w->cols = cols;
	topo_view_lines(w);
	/* The first size decides what is folded, and so where the cursor can be. */
	if (w->t && !w->own_folds && w->cursor.kind == TOPO_NODE)
		first_cursor(w);
	topo_view_lines(w);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bool has_colour(const struct topo_view *w, enum topo_colour c)
{
	if (c == TOPO_BY_NODE)
		return w->t->nnodes > 1 && (app_features(pane_app(w->host)) & UI_HAS_COLOUR) != 0;
	if (c == TOPO_BY_HOLDER)
		return w->has_holds && (app_features(pane_app(w->host)) & UI_HAS_COLOUR) != 0;
	return c == TOPO_BY_USE || w->has_khz;
}

static void next_colour(struct topo_view *w)
{
	do
		w->colour = (enum topo_colour)((w->colour + 1) % TOPO_COLOURS);
	while (!has_colour(w, w->colour));
	want_data(w);
}

static void next_view(struct topo_view *w)
{
	w->mode = (enum topo_mode)((w->mode + 1) % TOPO_MODES);
	if (w->mode == TOPO_DISTANCE && w->t->nnodes < 2)
		w->mode = TOPO_GRID;
	if (w->mode == TOPO_DISTANCE)
		w->own_folds = false;
}

static void move(struct topo_view *w, int action)
{
	int page = topo_view_list_rows(w) - 1;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		topo_view_step(w, action == ACT_UP ? -1 : 1);
		break;
	case ACT_LEFT:
	case ACT_RIGHT:
		topo_view_left_right(w, action == ACT_LEFT ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		/* Two lines a row of CPUs, so half a page of items is about a page of lines. */
		topo_view_step(w, (action == ACT_PAGE_UP ? -1 : 1) * (page > 2 ? page / 2 : 1));
		break;
	default:
		topo_view_go_to(w, action == ACT_BOTTOM);
	}
}

static void topo_action(void *self, int action, const struct ui_key *k)
{
	struct topo_view *w = self;
	unsigned llc;

	(void)k;
	if (!w->t)
		return;
	cpuset_clear(&w->shown);
	llc = topo_view_llc_of(w);
	switch (action) {
	case ACT_FOLD:
		if (llc < w->t->nllcs)
			topo_view_fold(w, llc, !w->folded[llc]);
		break;
	case ACT_OPEN:
	case ACT_CLOSE:
		topo_view_fold(w, llc, action == ACT_CLOSE);
		break;
	case ACT_FOLD_ALL:
		topo_view_fold_all(w);
		break;
	case ACT_VIEW:
		next_view(w);
		break;
	case ACT_COLOUR:
		next_colour(w);
		break;
	case ACT_BOOT:
		topo_boot(w);
		break;
	case ACT_EDIT:
		topo_boot_machine(w);
		break;
	case ACT_COPY:
		topo_copy(w);
		break;
	default:
		move(w, action);
	}
	topo_view_lines(w);
}

static void topo_mouse(void *self, const struct ui_key *k)
{
	struct topo_view *w = self;
	int line = w->top + k->row;

	if (!w->t)
		return;
	if (k->mouse == UI_WHEEL_UP || k->mouse == UI_WHEEL_DOWN) {
		topo_view_step(w, k->mouse == UI_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES);
	} else if (k->mouse == UI_MOUSE_PRESS && k->row < topo_view_list_rows(w)) {
		unsigned column = 0;

		/* The numbers under a CPU are the CPU's. */
		while (line > 0 && (size_t)line < w->lines.n &&
			topo_line_is_under(w->lines.v[line].kind))
			line--;
		if (line < 0 || (size_t)line >= w->lines.n)
			return;
		for (unsigned c = 0; w->lines.v[line].kind == LINE_CPUS &&
				     c < topo_view_columns(w, &w->lines.v[line]);
			c++) {
			int width, col = topo_view_cell(w, &w->lines.v[line], c, &width);

			if (k->col >= col)
				column = c;
		}
		topo_view_item_of(w, line, column, &w->cursor);
		if (w->lines.v[line].kind == LINE_LLC && k->col < 3)
			topo_view_fold(
				w, w->lines.v[line].index, !w->folded[w->lines.v[line].index]);
		topo_view_keep_column(w);
	}
	topo_view_lines(w);
}

static void topo_show_cpus(void *self, const struct cpuset *cpus)
{
	topo_view_show(self, cpus);
}

static bool topo_find(void *self, const char *text, enum find_step find)
{
	return topo_view_find(self, text, find);
}

/* ---- how it shows ---------------------------------------------------------------------------- */

static void topo_draw(const void *self, const struct paint *p, struct view v)
{
	topo_view_draw(self, p, v);
}

static void count(struct str *out, unsigned n, const char *one, const char *many)
{
	str_printf(out, "  %u %s", n, n == 1 ? one : many);
}

static void topo_foot(const struct topo_view *w, struct str *out)
{
	static const char *const views[] = {"grid", "list", "distances"};
	static const char *const colours[] = {"util", "node", "frequency", "holder"};
	int page = topo_view_list_rows(w), all = (int)w->lines.n;

	str_printf(out, "colour:%s  view:%s", colours[w->colour], views[w->mode]);
	if (all > page)
		str_printf(out, "  lines %d-%d of %d", w->top + 1,
			w->top + page < all ? w->top + page : all, all);
}

static void topo_status(const void *self, struct pane_status *out)
{
	const struct topo_view *w = self;

	str_add(&out->tab, "Topo");
	str_add(&out->title, "Topology");
	if (!w->t)
		return;
	count(&out->title, w->t->nnodes, "node", "nodes");
	count(&out->title, w->t->nllcs, "LLC", "LLCs");
	count(&out->title, w->t->ncores, "core", "cores");
	count(&out->title, cpuset_count(&w->t->online), "cpu", "cpus");
	/* The last to be said and the first to go: the tab bar has it too. */
	if ((int)(utf8_width(str_get(&out->title)) + 2 + utf8_width(w->t->notation)) <=
		out->title_cols)
		str_printf(&out->title, "  %s", w->t->notation);
	topo_foot(w, &out->foot);
	str_printf(&out->summary, "%u cpus", cpuset_count(&w->t->online));
	if (w->snap->uses && w->snap->uses->has_all)
		str_printf(&out->summary, "  %.0f%% busy", w->snap->uses->all.busy * 100);
	str_printf(&out->summary, "  %s", w->t->notation);
	if (has_colour(w, TOPO_BY_NODE) || w->has_khz || has_colour(w, TOPO_BY_HOLDER))
		out->features |= TOPO_CAN_COLOUR;
	if (w->mode != TOPO_DISTANCE)
		out->features |= TOPO_CAN_FOLD;
}

static void topo_want(const void *self, int *want, int *cols)
{
	*want = topo_view_want(self, *cols);
}

static void topo_json_of(const void *self, struct json_out *j)
{
	const struct topo_view *w = self;

	if (w->t)
		topo_json(w->t, j);
	else
		json_null(j);
}

/* The first shares of time need two readings. */
static bool topo_busy(const void *self)
{
	const struct topo_view *w = self;

	return !w->snap || w->snap->seq < 2;
}

const struct pane_ops pane_topo = {
	.id = "topo",
	.name = "Topology",
	.number = PANE_TOPO,
	.open = topo_open,
	.close = topo_close,
	.snapshot = topo_snapshot,
	.resized = topo_resized,
	.action = topo_action,
	.mouse = topo_mouse,
	.find = topo_find,
	.show_cpus = topo_show_cpus,
	.draw = topo_draw,
	.status = topo_status,
	.keys = topo_view_keys,
	.sections = topo_key_sections,
	.want = topo_want,
	.json = topo_json_of,
	.busy = topo_busy,
};
