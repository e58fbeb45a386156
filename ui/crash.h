/*
 * A process that dies gives the terminal back: handlers for the fatal signals write a prepared
 * string, restore the terminal's modes and let the signal go on to whoever had it before.
 */
#pragma once

#include <stddef.h>
#include <termios.h>

/* From now on. `bytes` (at most 1 KiB, copied) go to descriptor fd. */
void crash_guard(int fd, const struct termios *modes, const char *bytes, size_t n);
/* No longer: the terminal was given back in the ordinary way. */
void crash_unguard(void);
