/*
 * The one hand-over format between a model and what shows it: columns as rows of a const table,
 * cells that they make of a row. Text, JSON and sorting read it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/table/cell.h"

struct column {
	const char *id;	   /* JSON key, name in --columns: lower case, unique in its table */
	const char *title; /* header as text */
	const char *unit;  /* of the JSON value: "bytes", "ns"; NULL = a count or a name */
	const char *help;
	bool right; /* numbers stand right, names left */
	struct cell (*get)(const void *row, struct arena *a);
} __attribute__((designated_init));

struct table {
	const struct column *columns;
	size_t ncolumns;
	const void **rows; /* borrowed */
	size_t nrows;
};

/*
 * Borderless text: a column is as wide as its widest cell, one space before and one after each
 * cell, trailing padding kept (spec/host 2.2). Widths count terminal cells. No wrapping, no colour.
 */
void table_text(const struct table *t, struct str *out);
/* An array of objects, one key a column. Reasons of absent cells follow in one more key of their
 * row:
 * "_why": {"<column>": "<reason>"}. */
void table_json(const struct table *t, struct json_out *j);
/* Ids as the first line, then a line a row; absent cells are empty, sizes are in bytes. */
void table_csv(const struct table *t, struct str *out);
/* The columns that tell something, copied to `to` (room for t->ncolumns); returns their number. One
 * that is absent in every row, or the same yes or no in all of them, tells nothing. */
size_t table_telling_columns(const struct table *t, struct column *to);
/* Stable sort of t->rows by one column; absent cells come last in both directions. */
void table_sort(struct table *t, size_t column, bool descending);
