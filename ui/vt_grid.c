#include "ui/vt_grid.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

static struct vt_row *row_new(int cols)
{
	struct vt_row *r = xcalloc(1, sizeof(*r));

	r->cells = xmalloc((size_t)cols * sizeof(*r->cells));
	r->fill = vt_default_style();
	return r;
}

static void row_free(struct vt_row *r)
{
	if (r)
		free(r->cells);
	free(r);
}

void vt_grid_init(struct vt_grid *g, int rows, int cols)
{
	g->rows = rows;
	g->cols = cols;
	g->row = xcalloc((size_t)rows, sizeof(struct vt_row *));
	for (int i = 0; i < rows; i++)
		g->row[i] = row_new(cols);
}

void vt_grid_release(struct vt_grid *g)
{
	for (int i = 0; i < g->rows; i++)
		row_free(g->row[i]);
	free(g->row);
	*g = (struct vt_grid){0};
}

static void row_crop(struct vt_row *r, int cols)
{
	r->cells = xreallocarray(r->cells, (size_t)cols, sizeof(*r->cells));
	if (r->len > cols)
		r->len = cols;
}

void vt_grid_crop(struct vt_grid *g, int rows, int cols)
{
	for (int i = rows; i < g->rows; i++)
		row_free(g->row[i]);
	g->row = xreallocarray(g->row, (size_t)rows, sizeof(struct vt_row *));
	for (int i = 0; i < rows && i < g->rows; i++)
		row_crop(g->row[i], cols);
	for (int i = g->rows; i < rows; i++)
		g->row[i] = row_new(cols);
	g->rows = rows;
	g->cols = cols;
}

void vt_row_reach(struct vt_row *r, int n)
{
	struct ui_cell blank = vt_blank(r->fill);

	for (; r->len < n; r->len++)
		r->cells[r->len] = blank;
}

void vt_row_clear(struct vt_row *r, struct ui_style fill)
{
	r->len = 0;
	r->wide = false;
	r->cont = false;
	r->fill = fill;
}

void vt_grid_put(struct vt_grid *g, int row, int col, const struct ui_cell *cell)
{
	struct vt_row *r;

	if (row < 0 || row >= g->rows || col < 0 || col >= g->cols)
		return;
	r = g->row[row];
	vt_row_reach(r, col + 1);
	r->cells[col] = *cell;
	if (cell->width == 1)
		return;
	r->wide = true;
	if (col + 1 >= g->cols) {
		r->cells[col].width = 1;
		return;
	}
	vt_row_reach(r, col + 2);
	/* Its look stays that of the cell before, as in libvterm: seen when the left half goes. */
	memset(r->cells[col + 1].ch, 0, sizeof(r->cells[col + 1].ch));
	r->cells[col + 1].width = 0;
}

static void erase_cells(struct vt_row *r, int from, int to, struct ui_style fill, bool selective)
{
	struct ui_cell blank = vt_blank(fill);

	vt_row_reach(r, to);
	for (int i = from; i < to; i++)
		if (!selective || !(r->cells[i].attr & VT_PROTECTED))
			r->cells[i] = blank;
}

/* From a column to the end of the row: the row becomes shorter instead of being written. */
static void erase_tail(struct vt_row *r, int from, struct ui_style fill)
{
	if (from > r->len && !vt_same_style(r->fill, fill))
		vt_row_reach(r, from);
	if (from < r->len)
		r->len = from;
	r->fill = fill;
}

static struct ui_rect clip(const struct vt_grid *g, struct ui_rect at)
{
	int row1 = at.row + at.rows, col1 = at.col + at.cols;

	if (at.row < 0)
		at.row = 0;
	if (at.col < 0)
		at.col = 0;
	at.rows = (row1 > g->rows ? g->rows : row1) - at.row;
	at.cols = (col1 > g->cols ? g->cols : col1) - at.col;
	if (at.rows < 0)
		at.rows = 0;
	if (at.cols < 0)
		at.cols = 0;
	return at;
}

void vt_grid_erase(struct vt_grid *g, struct ui_rect at, struct ui_style fill, bool selective)
{
	bool to_end;

	at = clip(g, at);
	to_end = at.col + at.cols == g->cols && at.cols;
	for (int i = at.row; i < at.row + at.rows; i++) {
		struct vt_row *r = g->row[i];

		if (to_end && !selective)
			erase_tail(r, at.col, fill);
		else
			erase_cells(r, at.col, at.col + at.cols, fill, selective);
		/* A row whose end was erased has no continuation any more, and a row that was
		 * erased as a whole is none. */
		if (to_end && i + 1 < g->rows)
			g->row[i + 1]->cont = false;
		if (at.cols == g->cols)
			r->cont = false;
	}
}

static void swap_rows_up(struct vt_grid *g, int top, int bottom, int n, struct ui_style fill)
{
	struct vt_row *first;

	while (n--) {
		first = g->row[top];
		memmove(g->row + top, g->row + top + 1,
			(size_t)(bottom - top - 1) * sizeof(struct vt_row *));
		g->row[bottom - 1] = first;
		vt_row_clear(first, fill);
	}
}

static void swap_rows_down(struct vt_grid *g, int top, int bottom, int n, struct ui_style fill)
{
	struct vt_row *last;

	while (n--) {
		last = g->row[bottom - 1];
		memmove(g->row + top + 1, g->row + top,
			(size_t)(bottom - top - 1) * sizeof(struct vt_row *));
		g->row[top] = last;
		vt_row_clear(last, fill);
	}
}

/* Rows as a whole. A row that lost the one above it continues nothing; only what leaves over the
 * upper edge of the screen keeps its neighbour, in the history. */
static void scroll_rows(struct vt_grid *g, int top, int bottom, int down, struct ui_style fill)
{
	if (down > 0) {
		swap_rows_up(g, top, bottom, down, fill);
		if (top > 0)
			g->row[top]->cont = false;
	} else {
		swap_rows_down(g, top, bottom, -down, fill);
		if (top - down < bottom)
			g->row[top - down]->cont = false;
	}
	if (bottom < g->rows)
		g->row[bottom]->cont = false;
}

static void move_cells(struct vt_grid *g, struct ui_rect at, int to, int from, int right, int n)
{
	struct vt_row *dst = g->row[to], *src = g->row[from];
	int dst_col = right > 0 ? at.col : at.col - right;
	int src_col = right > 0 ? at.col + right : at.col;

	vt_row_reach(dst, at.col + at.cols);
	vt_row_reach(src, at.col + at.cols);
	memmove(dst->cells + dst_col, src->cells + src_col, (size_t)n * sizeof(struct ui_cell));
	dst->wide |= src->wide;
}

static void scroll_part(
	struct vt_grid *g, struct ui_rect at, int down, int right, struct ui_style fill)
{
	int n = at.cols - (right < 0 ? -right : right);
	int height = at.rows - (down < 0 ? -down : down);
	struct ui_rect gap = at;

	for (int i = 0; i < height; i++) {
		int k = down >= 0 ? i : height - 1 - i;
		int base = at.row + k;

		if (down >= 0)
			move_cells(g, at, base, base + down, right, n);
		else
			move_cells(g, at, base - down, base, right, n);
	}
	if (down) {
		gap.rows = at.rows - height;
		if (down > 0)
			gap.row = at.row + height;
	}
	if (right) {
		gap.cols = at.cols - n;
		if (right > 0)
			gap.col = at.col + n;
	}
	vt_grid_erase(g, gap, fill, false);
}

void vt_grid_scroll(struct vt_grid *g, struct ui_rect at, int down, int right, struct ui_style fill)
{
	at = clip(g, at);
	if (!at.rows || !at.cols || (!down && !right))
		return;
	if (down >= at.rows || -down >= at.rows || right >= at.cols || -right >= at.cols)
		vt_grid_erase(g, at, fill, false);
	else if (at.cols == g->cols && !right)
		scroll_rows(g, at.row, at.row + at.rows, down, fill);
	else
		scroll_part(g, at, down, right, fill);
}

static const struct ui_cell *raw_cell(const struct vt_row *r, int col, struct ui_cell *blank)
{
	if (col < r->len)
		return &r->cells[col];
	*blank = vt_blank(r->fill);
	return blank;
}

void vt_row_cell(const struct vt_row *r, int col, int cols, struct ui_cell *out)
{
	struct ui_cell tmp = {0}, blank;
	bool orphan = false;

	*out = *raw_cell(r, col, &blank);
	if (!r->wide)
		return;
	if (out->width == 0) {
		if (col)
			tmp = *raw_cell(r, col - 1, &blank);
		orphan = !col || tmp.width != 2;
	} else if (out->width == 2) {
		orphan = col + 1 >= cols || raw_cell(r, col + 1, &blank)->width != 0;
	}
	if (orphan) {
		*out = vt_blank(vt_style_of(out));
	} else if (out->width == 0) {
		*out = vt_blank(vt_style_of(&tmp));
		out->width = 0;
	}
}

void vt_row_read(const struct vt_row *r, struct ui_cell *out, int cols)
{
	struct ui_cell blank = vt_blank(r->fill);
	int n = r->len < cols ? r->len : cols;

	if (r->wide) {
		for (int i = 0; i < cols; i++)
			vt_row_cell(r, i, cols, &out[i]);
		return;
	}
	memcpy(out, r->cells, (size_t)n * sizeof(*out));
	for (int i = n; i < cols; i++)
		out[i] = blank;
}

int vt_row_used(const struct vt_row *r, int cols)
{
	int n = r->len < cols ? r->len : cols;

	if (!vt_same_style(r->fill, vt_default_style()))
		return cols;
	while (n && !r->cells[n - 1].ch[0] && r->cells[n - 1].width == 1 &&
		vt_same_style(vt_style_of(&r->cells[n - 1]), vt_default_style()))
		n--;
	return n;
}
