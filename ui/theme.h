/*
 * What a colour means. Panes name roles; the theme knows the terminal's number of colours (0, 8,
 * 16, 256). With none, meaning rests on attributes and text alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ui/canvas.h"

enum theme_role {
	THEME_TEXT,
	THEME_DIM,    /* labels, units, what is folded away */
	THEME_STRONG, /* identities: "LLC 0" */
	THEME_BORDER,
	THEME_BORDER_FOCUS,
	THEME_TITLE,
	THEME_TITLE_FOCUS,
	THEME_TITLE_INPUT, /* keys go to the guest */
	THEME_TAB,
	THEME_TAB_FOCUS,
	THEME_KEY,	     /* a key's name in the footer and the help */
	THEME_HINT,	     /* the word after it */
	THEME_SELECTED,	     /* the cursor's cell or row */
	THEME_SELECTED_IDLE, /* the same while the keys go elsewhere */
	THEME_MATCH,	     /* a search hit */
	THEME_GOOD,
	THEME_WARN,
	THEME_ALERT,
	THEME_BADGE, /* PAUSED, READ-ONLY */
	THEME_FIELD, /* text being edited */
	THEME_ROLES,
};

/* Characters outside ASCII have a twin in ASCII. */
struct glyphs {
	uint32_t h, v, tl, tr, bl, br;	     /* a frame */
	uint32_t fh, fv, ftl, ftr, fbl, fbr; /* the focused pane's */
	uint32_t open, closed;		     /* fold marks */
	uint32_t up, down;		     /* a column's order */
	uint32_t bar;			     /* a full cell of a bar */
	uint32_t level[9];		     /* 0 (idle) to 8 (full) */
	uint32_t more;			     /* cut text */
	uint32_t rule;			     /* between two groups of columns */
};

struct theme {
	int colours; /* 0, 8, 16, 256 */
	struct ui_style role[THEME_ROLES];
};

void theme_init(struct theme *t, int colours);
struct ui_style theme_style(const struct theme *t, enum theme_role role);
/* Cold to hot for 0..100; the number itself is always written too. */
struct ui_style theme_heat(const struct theme *t, double percent);
/* The i-th of a set of well-told-apart colours (nodes, kinds). */
struct ui_style theme_series(const struct theme *t, unsigned i);
/* a, with the background and attributes of `over` laid on it. */
struct ui_style theme_over(struct ui_style a, struct ui_style over);
/* The nearest colour that a terminal with so many colours can show. */
ui_color theme_reduce(ui_color c, int colours);

const struct glyphs *glyphs_get(bool ascii);
/* An ASCII character that looks most like cp: lines, blocks; else '?'. */
uint32_t glyph_ascii(uint32_t cp);
