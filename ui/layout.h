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
	LAYOUT_STACK,  /* host above, guest below */
	LAYOUT_BESIDE, /* host left, guest right */
	LAYOUT_MODES,
};

struct layout_in {
	int rows, cols;
	int npanes; /* at most LAYOUT_PANES; in the tab bar's order */
	int focus;  /* index */
	int guest;  /* index of the guest that shares the screen, -1 = none */
	int host;   /* index of the host pane that does, -1 = none */
	bool focus_is_guest;
	enum layout_mode mode;
	bool zoom;
	bool opened;   /* on a screen too small for panes: one was opened anyway */
	int share;     /* percent of the split that the host pane gets, 0 = the usual */
	int want_rows; /* rows that show all of the host pane, 0 = unknown */
};

struct layout_pane {
	bool visible, border;
	struct ui_rect frame;  /* with the border, where there is one */
	struct ui_rect inside; /* what the pane draws into */
};

struct layout {
	int size_class; /* 1 summaries, 2 one pane, 3 split, 4 large */
	bool split;
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
/* The next mode that looks different on this screen. */
enum layout_mode layout_next(const struct layout_in *in);
