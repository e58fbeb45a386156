/*
 * Plain text without libvterm: characters, line ends, tabs and the erasing of a line's rest act on
 * the cells right away. Afterwards libvterm's cursor is behind; it is moved only when something
 * comes that needs it (vt_sync). Colours go through libvterm always: they need no position.
 *
 * The rules are those of libvterm's state layer, its oddities included (a line feed on the last row
 * keeps the cursor waiting behind the last column); tests/unit/vt_property_test.c compares.
 */
#include <string.h>

#include "src/base/utf8.h"
#include "ui/vt_impl.h"

void vt_plain_changed(struct vt *vt)
{
	const struct vt_modes *m = &vt->mode;

	vt->usual = !m->origin && !m->no_autowrap && !m->margins && !m->insert && !m->newline &&
		    !m->g0_graphic && !m->other_set && !m->single_shift && !m->double_width;
	vt->plain = vt->fast && vt->usual;
}

int vt_char_width(struct vt *vt, uint32_t cp)
{
	unsigned shift = cp % 4 * 2, w;

	if (cp >= VT_WIDTHS)
		return vt_engine_width(vt, cp);
	w = vt->widths[cp / 4] >> shift & 3;
	if (!w) {
		w = (unsigned)vt_engine_width(vt, cp) + 1;
		vt->widths[cp / 4] |= (uint8_t)(w << shift);
	}
	return (int)w - 1;
}

/* The row as it is seen, in the scratch row; *n becomes the cells that matter. */
const struct ui_cell *vt_shown_row(struct vt *vt, int row, int *n)
{
	const struct vt_row *r = vt->grid->row[row];
	int cols = vt->grid->cols;

	*n = vt->reverse ? cols : vt_row_used(r, cols);
	vt_row_read(r, vt->scratch, cols);
	for (int i = 0; vt->reverse && i < cols; i++)
		vt->scratch[i].attr ^= UI_REVERSE;
	return vt->scratch;
}

static void push_row(struct vt *vt, int row)
{
	const struct vt_row *r = vt->grid->row[row];
	const struct ui_cell *cells = r->cells;
	int n = vt_row_used(r, vt->grid->cols);

	if (vt->reverse || r->wide || n > r->len)
		cells = vt_shown_row(vt, row, &n);
	vt_history_push(vt->history, cells, n, r->cont, false, NULL);
}

void vt_scroll(struct vt *vt, struct ui_rect at, int down, int right)
{
	struct vt_grid *g = vt->grid;

	/* As libvterm's screen layer does: not when the region is emptied as a whole. */
	if (g == &vt->primary && at.row == 0 && at.col == 0 && at.cols == g->cols && !right &&
		down > 0 && down < at.rows)
		for (int i = 0; i < down; i++)
			push_row(vt, i);
	vt_grid_scroll(g, at, down, right, vt_erase_style(vt));
}

/* True when a new row was begun. */
static bool line_feed(struct vt *vt)
{
	const struct vt_modes *m = &vt->mode;

	if (vt->row == m->bottom - 1) {
		vt_scroll(
			vt, (struct ui_rect){m->top, 0, m->bottom - m->top, vt->grid->cols}, 1, 0);
		return true;
	}
	if (vt->row >= vt->grid->rows - 1)
		return false;
	vt->row++;
	vt->phantom = false;
	return true;
}

static void wrap(struct vt *vt)
{
	if (line_feed(vt))
		vt->grid->row[vt->row]->cont = true;
	vt->col = 0;
	vt->phantom = false;
}

static void remember(struct vt *vt, const char *utf8, int len, int col, int width)
{
	vt->glyph = (struct vt_glyph){
		.len = len, .row = vt->row, .col = col, .width = width, .stale = true};
	memcpy(vt->glyph.utf8, utf8, (size_t)len);
	vt->behind = true;
}

static struct ui_cell pen_cell(const struct vt *vt)
{
	struct ui_cell c = vt_blank(vt->pen);

	if (vt->mode.protect)
		c.attr |= VT_PROTECTED;
	return c;
}

/* n characters of ASCII. */
static void put_ascii(struct vt *vt, const char *p, size_t n)
{
	struct ui_cell cell = pen_cell(vt);
	int cols = vt->grid->cols, at = 0;

	while (n) {
		struct vt_row *r;
		size_t m;

		if (vt->phantom)
			wrap(vt);
		r = vt->grid->row[vt->row];
		m = (size_t)(cols - vt->col);
		if (m > n)
			m = n;
		at = vt->col;
		vt_row_reach(r, at);
		for (size_t i = 0; i < m; i++) {
			cell.ch[0] = (unsigned char)p[i];
			r->cells[at + (int)i] = cell;
		}
		at += (int)m;
		if (at > r->len)
			r->len = at;
		vt->col = at < cols ? at : cols - 1;
		vt->phantom = at >= cols;
		p += m;
		n -= m;
	}
	remember(vt, p - 1, 1, at - 1, 1);
}

static void put_char(struct vt *vt, const char *p, int len, uint32_t cp, int width)
{
	struct ui_cell cell = pen_cell(vt);
	int cols = vt->grid->cols, at;

	if (vt->phantom || vt->col + width > cols)
		wrap(vt);
	at = vt->col;
	cell.ch[0] = cp;
	cell.width = (uint8_t)width;
	vt_grid_put(vt->grid, vt->row, at, &cell);
	if (at + width >= cols)
		vt->phantom = true;
	else
		vt->col = at + width;
	remember(vt, p, len, at, width);
}

bool vt_fast_text(struct vt *vt, const char *p, size_t n, size_t *done)
{
	size_t i = 0, k;

	*done = 0;
	if (!vt->plain)
		return false;
	while (i < n) {
		uint32_t cp = 0;
		int len, width;

		for (k = i; k < n && !(p[k] & 0x80); k++)
			;
		if (k > i)
			put_ascii(vt, p + i, k - i);
		i = *done = k;
		if (i == n)
			break;
		len = utf8_decode(p + i, n - i, &cp);
		width = vt_char_width(vt, cp);
		if (len <= 0 || width < 1)
			return false; /* a combining character */
		put_char(vt, p + i, len, cp, width);
		i = *done = i + (size_t)len;
	}
	return true;
}

static void move_to(struct vt *vt, int col)
{
	if (vt->col != col)
		vt->phantom = false;
	vt->col = col;
	vt->behind = true;
}

bool vt_fast_control(struct vt *vt, unsigned char c)
{
	int last = vt->grid->cols - 1;

	if (!vt->plain)
		return false;
	switch (c) {
	case '\n':
		line_feed(vt);
		vt->behind = true;
		return true;
	case '\r':
		move_to(vt, 0);
		return true;
	case '\b':
		move_to(vt, vt->col ? vt->col - 1 : 0);
		return true;
	case '\t':
		if (vt->mode.own_tabs)
			return false;
		if (vt->col < last)
			move_to(vt, (vt->col | 7) + 1 < last ? (vt->col | 7) + 1 : last);
		return true;
	default:
		return false;
	}
}

bool vt_fast_erase_line(struct vt *vt, const struct vt_csi *c)
{
	struct ui_rect at = {vt->row, 0, 1, vt->grid->cols};
	int what = c->arg[0] < 0 ? 0 : c->arg[0];

	if (!vt->plain || c->leader || c->intermed || what > 2)
		return false;
	if (what == 0) {
		at.col = vt->col;
		at.cols -= vt->col;
	} else if (what == 1) {
		at.cols = vt->col + 1;
	}
	vt_grid_erase(vt->grid, at, vt_erase_style(vt), false);
	return true;
}
