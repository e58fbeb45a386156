/* An option's row as sentences, for --help and the manual. */
#pragma once

#include "src/cli/cli.h"

/* Its help and further sentences, and what its type adds: that it may be repeated, which words it
 * takes. */
void row_text(struct str *out, const struct opt *o);
