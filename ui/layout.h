/*
 * Where everything stands: a pure function of the screen's size and a few choices. No coordinate is
 * remembered anywhere else.
 */
#pragma once

#include <stdbool.h>

#include "ui/canvas.h"

enum { LAYOUT_PANES = 40 };

enum layout_mode {
	LAYOUT_AUTO,   /* by the size class */
	LAYOUT_SINGLE, /* the focused pane alone */
	LAYOUT_STACK,  /* topology and locks above, guest below */
	LAYOUT_BESIDE, /* host left, guest right */
	LAYOUT_QUAD,   /* topology and locks above, ctprof and guest below */
	LAYOUT_MODES,
};

/* Places of the grid, left to right and downwards; a pane's number is its place's and one more. One
 * that nobody has goes to its neighbour. */
enum layout_place { PLACE_TOPO, PLACE_LOCKS, PLACE_CTPROF, PLACE_GUEST, LAYOUT_PLACES };

/* Where the grid is split: between its rows, and between the panes of a row. */
enum layout_split { SPLIT_ROWS, SPLIT_COLS, LAYOUT_SPLITS };

struct layout_in {
	int rows, cols;
	int npanes;		  /* at most LAYOUT_PANES; in the tab bar's order */
	int focus;		  /* index */
	int place[LAYOUT_PLACES]; /* index of the pane that stands there, -1 = none */
	int host;		  /* index of the host pane used last, -1 = none */
	bool focus_is_guest;
	enum layout_mode mode;
	bool zoom;
	bool opened;		  /* on a screen too small for panes: one was opened anyway */
	int share[LAYOUT_SPLITS]; /* percent that what is above, or left, gets; 0 = the usual */
	int want_rows;		  /* rows that show all of the panes above, 0 = unknown */
};

struct layout_pane {
	bool visible, border;
	struct ui_rect frame;  /* with the border, where there is one */
	struct ui_rect inside; /* what the pane draws into */
};

struct layout {
	int size_class;		  /* 1 summaries, 2 one pane, 3 split, 4 large */
	enum layout_mode mode;	  /* in force; never LAYOUT_AUTO */
	int share[LAYOUT_SPLITS]; /* percent, 0 = there is no such split */
	/* Rows of the chrome; rows == 0 where there is none. */
	struct ui_rect tabs, title, message, footer;
	struct ui_rect summary; /* class 1: one line a pane */
	bool over; /* message and footer have no rows of their own: they cover the last ones when
		      there is something to say */
	struct layout_pane pane[LAYOUT_PANES];
};

void layout_compute(const struct layout_in *in, struct layout *out);
/* Class of a screen: the smaller one of its width's and its height's. */
int layout_class(int rows, int cols);
/* Columns that a pane of the upper row has where the panes of the grid stand in rows. */
int layout_upper_cols(const struct layout_in *in);
/* The next mode that looks different on this screen. */
enum layout_mode layout_next(const struct layout_in *in);
