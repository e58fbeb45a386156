/*
 * The real program on a pseudo-terminal, its screen read by libvterm. Nothing here waits for time:
 * the program says on KTSTR_SYNC_FD which input bytes it has handled and which frame that gave, and
 * marks the frame's end in its output. Every wait has a bound, and what is not seen by then fails
 * the test with the screen printed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "src/base/str.h"

struct tui;

struct tui_options {
	int rows, cols; /* 0 = 24 x 80 */
	/* NULL = tmux-256color. Not xterm: its terminfo has `rep`, after which libvterm 0.1.4 takes
	 * the last column but one for the last. */
	const char *term;
	const char *const *args; /* after the program's name; NULL-terminated, may be NULL */
	const char *const *env; /* NAME=VALUE besides the clean few; NULL-terminated, may be NULL */
	bool job;		/* below a parent that handles stops, as a shell does */
};

/* Starts $KTSTR and waits for its first frame. */
struct tui *tui_start(const struct tui_options *o);
/* Kills what still runs. */
void tui_free(struct tui *t);

/* Key names (ui/keys.h) parted by blanks, then waits until they are handled and drawn. */
void tui_keys(struct tui *t, const char *names);
/* Raw bytes, then waits likewise. */
void tui_type(struct tui *t, const char *bytes);
void tui_send(struct tui *t, const void *bytes, size_t n); /* does not wait */
/* Until everything sent is handled, drawn and read. */
void tui_settle(struct tui *t);
void tui_resize(struct tui *t, int rows, int cols);
/* Until some line contains the text (expect), or none does (expect_not). */
void tui_expect(struct tui *t, const char *text);
void tui_expect_not(struct tui *t, const char *text);
/* Until check() is true of the screen; `what` is for the failure's message. */
void tui_until(
	struct tui *t, bool (*check)(struct tui *t, void *user), void *user, const char *what);
/* The next frame, whatever it shows. */
void tui_next_frame(struct tui *t);

int tui_rows(const struct tui *t);
int tui_cols(const struct tui *t);
/* One line, trailing blanks cut; valid until the next call. */
const char *tui_line(struct tui *t, int row);
void tui_screen(struct tui *t, struct str *out);
bool tui_find(struct tui *t, const char *text, int *row, int *col);

struct tui_cell {
	char text[24]; /* UTF-8; "" = blank */
	int width;
	bool bold, underline, reverse, dim;
	int fg, bg; /* palette index, -1 = default */
};
void tui_cell(struct tui *t, int row, int col, struct tui_cell *out);
/* Whether the cursor is seen, and where. */
bool tui_cursor(struct tui *t, int *row, int *col);

int tui_pid(const struct tui *t);
int tui_master(const struct tui *t);
/* All bytes that the program wrote so far. */
const struct str *tui_output(const struct tui *t);
/* The terminal's modes before the program started. */
const struct termios *tui_modes_before(const struct tui *t);
void tui_modes(const struct tui *t, struct termios *out);
/* Waits for the end and reads the rest: exit code, or 128+N for a signal. */
int tui_wait(struct tui *t);
/* Presses q, requires that the program then ends well, and frees. */
void tui_quit(struct tui *t);
/* Closes the terminal under the program and waits for its end. */
int tui_hang_up(struct tui *t);
/* Starts the program where it cannot run; its exit status. Its words must contain `why`. */
int tui_run_refused(const char *term, const char *why);
/* Waits until the program has stopped (with .job), then continues it with tui_continue(). */
void tui_wait_stop(struct tui *t);
void tui_continue(struct tui *t);

/* Compares the screen with tests/tui/golden/NAME.txt; UPDATE=1 rewrites the file. */
void tui_golden(struct tui *t, const char *name);
/* With SCREENSHOTS=DIR set, draws NAME.svg there. */
void tui_screenshot(struct tui *t, const char *name);
