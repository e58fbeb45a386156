/* Which rows the locks pane shows, and in which order. */
#include <stdlib.h>

#include "ui/locks_view.h"

enum { COLUMNS_MAX = 16 };

/* ---- filter ---------------------------------------------------------------------------------- */

int locks_pane_filter(struct locks_pane *w, const char *text, struct err *e)
{
	const char *names[COLUMNS_MAX];
	int rc;

	for (size_t i = 0; i < locks_ncolumns; i++)
		names[i] = locks_columns[i].id;
	rc = filter_replace(&w->filter, text, names, locks_ncolumns, e);
	if (!rc)
		locks_pane_items(w);
	return rc;
}

static bool lets(const struct locks_pane *w, const struct locks_row *r, struct arena *a)
{
	struct filter_column columns[COLUMNS_MAX];
	cleanup_str struct str text = STR_INIT;
	size_t at[COLUMNS_MAX];

	if (!w->filter)
		return true;
	for (size_t i = 0; i < locks_ncolumns; i++) {
		struct cell cell = locks_columns[i].get(r, a);

		at[i] = text.len;
		if (cell.kind != CELL_ABSENT)
			cell_format(&cell, &text);
		str_addc(&text, '\0');
	}
	for (size_t i = 0; i < locks_ncolumns; i++)
		columns[i] = (struct filter_column){locks_columns[i].id, text.s + at[i]};
	return filter_lets(w->filter, columns, locks_ncolumns);
}

static bool is_wanted(const struct locks_pane *w, const struct locks_file *f)
{
	if (w->waits_only)
		return f->nwaiters > 0;
	return w->free_too || f->nholders || f->nwaiters;
}

/* The first row that is left of a lock has its name. */
static void keep_wanted(const struct locks_pane *w, struct locks_rows *rows)
{
	struct arena *a = arena_new();
	const struct locks_file *last = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < rows->list.n; i++) {
		struct locks_row r = rows->list.v[i];

		if (!is_wanted(w, r.f) || !lets(w, &r, a))
			continue;
		r.first = r.f != last;
		last = r.f;
		rows->list.v[kept++] = r;
	}
	rows->list.n = kept;
	arena_free(a);
}

/* ---- order ----------------------------------------------------------------------------------- */

void locks_pane_choose(const struct locks_pane *w, struct locks_choice *out)
{
	const struct locks_view all = {0};
	struct table t;

	locks_rows(w->l, &all, &out->rows);
	keep_wanted(w, &out->rows);
	for (size_t i = 0; i < out->rows.list.n; i++)
		if (out->rows.list.v[i].first)
			vec_push(&out->heads, &out->rows.list.v[i]);
	t = (struct table){locks_orders, locks_norders, out->heads.v, out->heads.n};
	if (w->order || w->inverted)
		table_sort(&t, w->order, w->inverted);
}

void locks_choice_release(struct locks_choice *c)
{
	free(c->rows.list.v);
	free(c->heads.v);
}

size_t locks_choice_rows(const struct locks_choice *c, const struct locks_row *head)
{
	const struct locks_row *end = c->rows.list.v + c->rows.list.n, *r = head + 1;

	while (r < end && !r->first)
		r++;
	return (size_t)(r - head);
}

void locks_pane_order(struct locks_pane *w, size_t order)
{
	w->inverted = w->order == order && !w->inverted;
	w->order = order;
	locks_pane_items(w);
}
