#include "src/table/table.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"

/* ---- text ------------------------------------------------------------------------------------ */

/* A cell as text: its bytes, and how many terminal cells its widest line takes. Tables may be long:
 * where it starts is not kept. */
struct piece {
	uint32_t len;
	uint32_t width : 31;
	uint32_t tall : 1; /* of several lines */
};

/* A table while it is written. */
struct layout {
	const struct table *t;
	struct str all;	      /* every piece behind the other, each with a NUL behind it */
	struct piece *pieces; /* header first: pieces[row * ncolumns + column] */
	size_t *widths;	      /* of the columns */
	char **rest;	      /* of one row: what is left of its cells */
};

/* Cuts the first line off *rest and returns it; "" when nothing is left. */
static const char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line)
		return "";
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*rest = end;
	return line;
}

static size_t widest_line(const char *text)
{
	cleanup_free char *copy = xstrdup(text);
	size_t widest = 0;

	for (char *rest = copy; rest;) {
		size_t width = utf8_width(next_line(&rest));

		if (width > widest)
			widest = width;
	}
	return widest;
}

static struct piece format_piece(struct str *all, const struct cell *cell)
{
	size_t at = all->len, width;
	struct piece p;

	cell_format(cell, all);
	p.len = (uint32_t)(all->len - at);
	str_addc(all, '\0');
	p.tall = memchr(all->s + at, '\n', p.len) != NULL;
	width = p.tall ? widest_line(all->s + at) : utf8_width(all->s + at);
	p.width = width & INT32_MAX;
	return p;
}

static void format_all(struct layout *l)
{
	const struct column *columns = l->t->columns;
	struct arena *a = arena_new();
	struct piece *p = l->pieces;

	for (size_t r = 0; r <= l->t->nrows; r++)
		for (size_t c = 0; c < l->t->ncolumns; c++, p++) {
			struct cell cell = r ? columns[c].get(l->t->rows[r - 1], a)
					     : cell_text(columns[c].title);

			*p = format_piece(&l->all, &cell);
			if (p->width > l->widths[c])
				l->widths[c] = p->width;
		}
	arena_free(a);
}

/* One line of a cell, `len` bytes that take `taken` terminal cells. */
static void add_cell(const struct layout *l, size_t c, const char *text, size_t len, size_t taken,
	struct str *out)
{
	size_t pad = l->widths[c] - taken, lead = l->t->columns[c].right ? pad : 0;
	char *to = str_reserve(out, len + pad + 2);

	memset(to, ' ', lead + 1);
	memcpy(to + lead + 1, text, len);
	memset(to + lead + 1 + len, ' ', pad - lead + 1);
	out->len += len + pad + 2;
}

/* A row of cells is as many lines as its tallest cell; the others are blank there. */
static void add_tall_row(
	const struct layout *l, const struct piece *row, char *text, struct str *out)
{
	bool more = true;

	for (size_t c = 0; c < l->t->ncolumns; c++) {
		l->rest[c] = text;
		text += row[c].len + 1;
	}
	while (more) {
		more = false;
		for (size_t c = 0; c < l->t->ncolumns; c++) {
			const char *line = next_line(&l->rest[c]);

			add_cell(l, c, line, strlen(line), utf8_width(line), out);
			more |= l->rest[c] != NULL;
		}
		str_addc(out, '\n');
	}
}

static void add_flat_row(
	const struct layout *l, const struct piece *row, const char *text, struct str *out)
{
	for (size_t c = 0; c < l->t->ncolumns; c++) {
		add_cell(l, c, text, row[c].len, row[c].width, out);
		text += row[c].len + 1;
	}
	str_addc(out, '\n');
}

/* Returns the text of the next row. */
static char *add_row(const struct layout *l, const struct piece *row, char *text, struct str *out)
{
	bool tall = false;
	char *next = text;

	for (size_t c = 0; c < l->t->ncolumns; c++) {
		tall |= row[c].tall;
		next += row[c].len + 1;
	}
	if (tall)
		add_tall_row(l, row, text, out);
	else
		add_flat_row(l, row, text, out);
	return next;
}

static void add_rows(const struct layout *l, struct str *out)
{
	const size_t n = l->t->ncolumns;
	size_t line = 1;
	char *text = l->all.s;

	for (size_t c = 0; c < n; c++)
		line += l->widths[c] + 2;
	str_reserve(out, line * (l->t->nrows + 1));
	for (size_t r = 0; r <= l->t->nrows; r++)
		text = add_row(l, &l->pieces[r * n], text, out);
}

void table_text(const struct table *t, struct str *out)
{
	struct layout l = {
		.t = t,
		.all = STR_INIT,
		.pieces = xcalloc((t->nrows + 1) * t->ncolumns + 1, sizeof(*l.pieces)),
		.widths = xcalloc(t->ncolumns + 1, sizeof(*l.widths)),
		.rest = xcalloc(t->ncolumns + 1, sizeof(*l.rest)),
	};

	format_all(&l);
	add_rows(&l, out);
	str_release(&l.all);
	free(l.pieces);
	free(l.widths);
	free(l.rest);
}

/* 0 and 1: a yes or no; 2: another value; 3: none. */
static int news_of(const struct cell *c)
{
	return c->kind == CELL_ABSENT ? 3 : c->kind == CELL_BOOL ? c->yes : 2;
}

static bool tells(const struct table *t, size_t column, struct arena *a)
{
	int first = -1;

	for (size_t r = 0; r < t->nrows; r++) {
		struct cell c = t->columns[column].get(t->rows[r], a);
		int news = news_of(&c);

		if (news == 2 || (r && news != first))
			return true;
		first = news;
	}
	return false;
}

size_t table_telling_columns(const struct table *t, struct column *to)
{
	struct arena *a = arena_new();
	size_t n = 0;

	for (size_t c = 0; c < t->ncolumns; c++)
		if (tells(t, c, a))
			to[n++] = t->columns[c];
	arena_free(a);
	return n;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void row_json(const struct table *t, const void *row, struct arena *a, struct json_out *j)
{
	bool reasons = false;

	json_object(j);
	for (size_t c = 0; c < t->ncolumns; c++) {
		struct cell cell = t->columns[c].get(row, a);

		json_key(j, t->columns[c].id);
		cell_json(&cell, j);
	}
	for (size_t c = 0; c < t->ncolumns; c++) {
		struct cell cell = t->columns[c].get(row, a);

		if (cell.kind != CELL_ABSENT || !cell.why)
			continue;
		if (!reasons) {
			json_key(j, "_why");
			json_object(j);
			reasons = true;
		}
		json_key_str(j, t->columns[c].id, cell.why);
	}
	if (reasons)
		json_object_end(j);
	json_object_end(j);
}

void table_json(const struct table *t, struct json_out *j)
{
	struct arena *a = arena_new();

	json_array(j);
	for (size_t r = 0; r < t->nrows; r++)
		row_json(t, t->rows[r], a, j);
	json_array_end(j);
	arena_free(a);
}

/* ---- sort ------------------------------------------------------------------------------------ */

struct sort_key {
	struct cell cell;
	const void *row;
	size_t place; /* before the sort: keeps equal rows in order */
	bool descending;
};

static bool is_number(enum cell_kind kind)
{
	return kind == CELL_U64 || kind == CELL_I64 || kind == CELL_REAL || kind == CELL_BYTES;
}

/* long double holds every 64-bit integer exactly on x86-64; elsewhere equal kinds are compared
 * first. */
static long double number_of(const struct cell *c)
{
	if (c->kind == CELL_I64)
		return (long double)c->i64;
	if (c->kind == CELL_REAL)
		return (long double)c->real;
	return (long double)c->u64;
}

static int compare_sets(const struct cpuset *a, const struct cpuset *b)
{
	int x = cpuset_next(a, 0), y = cpuset_next(b, 0);

	while (x == y && x >= 0) {
		x = cpuset_next(a, x + 1);
		y = cpuset_next(b, y + 1);
	}
	return (x > y) - (x < y);
}

static int compare_cells(const struct cell *a, const struct cell *b)
{
	if (is_number(a->kind) && is_number(b->kind)) {
		if (a->kind == CELL_U64 && b->kind == CELL_U64)
			return (a->u64 > b->u64) - (a->u64 < b->u64);
		return (number_of(a) > number_of(b)) - (number_of(a) < number_of(b));
	}
	if (a->kind != b->kind)
		return (a->kind > b->kind) - (a->kind < b->kind);
	if (a->kind == CELL_TEXT)
		return strcmp(a->text ? a->text : "", b->text ? b->text : "");
	if (a->kind == CELL_SET)
		return compare_sets(a->set, b->set);
	return a->kind == CELL_BOOL ? a->yes - b->yes : 0;
}

static int compare_keys(const void *x, const void *y)
{
	const struct sort_key *a = x, *b = y;
	bool no_a = a->cell.kind == CELL_ABSENT, no_b = b->cell.kind == CELL_ABSENT;
	int order = no_a || no_b ? 0 : compare_cells(&a->cell, &b->cell);

	if (no_a != no_b)
		return no_a ? 1 : -1;
	if (order)
		return a->descending ? -order : order;
	return (a->place > b->place) - (a->place < b->place);
}

void table_sort(struct table *t, size_t column, bool descending)
{
	struct sort_key *keys;
	struct arena *a;

	if (column >= t->ncolumns || t->nrows < 2)
		return;
	keys = xcalloc(t->nrows, sizeof(*keys));
	a = arena_new();
	for (size_t r = 0; r < t->nrows; r++) {
		keys[r].cell = t->columns[column].get(t->rows[r], a);
		keys[r].row = t->rows[r];
		keys[r].place = r;
		keys[r].descending = descending;
	}
	qsort(keys, t->nrows, sizeof(*keys), compare_keys);
	for (size_t r = 0; r < t->nrows; r++)
		t->rows[r] = keys[r].row;
	arena_free(a);
	free(keys);
}
