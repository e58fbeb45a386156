/*
 * The terminal: raw mode, the alternate screen, colours, mouse and paste reports, through ncurses.
 * Output only: its bytes are read and decoded by ui/input.h. One terminal a process (ncurses and
 * the crash handler allow no more).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "ui/canvas.h"
#include "ui/input.h"

struct tty_options {
	int colours; /* at most so many; -1 = what the terminal has */
	bool ascii;  /* no characters beyond ASCII */
	bool mouse;
};

struct tty;

/* Takes over the terminal on descriptors 0 and 1 and teaches `in` the keys that terminfo names.
 * Every signal that would kill the process restores the terminal first. */
struct tty *tty_open(const struct tty_options *o, struct input *in, struct err *e);
void tty_close(struct tty *t);
int tty_colours(const struct tty *t); /* 0, 8, 16 or 256 */
bool tty_ascii(const struct tty *t);
void tty_size(const struct tty *t, int *rows, int *cols);
/* After SIGWINCH: asks for the size anew. */
void tty_resized(struct tty *t);
/* Copies the canvas and updates the screen in one go. */
void tty_present(struct tty *t, const struct canvas *c);
/* The next present() draws every cell. */
void tty_redraw(struct tty *t);
void tty_bell(struct tty *t);
/* False where terminfo knows of no clipboard; it is asked all the same. */
bool tty_copy(struct tty *t, const char *utf8, size_t n);
/* Gives the terminal back, stops the process group, takes the terminal again when continued. */
void tty_suspend(struct tty *t);
/* Puts a private mark into the output, so that a test knows which frame it has read. */
void tty_mark(struct tty *t, uint64_t frame);
