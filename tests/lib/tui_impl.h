/* What the files of tests/lib/tui share: tui.c (the program's life), tui_wait.c (reading what it
 * says), tui_keys.c (writing), tui_screen.c (libvterm), tui_golden.c. */
#pragma once

#include <sys/types.h>

#include "tests/lib/tui.h"

enum { TUI_PATIENCE_S = 60 }; /* then a wait has failed; nothing that works takes so long */

struct tui {
	int master, sync;
	pid_t pid, child; /* pid: whom we wait for; child: the program */
	int rows, cols;
	bool job, ended;
	int status;
	struct termios before;
	struct tui_screen *screen;
	struct str output, line, sync_line;
	size_t marks_at;       /* of output, where the search for marks goes on */
	uint64_t sent;	       /* bytes */
	uint64_t frame, bytes; /* as the program told */
	int told_rows, told_cols, told_idle;
	uint64_t marked;   /* last frame whose mark was read */
	size_t marked_end; /* of output, right behind that mark */
};

/* ---- tui.c */

/* Ends the test program with a sentence ("what", or "what: arg") and the screen; t and arg may be
 * NULL. */
_Noreturn void tui_die(struct tui *t, const char *what, const char *arg);

/* ---- tui_wait.c */

/* When a wait that begins now has failed: ns of clock_mono_ns(). */
uint64_t tui_deadline(void);
/* Waits for anything to read and reads it; false when the time is up or the program is gone. */
bool tui_turn(struct tui *t, uint64_t until);
/* What its terminal has now; false at the end. errno is EAGAIN when there was nothing. */
bool tui_read_output(struct tui *t);

/* ---- tui_screen.c */

void tui_screen_open(struct tui *t);
void tui_screen_close(struct tui *t);
void tui_screen_feed(struct tui *t, const char *bytes, size_t n);
void tui_screen_resize(struct tui *t, int rows, int cols);
