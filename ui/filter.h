/*
 * What the filter of a list lets through: terms parted by `|`, any of which may hold. A term is
 * part of any column, case does not count; `col:term` looks into one column, `re:expr` is an
 * extended regular expression; `!term` must not hold, whatever the others say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct filter;

struct filter_column {
	const char *name; /* as in "name:term" */
	const char *text;
};

/* NULL with a sentence when an expression is none. Blank text lets everything through. `names` are
 * the columns there will be. */
struct filter *filter_new(const char *text, const char *const *names, size_t nnames, struct err *e);
void filter_free(struct filter *f);
/* The same in place of *f, which becomes NULL with blank text; 0, or -errno with a sentence and *f
 * as it was. */
int filter_replace(struct filter **f, const char *text, const char *const *names, size_t nnames,
	struct err *e);
/* The words it was made of; "" without one. */
const char *filter_text(const struct filter *f);
/* f == NULL lets everything through. */
bool filter_lets(const struct filter *f, const struct filter_column *columns, size_t n);
