/* Long text on a terminal goes through the user's pager. */
#pragma once

#include "src/cli/cli.h"

/* Prints out, through $PAGER when stdout is a terminal and neither --no-pager nor --batch was
 * given. Returns the exit code. */
int pager_show(const struct cli_context *cx, const struct str *out);
