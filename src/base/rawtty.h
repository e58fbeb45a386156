/*
 * A terminal in raw mode, put back on every way out that can be caught: rawtty_leave(), exit(3),
 * and the signals that would end or crash the process. One terminal at a time in a process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

/* Saves the terminal's settings and makes it raw (cfmakeraw): bytes pass unmodified both ways. */
int rawtty_enter(int fd, struct err *e);
/* Writes the undo sequence, restores the settings and the signal handlers. Idempotent. */
void rawtty_leave(void);
bool rawtty_active(void);
/* Raw again after a stop: the shell that had the terminal meanwhile has its own settings. */
void rawtty_again(void);
/*
 * Bytes that bring the terminal's state back (cursor, screen, mouse); written to the terminal on
 * every way out. At most RAWTTY_UNDO_MAX, the rest is cut. May be called at any time.
 */
enum { RAWTTY_UNDO_MAX = 256 };
void rawtty_set_undo(const char *bytes, size_t n);
