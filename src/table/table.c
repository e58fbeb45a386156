#include "src/table/table.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"

/* ---- text ------------------------------------------------------------------------------------ */

/* Every cell as text, header first: texts[row * ncolumns + column], all of them in one piece of
 * memory. */
static char **format_all(const struct table *t, struct str *all)
{
	size_t cells = (t->nrows + 1) * t->ncolumns;
	char **texts = xcalloc(cells + 1, sizeof(*texts));
	size_t *at = xcalloc(cells + 1, sizeof(*at));
	struct arena *a = arena_new();

	for (size_t i = 0; i < cells; i++) {
		size_t r = i / t->ncolumns, c = i % t->ncolumns;
		struct cell cell =
			r ? t->columns[c].get(t->rows[r - 1], a) : cell_text(t->columns[c].title);

		at[i] = all->len;
		cell_format(&cell, all);
		str_addc(all, '\0');
	}
	for (size_t i = 0; i < cells; i++)
		texts[i] = all->s + at[i];
	free(at);
	arena_free(a);
	return texts;
}

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
	size_t widest = 0;

	if (!strchr(text, '\n'))
		return utf8_width(text);
	for (;;) {
		size_t n = strcspn(text, "\n"), width;
		char *line = xstrndup(text, n);

		width = utf8_width(line);
		free(line);
		if (width > widest)
			widest = width;
		if (!text[n])
			return widest;
		text += n + 1;
	}
}

/* A line of a cell; `taken` is its own width. */
static void add_cell(struct str *out, const char *text, size_t taken, size_t width, bool right)
{
	size_t pad = width - taken;

	str_addc(out, ' ');
	if (right)
		str_repeat(out, ' ', pad);
	str_add(out, text);
	if (!right)
		str_repeat(out, ' ', pad);
	str_addc(out, ' ');
}

/* A table while it is written. */
struct layout {
	const struct table *t;
	char **texts;	/* of the cells, header first */
	size_t *taken;	/* their widths */
	size_t *widths; /* of the columns */
	char **rest;	/* of one row: what is left of its cells */
};

static bool has_lines(const struct layout *l, size_t first)
{
	for (size_t c = 0; c < l->t->ncolumns; c++)
		if (strchr(l->texts[first + c], '\n'))
			return true;
	return false;
}

/* A row of cells is as many lines as its tallest cell; the others are blank there. */
static void add_tall_row(const struct layout *l, size_t first, struct str *out)
{
	bool more = true;

	memcpy(l->rest, l->texts + first, l->t->ncolumns * sizeof(*l->rest));
	while (more) {
		more = false;
		for (size_t c = 0; c < l->t->ncolumns; c++) {
			const char *line = next_line(&l->rest[c]);

			add_cell(out, line, utf8_width(line), l->widths[c], l->t->columns[c].right);
			more |= l->rest[c] != NULL;
		}
		str_addc(out, '\n');
	}
}

static void add_row(const struct layout *l, size_t first, struct str *out)
{
	if (has_lines(l, first)) {
		add_tall_row(l, first, out);
		return;
	}
	for (size_t c = 0; c < l->t->ncolumns; c++)
		add_cell(out, l->texts[first + c], l->taken[first + c], l->widths[c],
			l->t->columns[c].right);
	str_addc(out, '\n');
}

void table_text(const struct table *t, struct str *out)
{
	const size_t cells = (t->nrows + 1) * t->ncolumns;
	cleanup_str struct str all = STR_INIT;
	struct layout l = {
		.t = t,
		.texts = format_all(t, &all),
		.taken = xcalloc(cells + 1, sizeof(*l.taken)),
		.widths = xcalloc(t->ncolumns + 1, sizeof(*l.widths)),
		.rest = xcalloc(t->ncolumns + 1, sizeof(*l.rest)),
	};

	for (size_t i = 0; i < cells; i++) {
		l.taken[i] = widest_line(l.texts[i]);
		if (l.taken[i] > l.widths[i % t->ncolumns])
			l.widths[i % t->ncolumns] = l.taken[i];
	}
	for (size_t i = 0; i < cells; i += t->ncolumns)
		add_row(&l, i, out);
	free(l.texts);
	free(l.taken);
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
