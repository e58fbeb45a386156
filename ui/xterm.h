/*
 * Control sequences of xterm and its family that terminfo does not have. A terminal that does not
 * know one ignores it. Source: xterm's ctlseqs.
 */
#pragma once

#include <stdbool.h>

#include "src/base/str.h"

/* Turns reports on or off: the mouse's as SGR (1000, 1002, 1006), pastes in brackets (2004). */
void xterm_reports(struct str *out, bool mouse, bool paste, bool on);
/* Puts text on the terminal's clipboard (OSC 52); at most 75000 bytes of it. */
void xterm_copy(struct str *out, const char *utf8, size_t n);
