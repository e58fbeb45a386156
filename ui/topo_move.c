/* The topology pane's cursor: line by line, CPU by CPU, and what is folded. */
#include <stdlib.h>

#include "ui/topo_view.h"

void topo_view_keep_column(struct topo_view *w)
{
	int at = topo_view_line_of(w, w->cursor);

	if (w->cursor.kind == TOPO_CPU && (size_t)at < w->lines.n)
		w->column = topo_view_column(w, &w->lines.v[at], w->cursor.index);
}

void topo_view_step(struct topo_view *w, int by)
{
	int at = topo_view_line_of(w, w->cursor), dir = by < 0 ? -1 : 1;
	struct topo_item item;

	for (int left = abs(by), i = at + dir; left && i >= 0 && (size_t)i < w->lines.n; i += dir) {
		if (!topo_view_item_of(w, i, w->column, &item))
			continue;
		w->cursor = item;
		left--;
	}
}

void topo_view_fold(struct topo_view *w, unsigned llc, bool folded)
{
	if (llc >= w->t->nllcs)
		return;
	w->folded[llc] = folded;
	w->own_folds = true;
	if (folded && w->cursor.kind == TOPO_CPU)
		w->cursor = (struct topo_item){TOPO_LLC, llc};
}

void topo_view_fold_all(struct topo_view *w)
{
	bool any_open = false;

	for (unsigned i = 0; i < w->t->nllcs; i++)
		any_open |= !w->folded[i];
	for (unsigned i = 0; i < w->t->nllcs; i++)
		topo_view_fold(w, i, any_open);
}

void topo_view_left_right(struct topo_view *w, int dir)
{
	unsigned llc = topo_view_llc_of(w);
	int at = topo_view_line_of(w, w->cursor);
	const struct topo_line *l = &w->lines.v[at];
	unsigned col;

	if (w->cursor.kind == TOPO_NODE) {
		if (dir > 0)
			topo_view_step(w, 1);
		return;
	}
	if (w->cursor.kind == TOPO_LLC) {
		w->column = 0;
		if (w->folded[llc] == (dir > 0))
			topo_view_fold(w, llc, dir < 0);
		else
			topo_view_step(w, dir);
		return;
	}
	col = topo_view_column(w, l, w->cursor.index);
	if (dir > 0 && col + 1 < topo_view_columns(w, l))
		topo_view_item_of(w, at, col + 1, &w->cursor);
	else if (dir < 0 && col)
		topo_view_item_of(w, at, col - 1, &w->cursor);
	else if (dir < 0)
		w->cursor = (struct topo_item){TOPO_LLC, llc};
	topo_view_keep_column(w);
}

void topo_view_go_to(struct topo_view *w, bool bottom)
{
	struct topo_item item;

	for (size_t i = 0; i < w->lines.n; i++) {
		size_t k = bottom ? w->lines.n - 1 - i : i;

		if (!topo_view_item_of(w, (int)k, w->column, &item))
			continue;
		w->cursor = item;
		return;
	}
}
