/*
 * The cells of one terminal screen. Rows are pointers, so that scrolling moves pointers; a row
 * knows how far it was written, so that a fresh one costs nothing. The right half of a wide
 * character is a cell of width 0; overwriting one half leaves the other alone here, and the reading
 * functions show such an orphan as a blank.
 */
#pragma once

#include <stdbool.h>

#include "ui/canvas.h"
#include "ui/cell.h"

/* Bit of ui_cell.attr that stays inside the terminal: DECSED and DECSEL spare the cell. */
enum { VT_PROTECTED = 1 << 15 };

struct vt_row {
	struct ui_cell *cells; /* owned, as many as the grid has columns */
	int len;	       /* cells before it were written */
	bool wide;	       /* a cell that is not one column wide may be among them */
	bool cont;	       /* goes on where the row above was full */
	struct ui_style fill;  /* look of the blank cells from len on */
};

struct vt_grid {
	int rows, cols;
	struct vt_row **row; /* owned */
};

static inline struct ui_style vt_default_style(void)
{
	return (struct ui_style){UI_DEFAULT, UI_DEFAULT, 0};
}
static inline bool vt_same_style(struct ui_style a, struct ui_style b)
{
	return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}
static inline struct ui_style vt_style_of(const struct ui_cell *c)
{
	return (struct ui_style){c->fg, c->bg, c->attr};
}
static inline struct ui_cell vt_blank(struct ui_style s)
{
	return (struct ui_cell){.fg = s.fg, .bg = s.bg, .attr = s.attr, .width = 1};
}

void vt_grid_init(struct vt_grid *g, int rows, int cols);
void vt_grid_release(struct vt_grid *g);
/* Keeps the upper left part. */
void vt_grid_crop(struct vt_grid *g, int rows, int cols);
/* Makes the first n cells of the row explicit. */
void vt_row_reach(struct vt_row *r, int n);
/* Blank with this look, and not a continuation. */
void vt_row_clear(struct vt_row *r, struct ui_style fill);
/* One character with its combining ones; outside is ignored, a half is clipped. */
void vt_grid_put(struct vt_grid *g, int row, int col, const struct ui_cell *cell);
/* Rows row0..row1-1, columns col0..col1-1, clipped. Selective spares protected cells. */
void vt_grid_erase(struct vt_grid *g, struct ui_rect at, struct ui_style fill, bool selective);
/* Content of the rectangle moves up by `down` and left by `right` (negative: the other way); what
 * is uncovered becomes blank. */
void vt_grid_scroll(
	struct vt_grid *g, struct ui_rect at, int down, int right, struct ui_style fill);

/* The row as it is shown, all `cols` cells: orphaned halves are blanks. */
void vt_row_read(const struct vt_row *r, struct ui_cell *out, int cols);
/* One cell of it. */
void vt_row_cell(const struct vt_row *r, int col, int cols, struct ui_cell *out);
/* Columns up to the last one that is not a default blank. */
int vt_row_used(const struct vt_row *r, int cols);
