/* Memory of processes by kind (spec 7.2). */
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/text_parts.h"

void ctp_text_smaps_show(struct ctp_sheet *s, struct ctp_groups *g)
{
	struct ctp_smaps_list l = ctp_smaps(g, NULL);
	static const char *const headers[] = {"process", "key", "value"};
	cleanup_str struct str cell = STR_INIT;
	struct ctp_grid grid;

	ctp_smaps_rank_size(&l);
	ctp_grid_init(&grid, ARRAY_LEN(headers));
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		ctp_grid_add(&grid, 0, headers[i]);
	for (size_t i = 0; i < l.n; i++) {
		const struct ctp_map *m = &l.v[i].side[CTP_BASE];

		for (uint32_t k = 0; k < m->n; k++) {
			if (!m->pairs[k].v)
				continue;
			ctp_grid_add(&grid, 0, l.v[i].process);
			ctp_grid_add(&grid, 0, m->pairs[k].key);
			ctp_cell_u64(&cell, ctp_smaps_bytes(&l.v[i], CTP_BASE, m->pairs[k].key).v,
				CTP_LADDER_BYTES);
			ctp_grid_take(&grid, 0, &cell);
		}
	}
	if (ctp_grid_rows(&grid) > 1) {
		ctp_sheet_blank(s);
		ctp_sheet_heading(s, "smaps_rollup");
		ctp_grid_write(&grid, s);
	}
	ctp_grid_release(&grid);
}

/* ---- compare --------------------------------------------------------------------------------- */

struct writer {
	const struct ctp_view *v;
	bool tree, sort_column;
	struct ctp_grid grid;
	struct str cell;
};

/* Whether a kind differs; the other side's 0 and its lack are different things only in show. */
static bool differs(const struct ctp_smaps *s, const char *kind)
{
	return ctp_smaps_bytes(s, CTP_BASE, kind).v != ctp_smaps_bytes(s, CTP_CAND, kind).v;
}

static bool any_differs(const struct ctp_smaps *s)
{
	for (int side = 0; side < CTP_SIDES; side++)
		for (uint32_t i = 0; i < s->side[side].n; i++)
			if (differs(s, s->side[side].pairs[i].key))
				return true;
	return false;
}

static void bytes_cell(struct str *out, struct ctp_opt v)
{
	if (v.has)
		ctp_cell_u64(out, v.v, CTP_LADDER_BYTES);
	else
		str_add(out, CTP_ABSENT);
}

static struct ctp_change change_of(struct ctp_opt a, struct ctp_opt b)
{
	struct ctp_change c = {.has_delta = a.has && b.has};

	if (c.has_delta)
		c.delta = b.v >= a.v ? (double)(b.v - a.v) : -(double)(a.v - b.v);
	c.has_pct = c.has_delta && a.v > 0;
	if (c.has_pct)
		c.pct = c.delta / (double)a.v;
	return c;
}

static unsigned column_cell(struct writer *w, enum ctp_column column, const struct ctp_smaps *s,
	const char *kind, const struct ctp_change *c)
{
	struct ctp_opt a = ctp_smaps_bytes(s, CTP_BASE, kind);
	struct ctp_opt b = ctp_smaps_bytes(s, CTP_CAND, kind);

	switch (column) {
	case CTP_COL_GROUP:
		str_repeat(&w->cell, ' ', w->tree ? 4 + 2 * ctp_tree_depth(s->cgroup) : 0);
		str_add(&w->cell, s->process);
		break;
	case CTP_COL_METRIC:
		str_add(&w->cell, kind);
		break;
	case CTP_COL_BASELINE:
		bytes_cell(&w->cell, a);
		break;
	case CTP_COL_CANDIDATE:
		bytes_cell(&w->cell, b);
		break;
	case CTP_COL_ARROW:
		bytes_cell(&w->cell, a);
		str_add(&w->cell, " " CTP_ARROW " ");
		bytes_cell(&w->cell, b);
		break;
	case CTP_COL_DELTA:
		if (c->has_delta)
			ctp_cell_delta(&w->cell, c->delta, CTP_LADDER_BYTES);
		else
			str_add(&w->cell, CTP_ABSENT);
		return ctp_change_colour(c);
	case CTP_COL_PCT:
		ctp_cell_share(&w->cell, c);
		return ctp_change_colour(c);
	default: /* what a process has no value of */
		break;
	}
	return 0;
}

static void kind_row(struct writer *w, const struct ctp_smaps *s, const char *kind)
{
	struct ctp_change c =
		change_of(ctp_smaps_bytes(s, CTP_BASE, kind), ctp_smaps_bytes(s, CTP_CAND, kind));

	for (size_t i = 0; i < w->v->ncolumns; i++) {
		unsigned colour = column_cell(w, w->v->columns[i], s, kind, &c);

		ctp_grid_take(&w->grid, colour, &w->cell);
	}
	if (w->sort_column)
		ctp_grid_add(&w->grid, 0, "");
}

/* Kinds of both sides, bytewise. */
static void process_rows(struct writer *w, const struct ctp_smaps *s)
{
	const struct ctp_map *a = &s->side[CTP_BASE], *b = &s->side[CTP_CAND];

	for (uint32_t i = 0, k = 0; i < a->n || k < b->n;) {
		int by = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->pairs[i].key, b->pairs[k].key);
		const char *kind = by <= 0 ? a->pairs[i].key : b->pairs[k].key;

		i += by <= 0;
		k += by >= 0;
		if (differs(s, kind))
			kind_row(w, s, kind);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct ctp_smaps *x = a, *y = b;
	int by = strcmp(x->cgroup, y->cgroup);

	return by ? by : strcmp(x->process, y->process);
}

/* Those that differ, the most important as far as the limit reaches; in a tree again by name. */
static void keep_changed(struct ctp_smaps_list *l, const struct ctp_view *v, bool tree)
{
	size_t n = 0;

	ctp_smaps_rank_change(l);
	for (size_t i = 0; i < l->n && (!v->limit || n < v->limit); i++)
		if (any_differs(&l->v[i]))
			l->v[n++] = l->v[i];
	l->n = n;
	if (tree)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
}

void ctp_text_smaps_compare(struct ctp_sheet *s, const struct ctp_diff *d, const struct ctp_view *v)
{
	enum ctp_axis axis = d->groups->naming.axis;
	struct writer w = {.v = v, .tree = axis == CTP_BY_ALL};
	struct ctp_smaps_list l = ctp_smaps(d->groups, d);
	const char *before = "";

	keep_changed(&l, v, w.tree);
	if (!l.n)
		return;
	w.sort_column = v->nsort && v->sort[0].metric < CTP_NPRIMARY;
	ctp_sheet_blank(s);
	ctp_sheet_heading(s, "smaps_rollup");
	ctp_grid_init(&w.grid, v->ncolumns + w.sort_column);
	ctp_grid_headers(&w.grid, v, w.tree ? CTP_BY_ALL : CTP_BY_PCOMM, CTP_CYAN);
	if (w.sort_column)
		ctp_grid_add(&w.grid, CTP_CYAN, ctp_metrics[v->sort[0].metric].name);
	for (size_t i = 0; i < l.n; i++) {
		if (w.tree)
			ctp_tree_headings(&w.grid, before, l.v[i].cgroup);
		before = l.v[i].cgroup;
		process_rows(&w, &l.v[i]);
	}
	ctp_grid_write(&w.grid, s);
	ctp_grid_release(&w.grid);
	str_release(&w.cell);
}
