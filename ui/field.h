/*
 * A line of text that is being edited: the search prompt, the delay prompt, the fields of dialogs.
 * Raw text goes in; Left, Right, Home, End, C-a, C-e move; Backspace, Del, C-u, C-w, C-k cut.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"
#include "ui/canvas.h"
#include "ui/keys.h"

enum { FIELD_MAX = 1024 }; /* bytes */

struct field {
	struct str text; /* UTF-8 */
	size_t cursor;	 /* byte offset, on a character's boundary */
};

enum field_result { FIELD_IGNORED, FIELD_MOVED, FIELD_CHANGED };

void field_set(struct field *f, const char *text); /* the cursor goes to the end */
void field_release(struct field *f);
/* Enter, Esc, Tab, Up and Down are not the field's: FIELD_IGNORED. */
enum field_result field_key(struct field *f, const struct ui_key *k);
/* Draws `width` cells from (row, col), scrolled so that the cursor is seen; `cursor` puts the
 * terminal's cursor there. */
void field_draw(const struct field *f, struct view v, int row, int col, int width,
	struct ui_style s, bool cursor);
