#include "ui/vt_history.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "ui/vt_grid.h"
#include "ui/vt_line.h"

enum {
	LINE_MAX_BYTES = 256 * 1024, /* a paragraph beyond this is stored in pieces */
	TOTAL_MAX_BYTES = 64 << 20,  /* oldest lines go first, whatever their number */
	SPARE_BYTES = 4096,	     /* a reused buffer may be this much too large */
};

struct line {
	struct vt_line text;
	uint32_t rows;	/* at the present width */
	uint64_t first; /* number of its first row, counted over the life of the history */
	uint32_t tail;	/* cell at which the last row begins; kept for the newest line only */
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
	for (size_t i = 0; i < h->cap; i++)
		vt_line_release(&h->ring[i].text);
	free(h->ring);
	free(h);
}

static void drop_buffers(struct vt_history *h, struct line *l)
{
	h->bytes -= vt_line_bytes(&l->text);
	vt_line_release(&l->text);
}

void vt_history_clear(struct vt_history *h)
{
	for (size_t i = 0; i < h->cap; i++)
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
	if (vt_line_bytes(&l->text) > SPARE_BYTES)
		drop_buffers(h, l);
	vt_line_clear(&l->text);
	l->tail = 0;
	l->rows = 1;
	l->first = h->end++;
	l->piece = piece;
	return l;
}

/* Joins a row to the last line: the row before it is padded to the full width, except where one
 * column was left because a wide character did not fit. */
static uint32_t continue_line(
	struct vt_history *h, struct line *l, const struct ui_cell *cells, int n)
{
	static const struct ui_cell blank = {.fg = UI_DEFAULT, .bg = UI_DEFAULT, .width = 1};
	size_t before = vt_line_bytes(&l->text);
	uint32_t used = l->text.cells - l->tail, start;

	if (used < (uint32_t)h->cols &&
		!(used + 1 == (uint32_t)h->cols && n && cells[0].width == 2))
		vt_line_append_blanks(&l->text, (uint32_t)h->cols - used);
	start = l->text.cells;
	vt_line_append(&l->text, n ? cells : &blank, n ? n : 1);
	h->bytes += vt_line_bytes(&l->text) - before;
	l->tail = start;
	l->rows++;
	h->end++;
	return start;
}

static void fill_line(struct vt_history *h, struct line *l, const struct ui_cell *cells, int n)
{
	size_t before = vt_line_bytes(&l->text);

	vt_line_append(&l->text, cells, n);
	h->bytes += vt_line_bytes(&l->text) - before;
}

void vt_history_push(struct vt_history *h, const struct ui_cell *cells, int n, bool cont, bool hold,
	struct vt_mark *at)
{
	struct line *l = h->n ? last_line(h) : NULL;
	uint32_t start = 0;

	cont = cont && l && h->open;
	if (cont && l->text.text_len < LINE_MAX_BYTES) {
		start = continue_line(h, l, cells, n);
	} else {
		if (!hold && h->n && h->n >= h->max)
			drop_oldest(h);
		fill_line(h, new_line(h, cont), cells, n);
	}
	h->open = true;
	if (at)
		*at = (struct vt_mark){h->line0 + h->n - 1, start};
	if (!hold)
		vt_history_trim(h);
}

/* Where the last row of the newest line begins. */
static void find_tail(struct vt_history *h)
{
	struct line *l;

	if (!h->n)
		return;
	l = last_line(h);
	l->tail = vt_line_find_row(&l->text, h->cols, l->rows - 1).cell;
}

void vt_history_set_cols(struct vt_history *h, int cols)
{
	uint64_t row = h->n ? line_at(h, 0)->first : h->end;

	if (cols == h->cols)
		return;
	h->cols = cols;
	for (size_t i = 0; i < h->n; i++) {
		struct line *l = line_at(h, i);

		l->rows = vt_line_rows(&l->text, cols);
		l->first = row;
		row += l->rows;
	}
	h->end = row;
	find_tail(h);
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

int vt_history_row(const struct vt_history *h, size_t row, struct ui_cell *out, bool *cont)
{
	const struct line *l = line_of_row(h, &row);
	int used = 0;

	if (cont)
		*cont = l && (row > 0 || l->piece);
	if (l)
		used = vt_line_read_row(
			&l->text, vt_line_find_row(&l->text, h->cols, (uint32_t)row), h->cols, out);
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
	struct vt_line_spot s = {0}, next;

	if (m.line < h->line0 || m.line >= h->line0 + h->n) {
		*col = 0;
		return 0;
	}
	l = line_at(h, (size_t)(m.line - h->line0));
	for (;;) {
		if (s.row + 1 >= l->rows)
			break;
		next = s;
		vt_line_skip_row(&l->text, h->cols, &next);
		if (m.offset < next.cell)
			break;
		s = next;
	}
	*col = m.offset - s.cell;
	return (size_t)(l->first - line_at(h, 0)->first) + s.row;
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
			l->rows -= (uint32_t)(all - rows);
			vt_line_cut(&l->text, vt_line_find_row(&l->text, h->cols, l->rows));
			all = rows;
		}
	}
	h->open = h->n > 0;
	if (!h->n)
		return;
	h->end = last_line(h)->first + last_line(h)->rows;
	find_tail(h);
}

size_t vt_history_bytes(const struct vt_history *h)
{
	return h->bytes;
}
