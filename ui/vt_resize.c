/*
 * Changing the size. libvterm keeps positions that a smaller screen makes invalid (the saved
 * cursor, margins, the place of the last character) and uses them unchecked, so it is walked
 * through a change with everything reset and put back afterwards. The text is not its business: the
 * primary screen and the scrollback are one list of logical lines, cut again at the new width.
 */
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "ui/vt_impl.h"

/* A position that goes along with the text. */
struct anchor {
	int *row, *col;
	bool behind; /* the cursor waits behind this cell */
	struct vt_mark mark;
	size_t at; /* row in the new list */
	uint32_t at_col;
	bool set;
};

/* Rows that count: up to the last one with something in it, or the cursor's. */
static int content_rows(const struct vt_grid *g, int cursor_row)
{
	int n = g->rows;

	while (n > cursor_row + 1 && !vt_row_used(g->row[n - 1], g->cols))
		n--;
	return n;
}

static void push_all(struct vt *vt, int rows, struct anchor *a, size_t n, struct vt_mark *top)
{
	struct vt_grid *g = &vt->primary;

	for (int row = 0; row < rows; row++) {
		struct vt_mark at;
		int used = vt_row_used(g->row[row], g->cols);

		vt_row_read(g->row[row], vt->scratch, g->cols);
		vt_history_push(vt->history, vt->scratch, used, g->row[row]->cont, true, &at);
		if (!row)
			*top = at;
		for (size_t i = 0; i < n; i++)
			if (*a[i].row == row) {
				a[i].mark = at;
				a[i].mark.offset += (uint32_t)*a[i].col;
				a[i].set = true;
			}
	}
}

/* Fills the primary screen with the last k rows of the list. */
static void pull_rows(struct vt *vt, size_t first, int k)
{
	struct vt_grid *g = &vt->primary;

	for (int i = 0; i < k; i++) {
		struct vt_row *r = g->row[i];
		bool cont;
		int n = vt_history_row(vt->history, first + (size_t)i, r->cells, &cont);

		vt_row_clear(r, vt_default_style());
		r->len = n;
		r->cont = cont;
		for (int c = 0; c < n; c++)
			r->wide |= r->cells[c].width != 1;
	}
	vt_history_cut(vt->history, first);
	vt_history_trim(vt->history);
}

static void place(struct anchor *a, size_t first, int rows, int cols)
{
	if (!a->set)
		return;
	*a->row = a->at < first ? 0 : (int)(a->at - first);
	if (*a->row >= rows)
		*a->row = rows - 1;
	*a->col = a->at_col >= (uint32_t)cols ? cols - 1 : (int)a->at_col;
}

static void reflow_primary(struct vt *vt, int rows, int cols, struct anchor *a, size_t n)
{
	struct vt_grid *g = &vt->primary;
	int old_rows = g->rows, content = content_rows(g, *a[0].row), k;
	struct vt_mark top = {0};
	size_t total, here, first;
	uint32_t col;

	push_all(vt, content, a, n, &top);
	vt_history_set_cols(vt->history, cols);
	for (size_t i = 0; i < n; i++)
		if (a[i].set)
			a[i].at = vt_history_find(vt->history, a[i].mark, &a[i].at_col);
	total = vt_history_rows(vt->history);
	here = total - vt_history_find(vt->history, top, &col);
	/* A taller screen shows rows of the scrollback again; one that was full stays full. */
	if (content == old_rows)
		here = (size_t)rows;
	else if (rows > old_rows)
		here += (size_t)(rows - old_rows);
	k = here < (size_t)rows ? (int)here : rows;
	if ((size_t)k > total)
		k = (int)total;
	first = total - (size_t)k;
	vt_grid_release(g);
	vt_grid_init(g, rows, cols);
	pull_rows(vt, first, k);
	for (size_t i = 0; i < n; i++)
		place(&a[i], first, rows, cols);
}

void vt_reflow(struct vt *vt, int rows, int cols)
{
	bool alt = vt->grid == &vt->alt;
	struct anchor a[2] = {
		{.row = alt ? &vt->saved_row : &vt->row, .col = alt ? &vt->saved_col : &vt->col},
		{.row = &vt->saved_row, .col = &vt->saved_col},
	};

	free(vt->scratch);
	vt->scratch = xcalloc(
		(size_t)(cols > vt->primary.cols ? cols : vt->primary.cols), sizeof(*vt->scratch));
	reflow_primary(vt, rows, cols, a, alt ? 1 : 2);
	vt_grid_crop(&vt->alt, rows, cols);
	if (alt && vt->row >= rows)
		vt->row = rows - 1;
	if (alt && vt->col >= cols)
		vt->col = cols - 1;
	if (vt->saved_row >= rows)
		vt->saved_row = rows - 1;
	if (vt->saved_col >= cols)
		vt->saved_col = cols - 1;
}

/* A cursor that waited behind the last column: behind its character in the new picture. */
static void settle_phantom(struct vt *vt)
{
	const struct vt_row *r = vt->grid->row[vt->row];
	struct ui_cell c;
	int cols = vt->grid->cols;

	if (!vt->phantom)
		return;
	vt_row_cell(r, vt->col, cols, &c);
	vt->phantom = false;
	if (vt->col + (c.width ? c.width : 1) < cols) {
		vt->col += c.width ? c.width : 1;
		return;
	}
	if (!vt->usual || !c.width || c.ch[0] < 0x20)
		return;
	vt->glyph =
		(struct vt_glyph){.row = vt->row, .col = vt->col, .width = c.width, .stale = true};
	vt->glyph.len = utf8_encode(c.ch[0], vt->glyph.utf8);
	vt->phantom = true;
}

static void restore_props(struct vt *vt, bool hidden, bool blink, int shape)
{
	vt_engine_printf(vt, "\x1b[?25%c\x1b[%d q", hidden ? 'l' : 'h',
		shape == 3   ? 6 - blink
		: shape == 2 ? 4 - blink
			     : 2 - blink);
}

void vt_change_size(struct vt *vt, int rows, int cols)
{
	/* CAN; then no margins (which also makes all rows single width), no origin mode, no
	 * region. */
	static const char reset[] = "\x18\x1b[?69h\x1b[?69l\x1b[?6l\x1b[s\x1b[r";
	cleanup_str struct str pen = STR_INIT;

	vt->muted++;
	vt_engine_pen(vt, &pen);
	vt_engine_feed(vt,
		"\x1b"
		"8",
		2); /* the saved pen, while its position is still valid */
	vt_engine_feed(vt, reset, sizeof(reset) - 1);
	vt_reflow(vt, rows, cols);
	vt_engine_set_size(vt, rows, cols);
	/* The character at home takes the place of the last one, whose position may be gone. */
	vt_engine_feed(vt, "\x1b[H ", 4);
	vt_engine_printf(vt,
		"\x1b[%d;%dH\x1b"
		"7",
		vt->saved_row + 1, vt->saved_col + 1);
	vt_engine_feed(vt, str_get(&pen), pen.len);
	restore_props(vt, vt->hidden, vt->blink, vt->shape);
	if (vt->mode.origin)
		vt_engine_feed(vt, "\x1b[?6h", 5);
	if (vt->mode.margins)
		vt_engine_feed(vt, "\x1b[?69h", 6);
	vt->muted--;
	vt->mode.top = 0;
	vt->mode.bottom = rows;
	vt->mode.double_width = false;
	vt->glyph = (struct vt_glyph){0};
	vt_plain_changed(vt);
	settle_phantom(vt);
	vt->behind = true;
	vt_sync(vt);
}
