/*
 * What scrolled off the top: a ring of logical lines. A line is the rows of one paragraph joined
 * where the terminal had wrapped them, stored as text with runs of attributes, and cut into rows
 * again at whatever width is asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/cell.h"

struct vt_history;

struct vt_history *vt_history_new(size_t max_lines, int cols);
void vt_history_free(struct vt_history *h);
void vt_history_clear(struct vt_history *h);

/* A place in the text that survives a change of width. */
struct vt_mark {
	uint64_t line;	 /* counts up over the life of the history */
	uint32_t offset; /* cells from its beginning */
};

/*
 * Appends a row of n cells (trailing default blanks left out). cont: it goes on where the row
 * before it was full. *at, when not NULL, is where the row begins. `hold` keeps lines beyond the
 * maximum until vt_history_trim().
 */
void vt_history_push(struct vt_history *h, const struct ui_cell *cells, int n, bool cont, bool hold,
	struct vt_mark *at);
void vt_history_trim(struct vt_history *h);
void vt_history_set_cols(struct vt_history *h, int cols);

size_t vt_history_rows(const struct vt_history *h);
/* Number of the oldest row, counted over the life of the history at this width. */
uint64_t vt_history_first(const struct vt_history *h);
/* All `cols` cells of a row, blanks at its end included; returns how many come from the text. */
int vt_history_row(const struct vt_history *h, size_t row, struct ui_cell *out, bool *cont);
bool vt_history_cont(const struct vt_history *h, size_t row);
/* The row that shows a place, and the column in it (which may lie beyond the text). */
size_t vt_history_find(const struct vt_history *h, struct vt_mark m, uint32_t *col);
/* Keeps the first `rows` rows; the last line may become a shorter one that can be continued. */
void vt_history_cut(struct vt_history *h, size_t rows);
/* For tests: bytes held. */
size_t vt_history_bytes(const struct vt_history *h);
