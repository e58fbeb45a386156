#include "ui/vt_line.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "ui/vt_grid.h"

/*
 * The text of a line: UTF-8, one character a cell, with three bytes that UTF-8 does not use or
 * need: 0x00 is a cell that was never written, 0xfe announces a character two cells wide, 0xff one
 * that belongs to the cell before it.
 */
enum { CELL_BLANK = 0x00, CELL_WIDE = 0xfe, CELL_MORE = 0xff };

void vt_line_release(struct vt_line *l)
{
	free(l->text);
	free(l->runs);
	*l = (struct vt_line){0};
}

void vt_line_clear(struct vt_line *l)
{
	l->text_len = l->nruns = l->cells = 0;
	l->simple = true;
	l->wide = false;
}

size_t vt_line_bytes(const struct vt_line *l)
{
	return l->text_cap + l->run_cap * sizeof(struct vt_run);
}

/* Room for n more bytes. */
static unsigned char *text_room(struct vt_line *l, size_t n)
{
	if (l->text_len + n > l->text_cap) {
		uint32_t cap = (uint32_t)(l->text_len + n + (l->text_len ? l->text_len / 2 : 16));

		l->text = xreallocarray(l->text, cap, 1);
		l->text_cap = cap;
	}
	return l->text + l->text_len;
}

static void add_run(struct vt_line *l, uint32_t start, struct ui_style s)
{
	if (l->nruns == l->run_cap) {
		uint32_t cap = l->run_cap ? l->run_cap * 2 : 4;

		l->runs = xreallocarray(l->runs, cap, sizeof(struct vt_run));
		l->run_cap = cap;
	}
	l->runs[l->nruns++] = (struct vt_run){start, s};
}

static struct ui_style last_style(const struct vt_line *l)
{
	return l->nruns ? l->runs[l->nruns - 1].style : vt_default_style();
}

enum { CELL_BYTES_MAX = 1 + UI_CELL_CHARS * 5 };

static size_t encode_cell(struct vt_line *l, const struct ui_cell *c, unsigned char *to)
{
	unsigned char *p = to;

	l->simple = false;
	if (c->width == 2) {
		*p++ = CELL_WIDE;
		l->wide = true;
	}
	for (int i = 0; i < UI_CELL_CHARS && (!i || c->ch[i]); i++) {
		if (i)
			*p++ = CELL_MORE;
		if (!c->ch[i])
			*p++ = CELL_BLANK;
		else
			p += utf8_encode(c->ch[i], (char *)p);
	}
	return (size_t)(p - to);
}

void vt_line_append(struct vt_line *l, const struct ui_cell *cells, int n)
{
	struct ui_style style = last_style(l);
	unsigned char *p = text_room(l, (size_t)n + CELL_BYTES_MAX);
	unsigned char *end = l->text + l->text_cap - CELL_BYTES_MAX;

	for (int i = 0; i < n; i++) {
		const struct ui_cell *c = &cells[i];

		if (!c->width)
			continue;
		if (p > end) {
			l->text_len = (uint32_t)(p - l->text);
			p = text_room(l, (size_t)(n - i) * 2 + CELL_BYTES_MAX);
			end = l->text + l->text_cap - CELL_BYTES_MAX;
		}
		if (!vt_same_style(vt_style_of(c), style)) {
			style = vt_style_of(c);
			add_run(l, l->cells, style);
		}
		l->cells += c->width;
		if (c->ch[0] < 0x80 && !c->ch[1] && c->width == 1)
			*p++ = (unsigned char)c->ch[0];
		else
			p += encode_cell(l, c, p);
	}
	l->text_len = (uint32_t)(p - l->text);
}

void vt_line_append_blanks(struct vt_line *l, uint32_t n)
{
	if (!n)
		return;
	if (!vt_same_style(last_style(l), vt_default_style()))
		add_run(l, l->cells, vt_default_style());
	memset(text_room(l, n), CELL_BLANK, n);
	l->text_len += n;
	l->cells += n;
}

/* Walks the text: what stands at p takes up *width cells; returns where the next cell begins. */
static const unsigned char *next_cell(const unsigned char *p, const unsigned char *end, int *width)
{
	*width = 1;
	if (*p < 0x80)
		p++;
	else {
		if (*p == CELL_WIDE) {
			*width = 2;
			p++;
		}
		p += *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	}
	while (p < end && *p == CELL_MORE) {
		p++;
		p += *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	}
	return p;
}

void vt_line_skip_row(const struct vt_line *l, int cols, struct vt_line_spot *s)
{
	const unsigned char *p = l->text + s->byte, *end = l->text + l->text_len;
	int used = 0, w;

	while (p < end && used < cols) {
		const unsigned char *q = next_cell(p, end, &w);

		if (used + w > cols)
			break;
		used += w;
		p = q;
	}
	s->row++;
	s->cell += (uint32_t)used;
	s->byte = (uint32_t)(p - l->text);
}

struct vt_line_spot vt_line_find_row(const struct vt_line *l, int cols, uint32_t row)
{
	struct vt_line_spot s = {0};

	if (l->simple)
		return (struct vt_line_spot){row, row * (uint32_t)cols, row * (uint32_t)cols};
	while (s.row < row)
		vt_line_skip_row(l, cols, &s);
	return s;
}

uint32_t vt_line_rows(const struct vt_line *l, int cols)
{
	struct vt_line_spot s = {0};

	if (!l->wide)
		return l->cells ? (l->cells + (uint32_t)cols - 1) / (uint32_t)cols : 1;
	while (s.byte < l->text_len)
		vt_line_skip_row(l, cols, &s);
	return s.row ? s.row : 1;
}

static const unsigned char *decode_cell(
	const unsigned char *p, const unsigned char *end, struct ui_cell *c)
{
	const unsigned char *next;
	int width, n = 0;

	next = next_cell(p, end, &width);
	memset(c->ch, 0, sizeof(c->ch));
	c->width = (uint8_t)width;
	while (p < next) {
		uint32_t cp = 0;

		if (*p == CELL_WIDE || *p == CELL_MORE)
			p++;
		p += utf8_decode((const char *)p, (size_t)(next - p), &cp);
		if (n < UI_CELL_CHARS)
			c->ch[n++] = cp;
	}
	return next;
}

static void set_style(struct ui_cell *c, struct ui_style s)
{
	c->fg = s.fg;
	c->bg = s.bg;
	c->attr = s.attr;
}

/* Index of the run that holds from `cell` on; -1 = the default look. */
static long run_at(const struct vt_line *l, uint32_t cell)
{
	long lo = -1, hi = l->nruns;

	while (hi - lo > 1) {
		long mid = lo + (hi - lo) / 2;

		if (l->runs[mid].start <= cell)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int vt_line_read_row(const struct vt_line *l, struct vt_line_spot s, int cols, struct ui_cell *out)
{
	const unsigned char *p = l->text + s.byte, *end = l->text + l->text_len;
	long run = run_at(l, s.cell);
	int used = 0;

	while (p < end && used < cols) {
		struct ui_cell c;
		const unsigned char *q = decode_cell(p, end, &c);

		if (used + c.width > cols)
			break;
		while (run + 1 < (long)l->nruns &&
			l->runs[run + 1].start <= s.cell + (uint32_t)used)
			run++;
		set_style(&c, run < 0 ? vt_default_style() : l->runs[run].style);
		out[used++] = c;
		if (c.width == 2) {
			out[used] = vt_blank(vt_style_of(&c));
			out[used++].width = 0;
		}
		p = q;
	}
	return used;
}

void vt_line_cut(struct vt_line *l, struct vt_line_spot s)
{
	l->cells = s.cell;
	l->text_len = s.byte;
	while (l->nruns && l->runs[l->nruns - 1].start >= l->cells)
		l->nruns--;
}
