#include "ui/canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

enum { SIDE_MAX = 1000 };

static const struct ui_cell blank = {.fg = UI_DEFAULT, .bg = UI_DEFAULT, .width = 1};

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

void canvas_init(struct canvas *c, int rows, int cols)
{
	*c = (struct canvas){0};
	canvas_resize(c, rows, cols);
}

void canvas_release(struct canvas *c)
{
	free(c->cells);
	*c = (struct canvas){0};
}

void canvas_resize(struct canvas *c, int rows, int cols)
{
	c->rows = clamp(rows, 1, SIDE_MAX);
	c->cols = clamp(cols, 1, SIDE_MAX);
	c->cells = xreallocarray(c->cells, (size_t)c->rows * (size_t)c->cols, sizeof(*c->cells));
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->rows * (size_t)c->cols;

	for (size_t i = 0; i < n; i++)
		c->cells[i] = blank;
	c->cursor_row = c->cursor_col = -1;
}

struct ui_cell *canvas_at(struct canvas *c, int row, int col)
{
	if (row < 0 || col < 0 || row >= c->rows || col >= c->cols)
		return NULL;
	return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

struct view view_of(struct canvas *c)
{
	return (struct view){c, {0, 0, c->rows, c->cols}};
}

struct view view_sub(struct view v, int row, int col, int rows, int cols)
{
	int top = clamp(row, 0, v.at.rows), left = clamp(col, 0, v.at.cols);
	int bottom = row + rows, right = col + cols;

	bottom = clamp(bottom, top, v.at.rows);
	right = clamp(right, left, v.at.cols);
	v.at = (struct ui_rect){v.at.row + top, v.at.col + left, bottom - top, right - left};
	return v;
}

/* The cell at a view's coordinates; NULL when clipped. */
static struct ui_cell *cell_at(struct view v, int row, int col)
{
	if (row < 0 || col < 0 || row >= v.at.rows || col >= v.at.cols)
		return NULL;
	return canvas_at(v.canvas, v.at.row + row, v.at.col + col);
}

/* Half of a wide character that is overwritten takes its other half with it. */
static void mend_halves(struct view v, int row, int col)
{
	int r = v.at.row + row, c = v.at.col + col;
	struct ui_cell *here = canvas_at(v.canvas, r, c), *other;

	if (!here || here->width == 1)
		return;
	other = canvas_at(v.canvas, r, here->width == 2 ? c + 1 : c - 1);
	if (other && other->width != 1) {
		memset(other->ch, 0, sizeof(other->ch));
		other->width = 1;
	}
	memset(here->ch, 0, sizeof(here->ch));
	here->width = 1;
}

static void put(struct view v, int row, int col, struct ui_style s, uint32_t ch, int width)
{
	struct ui_cell *c = cell_at(v, row, col), *right;

	if (!c)
		return;
	right = width == 2 ? cell_at(v, row, col + 1) : NULL;
	if (width == 2 && !right) /* half of it is clipped: a blank keeps the columns right */
		ch = 0;
	mend_halves(v, row, col);
	*c = (struct ui_cell){
		.ch = {ch}, .fg = s.fg, .bg = s.bg, .attr = s.attr, .width = right ? 2 : 1};
	if (!right)
		return;
	mend_halves(v, row, col + 1);
	*right = (struct ui_cell){.fg = s.fg, .bg = s.bg, .attr = s.attr, .width = 0};
}

static void combine(struct view v, int row, int col, uint32_t ch)
{
	struct ui_cell *c = cell_at(v, row, col);

	for (int i = 1; c && c->ch[0] && i < UI_CELL_CHARS; i++) {
		if (c->ch[i])
			continue;
		c->ch[i] = ch;
		return;
	}
}

/* One character off the front of *s, made harmless; its width, -1 at the end. */
static int next_char(const char **s, uint32_t *cp)
{
	int len;

	if (!**s)
		return -1;
	len = utf8_decode(*s, strnlen(*s, 4), cp);
	if (len <= 0) {
		*cp = 0xfffd;
		len = 1;
	}
	*s += len;
	if (*cp < 0x20 || (*cp >= 0x7f && *cp < 0xa0))
		*cp = '?';
	return utf8_char_width(*cp);
}

int view_text(struct view v, int row, int col, struct ui_style s, const char *text)
{
	uint32_t cp;
	int width, base = -1;

	while ((width = next_char(&text, &cp)) >= 0) {
		if (width == 0) {
			if (base >= 0)
				combine(v, row, base, cp);
			continue;
		}
		put(v, row, col, s, cp, width);
		base = col;
		col += width;
	}
	return col;
}

int view_field(struct view v, int row, int col, int width, struct ui_style s, const char *text)
{
	int end = col + (width > 0 ? width : 0), base = -1, w;
	size_t whole = utf8_width(text);
	bool cut = whole > (size_t)(end - col);
	uint32_t cp;

	while ((w = next_char(&text, &cp)) >= 0) {
		if (w == 0) {
			if (base >= 0)
				combine(v, row, base, cp);
			continue;
		}
		if (col + w > end - (cut ? 1 : 0))
			break;
		put(v, row, col, s, cp, w);
		base = col;
		col += w;
	}
	while (col < end) {
		put(v, row, col, s, cut && col == end - 1 ? '>' : 0, 1);
		col++;
	}
	return end;
}

int view_printf(struct view v, int row, int col, struct ui_style s, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return view_text(v, row, col, s, text);
}

void view_fill(struct view v, int row, int col, int rows, int cols, struct ui_style s, uint32_t ch)
{
	for (int r = row < 0 ? 0 : row; r < row + rows && r < v.at.rows; r++)
		for (int c = col < 0 ? 0 : col; c < col + cols && c < v.at.cols; c++)
			put(v, r, c, s, ch == ' ' ? 0 : ch, 1);
}

void view_restyle(struct view v, int row, int col, int cols, struct ui_style s)
{
	for (int c = col < 0 ? 0 : col; c < col + cols && c < v.at.cols; c++) {
		struct ui_cell *cell = cell_at(v, row, c);

		if (!cell)
			return;
		cell->fg = s.fg;
		cell->bg = s.bg;
		cell->attr = s.attr;
	}
}

void view_cell(struct view v, int row, int col, const struct ui_cell *cell)
{
	struct ui_style s = {cell->fg, cell->bg, cell->attr};
	struct ui_cell *c;

	if (cell->width == 0) /* drawn with the wide cell before it */
		return;
	put(v, row, col, s, cell->ch[0], cell->width);
	c = cell_at(v, row, col);
	if (c && c->ch[0])
		memcpy(c->ch, cell->ch, sizeof(c->ch));
}

void view_cursor(struct view v, int row, int col)
{
	if (!cell_at(v, row, col))
		return;
	v.canvas->cursor_row = v.at.row + row;
	v.canvas->cursor_col = v.at.col + col;
}

void canvas_line(const struct canvas *c, int row, struct str *out)
{
	size_t keep = out->len;
	char buf[4];

	if (row < 0 || row >= c->rows)
		return;
	for (int col = 0; col < c->cols; col++) {
		const struct ui_cell *cell = &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];

		if (cell->width == 0)
			continue;
		if (!cell->ch[0]) {
			str_addc(out, ' ');
			continue;
		}
		for (int i = 0; i < UI_CELL_CHARS && cell->ch[i]; i++)
			str_append(out, buf, (size_t)utf8_encode(cell->ch[i], buf));
		keep = cell->ch[0] == ' ' ? keep : out->len;
	}
	if (out->s) {
		out->len = keep;
		out->s[keep] = 0;
	}
}
