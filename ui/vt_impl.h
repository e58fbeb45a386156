/* Inside of the terminal: what the files ui/vt_*.c share. */
#pragma once

#include "ui/vt.h"
#include "ui/vt_filter.h"
#include "ui/vt_grid.h"
#include "ui/vt_history.h"

/* Modes of libvterm that decide what a plain character does. */
struct vt_modes {
	bool origin, no_autowrap, margins, insert, newline;
	bool g0_graphic, other_set, single_shift; /* ASCII does not stand for itself */
	bool double_width;			  /* some row is or was */
	bool own_tabs;				  /* tab stops were set by hand */
	bool protect;				  /* DECSCA */
	int top, bottom;			  /* scroll region, bottom exclusive */
};

/* The last character put on the screen: combining characters and REP refer to it. */
struct vt_glyph {
	char utf8[4];
	int len; /* bytes; 0 = none since the last resize */
	int row, col, width;
	int marks;  /* combining characters that followed it */
	bool stale; /* libvterm did not see it */
};

enum { VT_MARKS_MAX = 5, VT_WIDTHS = 0x20000, VT_OUT_MAX = 64 * 1024 };

struct vt_engine; /* libvterm, in vt.c */

struct vt {
	struct vt_engine *engine;
	struct vt_filter filter;
	struct vt_grid primary, alt, *grid; /* grid: the one that is shown */
	struct vt_history *history;
	struct ui_cell *scratch; /* one row; owned */
	struct ui_style pen;	 /* VT_PROTECTED is not in it */
	int row, col;
	bool phantom; /* the cursor waits behind the last column for a character to wrap */
	struct vt_modes mode;
	struct vt_glyph glyph;
	bool behind;	    /* libvterm's cursor is not where ours is */
	bool usual;	    /* no mode that makes plain text special */
	bool plain;	    /* usual, and the fast path is wanted */
	bool fast;	    /* it is wanted (tests turn it off) */
	int muted;	    /* callbacks are ignored: we are only moving libvterm's state */
	bool text, vscroll; /* inside a character; it scrolled */
	bool reverse;	    /* DECSCNM */
	bool hidden;	    /* cursor */
	bool blink;
	int shape; /* of the cursor, DECSCUSR: 1 block, 2 underline, 3 bar */
	int mouse; /* 0 = the guest does not want it */
	int saved_row, saved_col;
	struct str title, out;
	unsigned bells;
	uint64_t generation;
	uint8_t widths[VT_WIDTHS / 4]; /* 2 bits a character: 0 not asked, else width + 1 */
};

/* ---- vt.c: libvterm */

/* Opens the library; what it gives is vt->engine, which vt_engine_open() starts. */
struct vt_engine *vt_engine_new(struct err *e);
void vt_engine_open(struct vt *vt, int rows, int cols);
void vt_engine_close(struct vt *vt);
void vt_engine_cursor(struct vt *vt, int *row, int *col);

/* Gives libvterm bytes as they are; its state decides what happens. */
void vt_engine_feed(struct vt *vt, const char *bytes, size_t n);
/* Cells that libvterm gives the character. */
int vt_engine_width(struct vt *vt, uint32_t cp);
void vt_engine_set_size(struct vt *vt, int rows, int cols);
/* How a blank looks that is erased with the present pen. */
struct ui_style vt_erase_style(const struct vt *vt);
/* The pen as an SGR sequence. */
void vt_engine_pen(struct vt *vt, struct str *out);
/* Text for the guest, in brackets where it asked for them. */
void vt_engine_paste(struct vt *vt, const char *text, size_t n);

/* ---- vt_term.c */

/* Bytes for the guest, until vt_take_output(); dropped when VT_OUT_MAX wait already. */
void vt_say(struct vt *vt, const char *bytes, size_t n);
/* As vt_engine_feed(), at most 255 bytes. */
void vt_engine_printf(struct vt *vt, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- vt_token.c: what the filter lets through */

extern const struct vt_sink vt_sink;
/* Puts libvterm's cursor where ours is. */
void vt_sync(struct vt *vt);
/* And makes it know the last character, which combining ones may follow. */
void vt_sync_glyph(struct vt *vt);

/* After a token that libvterm handled. keeps: a waiting cursor that it does not move goes on
 * waiting. */
void vt_follow_cursor(struct vt *vt, bool keeps);
void vt_save_cursor(struct vt *vt);
void vt_on_text(void *user, const char *utf8, size_t n);
/* ---- vt_csi.c */
void vt_on_csi(void *user, const struct vt_csi *c);

/* ---- vt_fast.c: what plain text does, without libvterm */

void vt_plain_changed(struct vt *vt);
/* True when it was done here. */
bool vt_fast_text(struct vt *vt, const char *utf8, size_t n, size_t *done);
bool vt_fast_control(struct vt *vt, unsigned char c);
bool vt_fast_erase_line(struct vt *vt, const struct vt_csi *c);
/* Rows that leave over the upper edge of the primary screen go to the history. */
void vt_scroll(struct vt *vt, struct ui_rect at, int down, int right);
const struct ui_cell *vt_shown_row(struct vt *vt, int row, int *n);
int vt_char_width(struct vt *vt, uint32_t cp);

/* ---- vt_resize.c */

/* Moves the screens and the history to a new size; our cursor and the saved one go along. */
void vt_reflow(struct vt *vt, int rows, int cols);
/* That, and libvterm with it. */
void vt_change_size(struct vt *vt, int rows, int cols);

/* For tests: off = every byte goes through libvterm, one at a time. */
void vt_set_fast(struct vt *vt, bool on);
