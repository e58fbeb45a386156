/*
 * One logical line of the scrollback: text with runs of attributes, compact, and how it is cut into
 * rows of some width.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/canvas.h"

struct vt_run {
	uint32_t start; /* cell */
	struct ui_style style;
};

struct vt_line {
	unsigned char *text; /* owned; see vt_line.c */
	struct vt_run *runs; /* owned; cells before the first run have the default look */
	uint32_t text_len, text_cap, nruns, run_cap;
	uint32_t cells;
	bool simple; /* one byte a cell */
	bool wide;   /* some character is two cells wide */
};

/* A place at which a row begins. */
struct vt_line_spot {
	uint32_t row, cell, byte;
};

void vt_line_release(struct vt_line *l);
/* Empties without giving memory back. */
void vt_line_clear(struct vt_line *l);
size_t vt_line_bytes(const struct vt_line *l);
void vt_line_append(struct vt_line *l, const struct ui_cell *cells, int n);
void vt_line_append_blanks(struct vt_line *l, uint32_t n);

uint32_t vt_line_rows(const struct vt_line *l, int cols);
/* Moves over one row. A wide character that does not fit goes to the next one. */
void vt_line_skip_row(const struct vt_line *l, int cols, struct vt_line_spot *s);
struct vt_line_spot vt_line_find_row(const struct vt_line *l, int cols, uint32_t row);
/* The row that begins there; returns how many cells it has. */
int vt_line_read_row(const struct vt_line *l, struct vt_line_spot s, int cols, struct ui_cell *out);
/* Keeps what stands before it. */
void vt_line_cut(struct vt_line *l, struct vt_line_spot s);
