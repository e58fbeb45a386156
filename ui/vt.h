/*
 * A terminal emulator for one guest: bytes in, cells out. libvterm behind guards (it is not
 * memory-safe on hostile input or resizes by itself), a scrollback of logical lines that is
 * reflowed here, and a fast path for bulk plain text whose result equals libvterm fed byte by byte.
 * No I/O.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "ui/cell.h"

struct vt;

enum { VT_MIN_ROWS = 4, VT_MIN_COLS = 20, VT_SCROLLBACK = 10000 };

/* Size is clamped to at least VT_MIN_ROWS x VT_MIN_COLS, at most 1000 x 1000. NULL where libvterm,
 * which is opened on first use, is missing. */
struct vt *vt_new(int rows, int cols, size_t scrollback_lines, struct err *e);
void vt_free(struct vt *vt);
void vt_feed(struct vt *vt, const void *bytes, size_t n);
void vt_resize(struct vt *vt, int rows, int cols);

/* Bytes for the guest that keys, mouse and terminal queries produced; moves up to n of them out. */
size_t vt_take_output(struct vt *vt, void *bytes, size_t n);

enum vt_key {
	VT_KEY_NONE,
	VT_KEY_ENTER,
	VT_KEY_TAB,
	VT_KEY_BACKSPACE,
	VT_KEY_ESCAPE,
	VT_KEY_UP,
	VT_KEY_DOWN,
	VT_KEY_LEFT,
	VT_KEY_RIGHT,
	VT_KEY_INS,
	VT_KEY_DEL,
	VT_KEY_HOME,
	VT_KEY_END,
	VT_KEY_PGUP,
	VT_KEY_PGDN,
	VT_KEY_F1,
	VT_KEY_F12 = VT_KEY_F1 + 11,
};
enum vt_mod { VT_SHIFT = 1, VT_ALT = 2, VT_CTRL = 4 };
void vt_press_key(struct vt *vt, enum vt_key key, unsigned mods);
void vt_press_char(struct vt *vt, uint32_t cp, unsigned mods);
void vt_paste(
	struct vt *vt, const char *utf8, size_t n); /* bracketed where the guest asked for it */
void vt_mouse(struct vt *vt, int row, int col, int button, bool pressed,
	unsigned mods); /* 4, 5 = wheel */

int vt_rows(const struct vt *vt);
int vt_cols(const struct vt *vt);
/* A cell of the live screen; false outside. */
bool vt_cell(const struct vt *vt, int row, int col, struct ui_cell *out);
void vt_cursor(const struct vt *vt, int *row, int *col, bool *visible);
bool vt_alt_screen(const struct vt *vt);
bool vt_wants_mouse(const struct vt *vt);
const char *vt_title(const struct vt *vt);   /* sanitised, at most 80 characters */
unsigned vt_bells(const struct vt *vt);	     /* counts up */
uint64_t vt_generation(const struct vt *vt); /* changes whenever the picture may have */

/*
 * History and screen as one list of physical rows at the present width: 0 is the oldest row kept,
 * the last vt_rows() of them are the live screen.
 */
size_t vt_total_rows(const struct vt *vt);
/* Rows that have gone for good: a row's index plus this stays the same as long as the width does.
 */
uint64_t vt_rows_gone(const struct vt *vt);
/* Fills up to `cols` cells of row `row`; returns how many are not blank at its end. */
int vt_row(const struct vt *vt, size_t row, struct ui_cell *cells, int cols);
/* The row goes on where the one above it was full. */
bool vt_row_wrapped(const struct vt *vt, size_t row);
/* Text of a stretch, trailing blanks cut, wrapped rows joined, for copying. Positions are
 * inclusive. */
void vt_text(const struct vt *vt, size_t row0, int col0, size_t row1, int col1, struct str *out);
/* The next row that contains the text (smart case), from `from` in direction dir (+1 or -1); -1 =
 * none. */
long vt_search(const struct vt *vt, const char *text, size_t from, int dir, int *col);
/* Which of the row's columns belong to a match, also of one that began in a row above. */
bool vt_matches(const struct vt *vt, const char *text, size_t row, bool *hit, int cols);
void vt_clear_scrollback(struct vt *vt);
