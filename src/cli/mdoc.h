/* Text as mdoc(7) source. */
#pragma once

#include <stdbool.h>

#include "src/base/str.h"

/* Appends one word or macro argument with everything escaped that roff would read as markup. */
void mdoc_escape(struct str *out, const char *text, size_t n);
/*
 * Paragraphs of the rows (as wrap() takes them): a sentence starts a line, paragraphs are parted by
 * .Pp, lines that begin with a blank are kept as they are. Ends with a newline.
 */
void mdoc_text(struct str *out, const char *text);
