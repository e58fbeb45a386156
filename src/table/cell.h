/* A typed value that may be absent. Nothing else knows how one looks as text or JSON. */
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

/* The cell as a person reads it; appends. Foreign bytes in text are made safe to show. */
void cell_format(const struct cell *c, struct str *out);
/* The cell as a JSON value. A set or list stays on one line, whatever the writer's style. */
void cell_json(const struct cell *c, struct json_out *j);
/* One field as RFC 4180 quotes it; appends. */
void csv_field(struct str *out, const char *text);
