/*
 * An off-screen grid of cells. Panes draw into it with clipping and nothing else; ui/tty_curses.c
 * copies it to the terminal, the batch renderer and the tests to text. Drawing outside is ignored,
 * so any size from 1x1 to 400x200 is safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"
#include "ui/cell.h"

struct ui_style {
	ui_color fg, bg;
	uint16_t attr;
};

struct ui_rect {
	int row, col, rows, cols;
};

struct canvas {
	int rows, cols;
	struct ui_cell *cells;	    /* rows x cols, row-major; owned */
	int cursor_row, cursor_col; /* where the terminal's cursor is put; -1 = hidden */
};

void canvas_init(struct canvas *c, int rows, int cols); /* clamped to 1..1000 */
void canvas_release(struct canvas *c);
void canvas_resize(struct canvas *c, int rows, int cols);
/* All blank, default colours, cursor hidden. */
void canvas_clear(struct canvas *c);
struct ui_cell *canvas_at(struct canvas *c, int row, int col); /* NULL outside */

/* A window onto a part of a canvas: coordinates are relative, output is clipped to it. */
struct view {
	struct canvas *canvas;
	struct ui_rect at; /* in canvas coordinates, already clipped to its parent */
};
struct view view_of(struct canvas *c);
struct view view_sub(struct view v, int row, int col, int rows, int cols);
/* UTF-8 text at (row, col); control and bad bytes are replaced. Returns the column after it. */
int view_text(struct view v, int row, int col, struct ui_style s, const char *text);
/* At most `width` cells, padded with blanks; cut text ends in '>' (ASCII) so that nothing is lost
 * silently. */
int view_field(struct view v, int row, int col, int width, struct ui_style s, const char *text);
int view_printf(struct view v, int row, int col, struct ui_style s, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void view_fill(struct view v, int row, int col, int rows, int cols, struct ui_style s, uint32_t ch);
void view_restyle(struct view v, int row, int col, int cols, struct ui_style s);
void view_cell(struct view v, int row, int col, const struct ui_cell *cell);
void view_cursor(struct view v, int row, int col);

/* The screen as lines of UTF-8, trailing blanks cut. */
void canvas_line(const struct canvas *c, int row, struct str *out);
