/* Paragraphs of the rows as text for a terminal. */
#pragma once

#include "src/base/str.h"

/*
 * Appends text wrapped at `width` columns, every line indented. The first line starts at column
 * `at` (what already stands on it). Paragraphs are parted by blank lines; lines that begin with a
 * blank are kept as they are. Ends with a newline.
 */
void wrap(struct str *out, const char *text, unsigned indent, unsigned at, unsigned width);
/* A row's phrase as a sentence, and the further ones: "say less", "Really." -> "Say less. Really."
 */
void sentence(struct str *out, const char *help, const char *more);
