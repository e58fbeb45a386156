#include "ui/vt_history.h"

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

enum {
	LINE_MAX_BYTES = 256 * 1024, /* a paragraph beyond this is stored in pieces */
	TOTAL_MAX_BYTES = 64 << 20,  /* oldest lines go first, whatever their number */
	SPARE_BYTES = 4096,	     /* a reused buffer may be this much too large */
};

struct run {
	uint32_t start; /* cell */
	struct ui_style style;
};

struct line {
	unsigned char *text; /* owned */
	struct run *runs;    /* owned; cells before the first run have the default look */
	uint32_t text_len, text_cap, nruns, run_cap;
	uint32_t cells;
	uint32_t rows;	/* at the present width */
	uint64_t first; /* number of its first row, counted over the life of the history */
	uint32_t tail;	/* cell at which the last row begins; kept for the newest line only */
	bool simple;	/* one byte a cell */
	bool wide;	/* some character is two cells wide */
	bool piece;	/* goes on with the paragraph of the line before it */
};

struct vt_history {
	struct line *ring; /* `cap` places, `n` in use from `head` on */
	size_t head, n, cap, max;
	uint64_t line0; /* number of the oldest line */
	uint64_t end;	/* number of the row after the last one */
	size_t bytes;
	int cols;
	bool open; /* the row pushed next is the one below the last row here */
};

static struct line *line_at(const struct vt_history *h, size_t i)
{
	size_t k = h->head + i;

	return &h->ring[k >= h->cap ? k - h->cap : k];
}

static struct line *last_line(const struct vt_history *h)
{
	return line_at(h, h->n - 1);
}

struct vt_history *vt_history_new(size_t max_lines, int cols)
{
	struct vt_history *h = xcalloc(1, sizeof(*h));

	h->max = max_lines;
	h->cols = cols;
	return h;
}

void vt_history_free(struct vt_history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->cap; i++) {
		free(h->ring[i].text);
		free(h->ring[i].runs);
	}
	free(h->ring);
	free(h);
}

static void drop_buffers(struct vt_history *h, struct line *l)
{
	h->bytes -= l->text_cap + l->run_cap * sizeof(struct run);
	free(l->text);
	free(l->runs);
	*l = (struct line){0};
}

void vt_history_clear(struct vt_history *h)
{
	for (size_t i = 0; i < h->cap; i++)
		if (h->ring[i].text || h->ring[i].runs)
			drop_buffers(h, &h->ring[i]);
	h->line0 += h->n;
	h->head = h->n = 0;
	h->open = false;
}

static void drop_oldest(struct vt_history *h)
{
	h->head = h->head + 1 == h->cap ? 0 : h->head + 1;
	h->n--;
	h->line0++;
}

void vt_history_trim(struct vt_history *h)
{
	while (h->n > h->max)
		drop_oldest(h);
	while (h->n > 1 && h->bytes > TOTAL_MAX_BYTES) {
		drop_buffers(h, line_at(h, 0));
		drop_oldest(h);
	}
	if (!h->n)
		h->open = false;
}

static void grow_ring(struct vt_history *h)
{
	size_t cap = h->cap ? h->cap * 2 : 64;
	struct line *ring;

	/* Never larger than needed, so that the place of a dropped line is used again at once. */
	if (h->cap < h->max && cap > h->max)
		cap = h->max;
	ring = xcalloc(cap, sizeof(*ring));
	for (size_t i = 0; i < h->cap; i++)
		ring[i] = *line_at(h, i);
	free(h->ring);
	h->ring = ring;
	h->cap = cap;
	h->head = 0;
}

static struct line *new_line(struct vt_history *h, bool piece)
{
	struct line *l;

	if (h->n == h->cap)
		grow_ring(h);
	h->n++;
	l = last_line(h);
	if (l->text_cap > SPARE_BYTES || l->run_cap * sizeof(struct run) > SPARE_BYTES)
		drop_buffers(h, l);
	l->text_len = l->nruns = l->cells = l->tail = 0;
	l->rows = 1;
	l->first = h->end++;
	l->simple = true;
	l->wide = false;
	l->piece = piece;
	return l;
}

/* Room for n more bytes. */
static unsigned char *text_room(struct vt_history *h, struct line *l, size_t n)
{
	if (l->text_len + n > l->text_cap) {
		uint32_t cap = (uint32_t)(l->text_len + n + (l->text_len ? l->text_len / 2 : 16));

		h->bytes += cap - l->text_cap;
		l->text = xreallocarray(l->text, cap, 1);
		l->text_cap = cap;
	}
	return l->text + l->text_len;
}

static void add_run(struct vt_history *h, struct line *l, uint32_t start, struct ui_style s)
{
	if (l->nruns == l->run_cap) {
		uint32_t cap = l->run_cap ? l->run_cap * 2 : 4;

		h->bytes += (cap - l->run_cap) * sizeof(struct run);
		l->runs = xreallocarray(l->runs, cap, sizeof(struct run));
		l->run_cap = cap;
	}
	l->runs[l->nruns++] = (struct run){start, s};
}

static struct ui_style last_style(const struct line *l)
{
	return l->nruns ? l->runs[l->nruns - 1].style : vt_default_style();
}

enum { CELL_BYTES_MAX = 1 + UI_CELL_CHARS * 5 };

static size_t encode_cell(struct line *l, const struct ui_cell *c, unsigned char *to)
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

static void append_cells(struct vt_history *h, struct line *l, const struct ui_cell *cells, int n)
{
	struct ui_style style = last_style(l);
	unsigned char *p = text_room(h, l, (size_t)n + CELL_BYTES_MAX);
	unsigned char *end = l->text + l->text_cap - CELL_BYTES_MAX;

	for (int i = 0; i < n; i++) {
		const struct ui_cell *c = &cells[i];

		if (!c->width)
			continue;
		if (p > end) {
			l->text_len = (uint32_t)(p - l->text);
			p = text_room(h, l, (size_t)(n - i) * 2 + CELL_BYTES_MAX);
			end = l->text + l->text_cap - CELL_BYTES_MAX;
		}
		if (!vt_same_style(vt_style_of(c), style)) {
			style = vt_style_of(c);
			add_run(h, l, l->cells, style);
		}
		l->cells += c->width;
		if (c->ch[0] < 0x80 && !c->ch[1] && c->width == 1)
			*p++ = (unsigned char)c->ch[0];
		else
			p += encode_cell(l, c, p);
	}
	l->text_len = (uint32_t)(p - l->text);
}

static void append_blanks(struct vt_history *h, struct line *l, uint32_t n)
{
	if (!n)
		return;
	if (!vt_same_style(last_style(l), vt_default_style()))
		add_run(h, l, l->cells, vt_default_style());
	memset(text_room(h, l, n), CELL_BLANK, n);
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

/* A place in a line at which a row begins. */
struct spot {
	uint32_t row, cell, byte;
};

/* Moves over one row. A wide character that does not fit goes to the next one. */
static void skip_row(const struct line *l, int cols, struct spot *s)
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

static void find_row(const struct line *l, int cols, uint32_t row, struct spot *s)
{
	*s = (struct spot){0};
	if (l->simple) {
		*s = (struct spot){row, row * (uint32_t)cols, row * (uint32_t)cols};
		return;
	}
	while (s->row < row)
		skip_row(l, cols, s);
}

static uint32_t count_rows(const struct line *l, int cols)
{
	struct spot s = {0};

	if (!l->wide)
		return l->cells ? (l->cells + (uint32_t)cols - 1) / (uint32_t)cols : 1;
	while (s.byte < l->text_len)
		skip_row(l, cols, &s);
	return s.row ? s.row : 1;
}

/* First cell of the last row. */
static uint32_t find_tail(const struct line *l, int cols)
{
	struct spot s;

	find_row(l, cols, l->rows - 1, &s);
	return s.cell;
}

/* Joins a row to the last line: the row before it is padded to the full width, except where one
 * column was left because a wide character did not fit. */
static uint32_t continue_line(
	struct vt_history *h, struct line *l, const struct ui_cell *cells, int n)
{
	static const struct ui_cell blank = {.fg = UI_DEFAULT, .bg = UI_DEFAULT, .width = 1};
	uint32_t used = l->cells - l->tail, start;

	if (used < (uint32_t)h->cols &&
		!(used + 1 == (uint32_t)h->cols && n && cells[0].width == 2))
		append_blanks(h, l, (uint32_t)h->cols - used);
	start = l->cells;
	append_cells(h, l, n ? cells : &blank, n ? n : 1);
	l->tail = start;
	l->rows++;
	h->end++;
	return start;
}

void vt_history_push(struct vt_history *h, const struct ui_cell *cells, int n, bool cont, bool hold,
	struct vt_mark *at)
{
	struct line *l = h->n ? last_line(h) : NULL;
	uint32_t start = 0;

	cont = cont && l && h->open;
	if (cont && l->text_len < LINE_MAX_BYTES) {
		start = continue_line(h, l, cells, n);
	} else {
		l = NULL;
		if (!hold && h->n && h->n >= h->max)
			drop_oldest(h);
		l = new_line(h, cont);
		append_cells(h, l, cells, n);
	}
	h->open = true;
	if (at)
		*at = (struct vt_mark){h->line0 + h->n - 1, start};
	if (!hold)
		vt_history_trim(h);
}

void vt_history_set_cols(struct vt_history *h, int cols)
{
	uint64_t row = h->n ? line_at(h, 0)->first : h->end;

	if (cols == h->cols)
		return;
	h->cols = cols;
	for (size_t i = 0; i < h->n; i++) {
		struct line *l = line_at(h, i);

		l->rows = count_rows(l, cols);
		l->first = row;
		row += l->rows;
	}
	h->end = row;
	if (h->n)
		last_line(h)->tail = find_tail(last_line(h), cols);
}

size_t vt_history_rows(const struct vt_history *h)
{
	return h->n ? (size_t)(h->end - line_at(h, 0)->first) : 0;
}

uint64_t vt_history_first(const struct vt_history *h)
{
	return h->n ? line_at(h, 0)->first : h->end;
}

/* The line that has this row; *row becomes the row in it. */
static const struct line *line_of_row(const struct vt_history *h, size_t *row)
{
	size_t lo = 0, hi = h->n;
	uint64_t want;

	if (*row >= vt_history_rows(h))
		return NULL;
	want = line_at(h, 0)->first + *row;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (line_at(h, mid)->first <= want)
			lo = mid;
		else
			hi = mid;
	}
	*row = (size_t)(want - line_at(h, lo)->first);
	return line_at(h, lo);
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
static long run_at(const struct line *l, uint32_t cell)
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

static int decode_row(const struct line *l, struct spot s, int cols, struct ui_cell *out)
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

int vt_history_row(const struct vt_history *h, size_t row, struct ui_cell *out, bool *cont)
{
	const struct line *l = line_of_row(h, &row);
	struct spot s;
	int used = 0;

	if (cont)
		*cont = l && (row > 0 || l->piece);
	if (l) {
		find_row(l, h->cols, (uint32_t)row, &s);
		used = decode_row(l, s, h->cols, out);
	}
	for (int i = used; i < h->cols; i++)
		out[i] = vt_blank(vt_default_style());
	return used;
}

bool vt_history_cont(const struct vt_history *h, size_t row)
{
	const struct line *l = line_of_row(h, &row);

	return l && (row > 0 || l->piece);
}

size_t vt_history_find(const struct vt_history *h, struct vt_mark m, uint32_t *col)
{
	const struct line *l;
	struct spot s = {0}, next;

	if (m.line < h->line0 || m.line >= h->line0 + h->n) {
		*col = 0;
		return 0;
	}
	l = line_at(h, (size_t)(m.line - h->line0));
	for (;;) {
		if (s.row + 1 >= l->rows)
			break;
		next = s;
		skip_row(l, h->cols, &next);
		if (m.offset < next.cell)
			break;
		s = next;
	}
	*col = m.offset - s.cell;
	return (size_t)(l->first - line_at(h, 0)->first) + s.row;
}

static void cut_line(struct vt_history *h, struct line *l, uint32_t rows)
{
	struct spot s;

	find_row(l, h->cols, rows, &s);
	l->cells = s.cell;
	l->text_len = s.byte;
	l->rows = rows;
	while (l->nruns && l->runs[l->nruns - 1].start >= l->cells)
		l->nruns--;
}

void vt_history_cut(struct vt_history *h, size_t rows)
{
	size_t all = vt_history_rows(h);

	if (rows >= all)
		return;
	while (all > rows) {
		struct line *l = last_line(h);

		if (all - l->rows >= rows) {
			all -= l->rows;
			h->n--;
		} else {
			cut_line(h, l, l->rows - (uint32_t)(all - rows));
			all = rows;
		}
	}
	h->open = h->n > 0;
	if (!h->n)
		return;
	h->end = last_line(h)->first + last_line(h)->rows;
	last_line(h)->tail = find_tail(last_line(h), h->cols);
}

size_t vt_history_bytes(const struct vt_history *h)
{
	return h->bytes;
}
