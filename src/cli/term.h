/* What a stream is worth: colour, progress, width. Nobody else asks isatty() or NO_COLOR. */
#pragma once

#include <stdbool.h>

#include "src/cli/cli.h"

/* --color, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, then whether this descriptor is a terminal. */
bool term_color(const struct cli_context *cx, int fd);
/* Whether a bar may be redrawn on stderr; otherwise a plain line at every change of phase. */
bool term_progress(const struct cli_context *cx);
/* Whether a person can be asked: stdin is a terminal and there is no --batch. */
bool term_can_ask(const struct cli_context *cx);
/* Columns of the terminal behind fd, `fallback` when it is none. */
int term_width(int fd, int fallback);
