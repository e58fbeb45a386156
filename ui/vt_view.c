/* Reading: the live screen, and history and screen as one list of rows. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "src/base/utf8.h"
#include "ui/vt_impl.h"

static void finish(const struct vt *vt, struct ui_cell *c, bool live)
{
	c->attr &= (uint16_t)~VT_PROTECTED;
	if (live && vt->reverse)
		c->attr ^= UI_REVERSE;
}

bool vt_cell(const struct vt *vt, int row, int col, struct ui_cell *out)
{
	if (row < 0 || row >= vt->grid->rows || col < 0 || col >= vt->grid->cols)
		return false;
	vt_row_cell(vt->grid->row[row], col, vt->grid->cols, out);
	finish(vt, out, true);
	return true;
}

size_t vt_total_rows(const struct vt *vt)
{
	return vt_history_rows(vt->history) + (size_t)vt->grid->rows;
}

uint64_t vt_rows_gone(const struct vt *vt)
{
	return vt_history_first(vt->history);
}

/* All columns of a row; false when there is no such row. */
static bool read_row(const struct vt *vt, size_t row, struct ui_cell *out)
{
	size_t past = vt_history_rows(vt->history);
	bool live = row >= past;

	if (row >= past + (size_t)vt->grid->rows)
		return false;
	if (live)
		vt_row_read(vt->grid->row[row - past], out, vt->grid->cols);
	else
		vt_history_row(vt->history, row, out, NULL);
	for (int i = 0; i < vt->grid->cols; i++)
		finish(vt, &out[i], live);
	return true;
}

bool vt_row_wrapped(const struct vt *vt, size_t row)
{
	size_t past = vt_history_rows(vt->history);

	if (row < past)
		return vt_history_cont(vt->history, row);
	return row < vt_total_rows(vt) && row && vt->grid->row[row - past]->cont;
}

static bool is_blank(const struct ui_cell *c)
{
	return (c->ch[0] == 0 || c->ch[0] == ' ') && !c->ch[1] && c->bg == UI_DEFAULT &&
	       !(c->attr & (UI_REVERSE | UI_UNDERLINE | UI_STRIKE));
}

int vt_row(const struct vt *vt, size_t row, struct ui_cell *cells, int cols)
{
	int have = vt->grid->cols, used = have;
	struct ui_cell *all = xcalloc((size_t)have, sizeof(*all));

	if (!read_row(vt, row, all))
		used = 0;
	while (used && is_blank(&all[used - 1]))
		used--;
	if (used > cols)
		used = cols;
	memcpy(cells, all, (size_t)(cols < have ? cols : have) * sizeof(*all));
	for (int i = have; i < cols; i++)
		cells[i] = vt_blank(vt_default_style());
	free(all);
	return used;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Where a byte of a text came from. */
struct origin {
	uint32_t row, col; /* row relative to the text's first one */
};

struct joined {
	struct str text;
	VEC(struct origin) from; /* one a byte */
};

static void joined_release(struct joined *j)
{
	str_release(&j->text);
	free(j->from.v);
}

static void joined_clear(struct joined *j)
{
	str_clear(&j->text);
	j->from.n = 0;
}

static void add_char(struct joined *j, uint32_t cp, struct origin o)
{
	char buf[4];
	int n = utf8_encode(cp ? cp : ' ', buf);

	str_append(&j->text, buf, (size_t)n);
	for (int i = 0; i < n; i++)
		vec_push(&j->from, o);
}

static void add_cells(struct joined *j, const struct ui_cell *cells, int from, int to, uint32_t row)
{
	for (int i = from; i < to; i++) {
		struct origin o = {row, (uint32_t)i};

		if (!cells[i].width)
			continue;
		add_char(j, cells[i].ch[0], o);
		for (int k = 1; k < UI_CELL_CHARS && cells[i].ch[k]; k++)
			add_char(j, cells[i].ch[k], o);
	}
}

/* Columns of a row that are text: all of them when the next row goes on with it, but for the one
 * that a wide character left. */
static int text_cols(
	const struct vt *vt, size_t row, const struct ui_cell *cells, struct ui_cell *next)
{
	int n = vt->grid->cols;

	if (row + 1 < vt_total_rows(vt) && vt_row_wrapped(vt, row + 1)) {
		read_row(vt, row + 1, next);
		return n - (next[0].width == 2 && !cells[n - 1].ch[0] && cells[n - 1].width == 1);
	}
	while (n && (cells[n - 1].ch[0] == 0 || cells[n - 1].ch[0] == ' ') && cells[n - 1].width)
		n--;
	return n;
}

void vt_text(const struct vt *vt, size_t row0, int col0, size_t row1, int col1, struct str *out)
{
	int cols = vt->grid->cols;
	struct ui_cell *cells = xcalloc((size_t)cols * 2, sizeof(*cells));
	struct joined j = {0};

	for (size_t row = row0; row <= row1 && read_row(vt, row, cells); row++) {
		int to = text_cols(vt, row, cells, cells + cols);
		int from = row == row0 && col0 > 0 ? col0 : 0;

		if (row == row1 && col1 + 1 < to)
			to = col1 + 1;
		if (row > row0 && !vt_row_wrapped(vt, row))
			str_addc(&j.text, '\n');
		if (from && from < cols && !cells[from].width)
			from--;
		add_cells(&j, cells, from, to, 0);
	}
	str_append(out, str_get(&j.text), j.text.len);
	joined_release(&j);
	free(cells);
}

/* ---- search --------------------------------------------------------------------------------- */

static size_t first_row_of(const struct vt *vt, size_t row)
{
	while (row && vt_row_wrapped(vt, row))
		row--;
	return row;
}

/* The logical line that begins at `row`, or its rows up to `last`; returns the row after it. */
static size_t join_line(
	const struct vt *vt, size_t row, size_t last, struct ui_cell *cells, struct joined *j)
{
	size_t first = row, total = vt_total_rows(vt);

	joined_clear(j);
	do {
		read_row(vt, row, cells);
		add_cells(j, cells, 0, text_cols(vt, row, cells, cells + vt->grid->cols),
			(uint32_t)(row - first));
		row++;
	} while (row < total && row <= last && vt_row_wrapped(vt, row));
	return row;
}

struct needle {
	const char *text;
	size_t len;
	bool fold; /* smart case: capitals count only when there are some */
};

static struct needle needle_of(const char *text)
{
	struct needle n = {text, strlen(text), true};

	for (size_t i = 0; i < n.len;) {
		uint32_t cp = 0;
		int len = utf8_decode(text + i, n.len - i, &cp);

		if (len > 0 && iswupper((wint_t)cp))
			n.fold = false;
		i += len > 0 ? (size_t)len : 1;
	}
	return n;
}

static bool same_char(const struct needle *n, const char *a, const char *b, size_t left, int *len)
{
	uint32_t x = 0, y = 0;
	int la = utf8_decode(a, left, &x), lb = utf8_decode(b, strlen(b), &y);

	*len = la > 0 ? la : 1;
	if (la <= 0 || la != lb)
		return *a == *b && la == lb;
	return x == y || (n->fold && towlower((wint_t)x) == towlower((wint_t)y));
}

static bool match_at(const struct needle *n, const char *p, size_t left)
{
	const char *q = n->text;
	int len;

	while (*q) {
		if (!left || !same_char(n, p, q, left, &len))
			return false;
		p += len;
		q += len;
		left -= (size_t)len;
	}
	return true;
}

/* Byte of the first match from `at` on, or -1. */
static long find_from(const struct needle *n, const struct str *text, size_t at)
{
	unsigned char c0 = (unsigned char)n->text[0];
	bool ascii = c0 < 0x80;

	for (; at + n->len <= text->len; at++) {
		unsigned char c = (unsigned char)text->s[at];

		if (ascii && c != c0 && !(n->fold && tolower(c) == tolower(c0)))
			continue;
		if ((c & 0xc0) != 0x80 && match_at(n, text->s + at, text->len - at))
			return (long)at;
	}
	return -1;
}

/* In one logical line: the match nearest to `from` in the direction. */
static bool best_match(const struct needle *n, const struct joined *j, size_t line, size_t from,
	int dir, struct origin *best)
{
	bool found = false;
	long at = -1;

	while ((at = find_from(n, &j->text, (size_t)(at + 1))) >= 0) {
		struct origin o = j->from.v[at];

		if (dir > 0 && line + o.row >= from) {
			*best = o;
			return true;
		}
		/* Backwards the first match in the last row that has one. */
		if (dir < 0 && line + o.row <= from && (!found || o.row > best->row)) {
			*best = o;
			found = true;
		}
	}
	return found;
}

long vt_search(const struct vt *vt, const char *text, size_t from, int dir, int *col)
{
	struct needle n = needle_of(text);
	struct joined j = {0};
	size_t total = vt_total_rows(vt), row;
	struct ui_cell *cells;
	struct origin o;
	long result = -1;

	if (!n.len || from >= total)
		return -1;
	cells = xcalloc((size_t)vt->grid->cols * 2, sizeof(*cells));
	row = first_row_of(vt, from);
	for (;;) {
		size_t next = join_line(vt, row, total, cells, &j);

		if (best_match(&n, &j, row, from, dir, &o)) {
			result = (long)(row + o.row);
			if (col)
				*col = (int)o.col;
			break;
		}
		if (dir > 0 ? next >= total : row == 0)
			break;
		row = dir > 0 ? next : first_row_of(vt, row - 1);
	}
	joined_release(&j);
	free(cells);
	return result;
}

static void mark_match(
	const struct joined *j, size_t at, size_t len, size_t row, bool *hit, int cols)
{
	for (size_t i = at; i < at + len && i < j->from.n; i++)
		if (j->from.v[i].row == row && (int)j->from.v[i].col < cols)
			hit[j->from.v[i].col] = true;
}

bool vt_matches(const struct vt *vt, const char *text, size_t row, bool *hit, int cols)
{
	struct needle n = needle_of(text);
	struct joined j = {0};
	struct ui_cell *cells;
	size_t line, reach;
	long at = -1;
	bool any = false;

	memset(hit, 0, (size_t)cols * sizeof(*hit));
	if (!n.len || row >= vt_total_rows(vt))
		return false;
	cells = xcalloc((size_t)vt->grid->cols * 2, sizeof(*cells));
	/* As many rows around this one as a match can reach over. */
	reach = n.len / (size_t)vt->grid->cols + 1;
	for (line = row; line && row - line < reach && vt_row_wrapped(vt, line);)
		line--;
	join_line(vt, line, row + reach, cells, &j);
	while ((at = find_from(&n, &j.text, (size_t)(at + 1))) >= 0)
		mark_match(&j, (size_t)at, n.len, row - line, hit, cols);
	for (int i = 0; i < cols; i++)
		any |= hit[i];
	joined_release(&j);
	free(cells);
	return any;
}
