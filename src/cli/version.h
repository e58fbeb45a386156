#pragma once

#include "src/cli/cli.h"

/* "X.Y.Z"; "0123456789" or "unknown". */
const char *version_number(void);
const char *version_commit(void);
/* Day of the commit as mdoc(7) writes it: "November 5, 2025". */
const char *version_date(void);
/* What --version prints: number, commit and the commit's day (UTC), so that one commit always says
 * the same; verbose adds the C library, the compiler and the libraries in use. */
void version_text(bool verbose, struct str *out);
