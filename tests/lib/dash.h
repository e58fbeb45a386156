/*
 * The dashboard without a terminal, for cmocka tests: keys go in, the canvas is looked at, and what
 * is not there fails the test with the screen printed. One pane, "the host pane", stands beside
 * whatever a test opens, so that the focus can be elsewhere; guests are booted by the real dialog.
 */
#pragma once

#include "src/base/loop.h"
#include "ui/app_state.h"

struct dash {
	struct loop *loop; /* owned, as are the next two */
	struct app *app;
	struct str copied; /* what was copied last */
	int bells;
};

/* To be ended by dash_close(). */
void dash_open(struct dash *d, int rows, int cols, bool readonly);
void dash_close(struct dash *d);
/* Lets the loop do what there is to do now, and draws. */
void dash_turn(struct dash *d);
/* Key names (ui/keys.h) parted by blanks; text as it is typed; a mouse report. Each takes a turn.
 */
void dash_keys(struct dash *d, const char *names);
void dash_type(struct dash *d, const char *text);
void dash_mouse(struct dash *d, enum ui_mouse what, int button, int row, int col);
/* One line of the screen, in place of what `out` holds. */
void dash_line(struct dash *d, int row, struct str *out);
/* Some line contains the text now, or none does. */
void dash_expect(struct dash *d, const char *text);
void dash_expect_not(struct dash *d, const char *text);
/* Until some line contains it: an event of the loop, a timer's included, must bring it. */
void dash_wait_for(struct dash *d, const char *text);
