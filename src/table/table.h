/*
 * The one hand-over format between a model and what shows it: columns as rows of a const table,
 * typed cells with presence. Text, JSON and sorting read it; nothing else knows how a cell looks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/cpuset.h"
#include "src/base/json_out.h"
#include "src/base/mem.h"
#include "src/base/str.h"

enum cell_kind {
	CELL_ABSENT, /* the kernel did not give it: "-" as text, null in JSON; `why` tells the
			reason */
	CELL_U64,
	CELL_I64,
	CELL_REAL,
	CELL_BOOL,
	CELL_TEXT,  /* may hold several lines parted by \n: one cell, several lines */
	CELL_BYTES, /* u64 with a binary prefix as text, bytes in JSON */
	CELL_SET,   /* cpulist as text, array of numbers in JSON */
	CELL_LIST,  /* numbers in their order: parted by blanks as text, array in JSON */
};

struct cell {
	enum cell_kind kind;
	union {
		uint64_t u64;
		int64_t i64;
		double real;
		bool yes;
		const char *text;	  /* borrowed from the model or the table's arena */
		const struct cpuset *set; /* borrowed */
		struct {
			const unsigned *v; /* borrowed */
			size_t n;
		} list;
	};
	const char *why;
};

#define cell_u64(v)	  ((struct cell){.kind = CELL_U64, .u64 = (v)})
#define cell_i64(v)	  ((struct cell){.kind = CELL_I64, .i64 = (v)})
#define cell_real(v)	  ((struct cell){.kind = CELL_REAL, .real = (v)})
#define cell_bool(v)	  ((struct cell){.kind = CELL_BOOL, .yes = (v)})
#define cell_text(v)	  ((struct cell){.kind = CELL_TEXT, .text = (v)})
#define cell_bytes(v)	  ((struct cell){.kind = CELL_BYTES, .u64 = (v)})
#define cell_set(v)	  ((struct cell){.kind = CELL_SET, .set = (v)})
#define cell_list(v_, n_) ((struct cell){.kind = CELL_LIST, .list = {(v_), (n_)}})
#define cell_absent(w)	  ((struct cell){.kind = CELL_ABSENT, .why = (w)})

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

/* The cell as a person reads it; appends. Foreign bytes in text are made safe to show. */
void cell_format(const struct cell *c, struct str *out);
/* The cell as a JSON value. A set or list stays on one line, whatever the writer's style. */
void cell_json(const struct cell *c, struct json_out *j);
/*
 * Borderless text: a column is as wide as its widest cell, one space before and one after each
 * cell, trailing padding kept (spec/host 2.2). Widths count terminal cells. No wrapping, no colour.
 */
void table_text(const struct table *t, struct str *out);
/* An array of objects, one key a column. Reasons of absent cells follow in one more key of their
 * row:
 * "_why": {"<column>": "<reason>"}. */
void table_json(const struct table *t, struct json_out *j);
/* The columns that tell something, copied to `to` (room for t->ncolumns); returns their number. One
 * that is absent in every row, or the same yes or no in all of them, tells nothing. */
size_t table_telling_columns(const struct table *t, struct column *to);
/* Stable sort of t->rows by one column; absent cells come last in both directions. */
void table_sort(struct table *t, size_t column, bool descending);
