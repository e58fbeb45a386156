/* The primary and the derived table of a comparison, and the order of all tables. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/noise.h"
#include "probes/ctprof/text_parts.h"
#include "src/base/map.h"
#include "src/base/utf8.h"

struct writer {
	const struct ctp_diff *d;
	const struct ctp_text_options *o;
	const struct ctp_view *v;
	enum ctp_axis axis;
	struct ctp_sheet sheet;
	struct ctp_grid grid;
	struct str cell;
	bool sort_column; /* of the first sort key, behind the others */
};

static void sort_cell(struct writer *w, const struct ctp_matched *p)
{
	enum ctp_metric m = w->v->sort[0].metric;
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);

	ctp_cell_value(&w->cell, p->side[CTP_BASE], m);
	str_add(&w->cell, CTP_ARROW);
	ctp_cell_value(&w->cell, p->side[CTP_CAND], m);
	if (c.has_pct) {
		str_add(&w->cell, " (");
		ctp_cell_share(&w->cell, &c);
		str_addc(&w->cell, ')');
	}
	ctp_grid_take(&w->grid,
		!c.has_delta || c.delta == 0 ? (unsigned)CTP_CYAN : ctp_change_colour(&c),
		&w->cell);
}

static void add_row(struct writer *w, const struct ctp_row *r, const char *label)
{
	const struct ctp_matched *p = &w->d->pairs[r->pair];

	for (size_t i = 0; i < w->v->ncolumns; i++) {
		unsigned colour = 0;

		if (w->v->columns[i] == CTP_COL_GROUP)
			str_add(&w->cell, label);
		else
			colour = ctp_column_cell(
				w->d, w->o->noise, w->v->columns[i], p, r->metric, &w->cell);
		ctp_grid_take(&w->grid, colour, &w->cell);
	}
	if (w->sort_column)
		sort_cell(w, p);
}

static void begin_table(struct writer *w)
{
	ctp_grid_init(&w->grid, w->v->ncolumns + w->sort_column);
	ctp_grid_headers(&w->grid, w->v, w->axis, CTP_CYAN);
	if (w->sort_column)
		ctp_grid_add(&w->grid, CTP_CYAN, ctp_metrics[w->v->sort[0].metric].name);
}

static void end_table(struct writer *w)
{
	ctp_grid_write(&w->grid, &w->sheet);
	ctp_grid_release(&w->grid);
}

/* ---- flat tables ----------------------------------------------------------------------------- */

static size_t budget(const struct writer *w, size_t n)
{
	return w->v->limit && w->v->limit < n ? (size_t)w->v->limit : n;
}

static void flat_table(struct writer *w, const struct ctp_rows *rows)
{
	begin_table(w);
	for (size_t i = 0; i < budget(w, rows->n); i++)
		add_row(w, &rows->v[i], w->d->pairs[rows->v[i].pair].key.part[0]);
	end_table(w);
}

/* ---- by cgroup: a table for each parent ------------------------------------------------------ */

/* Bytes of a path before its last segment: "/a" of "/a/b", "/" of "/a" and of "/". */
static size_t parent_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

struct bucketed {
	const char *path;
	size_t parent; /* bytes of it */
	size_t row;
};

static int by_parent(const void *a, const void *b)
{
	const struct bucketed *x = a, *y = b;
	size_t n = x->parent < y->parent ? x->parent : y->parent;
	int by = memcmp(x->path, y->path, n);

	if (by)
		return by;
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool same_parent(const struct bucketed *a, const struct bucketed *b)
{
	return a->parent == b->parent && memcmp(a->path, b->path, a->parent) == 0;
}

static void bucket_heading(struct writer *w, const struct bucketed *b)
{
	cleanup_str struct str line = STR_INIT, safe = STR_INIT;

	str_add(&safe, "## ");
	utf8_sanitize(&safe, b->path, b->parent, false);
	ctp_sheet_blank(&w->sheet);
	ctp_sheet_paint(&w->sheet, &line, 2 | CTP_BOLD, str_get(&safe));
	ctp_sheet_line(&w->sheet, str_get(&line), line.len);
}

static const char *leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void bucket_tables(struct writer *w, const struct ctp_rows *rows)
{
	cleanup_free struct bucketed *v = xcalloc(rows->n + 1, sizeof(*v));
	size_t to;

	for (size_t i = 0; i < rows->n; i++) {
		v[i].path = w->d->pairs[rows->v[i].pair].key.part[0];
		v[i].parent = parent_length(v[i].path);
		v[i].row = i;
	}
	qsort(v, rows->n, sizeof(*v), by_parent);
	for (size_t from = 0; from < rows->n; from = to) {
		size_t n = 0;

		bucket_heading(w, &v[from]);
		begin_table(w);
		for (to = from; to < rows->n && same_parent(&v[from], &v[to]); to++)
			if (n++ < budget(w, rows->n))
				add_row(w, &rows->v[v[to].row], leaf(v[to].path));
		end_table(w);
	}
}

/* ---- by all: a tree -------------------------------------------------------------------------- */

struct placed {
	size_t cgroup, process; /* places of their best rows */
	size_t row;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->cgroup != y->cgroup)
		return x->cgroup < y->cgroup ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* Fudged rows first, all of them; the best others as far as the limit reaches. */
static struct ctp_rows tree_rows(const struct writer *w, const struct ctp_rows *rows)
{
	struct ctp_rows out = {.v = xcalloc(rows->n + 1, sizeof(*out.v))};

	for (size_t i = 0; i < rows->n; i++)
		if (w->d->pairs[rows->v[i].pair].fudged)
			out.v[out.n++] = rows->v[i];
	for (size_t i = 0; i < rows->n && (!w->v->limit || out.n < w->v->limit); i++)
		if (!w->d->pairs[rows->v[i].pair].fudged)
			out.v[out.n++] = rows->v[i];
	return out;
}

/* The place of the first row with this name (and, of a process, in this cgroup) + 1. */
static size_t first_place(struct map *places, const char *cgroup, const char *process, size_t row)
{
	cleanup_free char *key = xasprintf("%s\n%s", cgroup, process);
	void **at = map_at(places, key);

	if (!*at)
		*at = (void *)(uintptr_t)(row + 1); /* NOLINT(performance-no-int-to-ptr) */
	return (size_t)(uintptr_t)*at;
}

static struct placed *place_rows(const struct writer *w, const struct ctp_rows *rows)
{
	struct placed *v = xcalloc(rows->n + 1, sizeof(*v));
	struct map places = {0};

	for (size_t i = 0; i < rows->n; i++) {
		const struct ctp_key *k = &w->d->pairs[rows->v[i].pair].key;

		v[i] = (struct placed){first_place(&places, k->part[0], "", i),
			first_place(&places, k->part[0], k->part[1], i), i};
	}
	map_release(&places);
	qsort(v, rows->n, sizeof(*v), by_place);
	return v;
}

static void tree_row(struct writer *w, const struct ctp_row *r, bool derived)
{
	const struct ctp_matched *p = &w->d->pairs[r->pair];
	cleanup_str struct str label = STR_INIT;

	str_repeat(&label, ' ', 2 * (ctp_tree_depth(p->key.part[0]) + 1) + 2);
	if (p->fudged && !derived)
		str_printf(&label, *p->mark ? "[fudged: %s] " : "[fudged] ", p->mark);
	str_add(&label, p->key.part[2]);
	add_row(w, r, str_get(&label));
}

static void tree_table(struct writer *w, const struct ctp_rows *all, bool derived)
{
	struct ctp_rows rows = tree_rows(w, all);
	cleanup_free struct placed *v = place_rows(w, &rows);
	const struct ctp_key *before = NULL;

	begin_table(w);
	for (size_t i = 0; i < rows.n; i++) {
		const struct ctp_row *r = &rows.v[v[i].row];
		const struct ctp_key *k = &w->d->pairs[r->pair].key;
		bool fresh = !before || before->part[0] != k->part[0];

		if (fresh)
			ctp_tree_headings(&w->grid, before ? before->part[0] : "", k->part[0]);
		if (fresh || before->part[1] != k->part[1])
			ctp_tree_process(&w->grid, k->part[0], k->part[1]);
		tree_row(w, r, derived);
		before = k;
	}
	end_table(w);
	free(rows.v);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void primary(struct writer *w)
{
	struct ctp_rows rows;

	if (!ctp_view_has(w->v, CTP_SEC_PRIMARY) && !ctp_view_has(w->v, CTP_SEC_TASKSTATS_DELAY))
		return;
	/* Tables by parent have a limit each. */
	rows = ctp_rank(w->d, w->v, false, w->axis == CTP_BY_CGROUP ? 0 : (size_t)w->v->limit);
	if (w->axis != CTP_BY_CGROUP)
		ctp_sheet_heading(&w->sheet, "Primary metrics");
	if (w->axis == CTP_BY_CGROUP)
		bucket_tables(w, &rows);
	else if (w->axis == CTP_BY_ALL)
		tree_table(w, &rows, false);
	else
		flat_table(w, &rows);
	free(rows.v);
}

static void derived(struct writer *w)
{
	struct ctp_rows rows;

	if (!ctp_view_has(w->v, CTP_SEC_DERIVED) && !ctp_view_has(w->v, CTP_SEC_TASKSTATS_DELAY))
		return;
	rows = ctp_rank(w->d, w->v, true, (size_t)w->v->limit);
	if (rows.n) {
		ctp_sheet_blank(&w->sheet);
		ctp_sheet_heading(&w->sheet, "Derived metrics");
		if (w->axis == CTP_BY_ALL)
			tree_table(w, &rows, true);
		else
			flat_table(w, &rows);
	}
	free(rows.v);
}

void ctp_text_compare(const struct ctp_diff *d, const struct ctp_text_options *o, struct str *out)
{
	const struct ctp_snapshot *a = d->snap[CTP_BASE], *b = d->snap[CTP_CAND];
	struct writer w = {.d = d, .o = o, .v = o->view, .axis = d->groups->naming.axis};

	w.sheet = (struct ctp_sheet){.out = out,
		.colour = o->colour,
		.wrap = o->wrap,
		.fit = o->fit,
		.limit = w.v->limit};
	w.sort_column = w.v->nsort && w.v->sort[0].metric < CTP_NPRIMARY;
	primary(&w);
	derived(&w);
	if (ctp_view_has(w.v, CTP_SEC_SMAPS))
		ctp_text_smaps_compare(&w.sheet, d, w.v);
	ctp_text_cgroups(&w.sheet, d->groups, w.v, true);
	if (ctp_view_has(w.v, CTP_SEC_HOST_PRESSURE))
		ctp_text_host_pressure(&w.sheet, a, b);
	if (ctp_view_has(w.v, CTP_SEC_SCHED_EXT))
		ctp_text_sched_ext(&w.sheet, a, b);
	ctp_text_fudges(&w.sheet, d);
	ctp_text_unmatched(&w.sheet, d, o);
	ctp_sheet_end(&w.sheet);
	str_release(&w.cell);
}
