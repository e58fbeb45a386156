/* Text of several lines, broken at blanks. */
#pragma once

#include "ui/canvas.h"

/* From a row on, between a column and the view's end but one; newlines part lines. Returns the row
 * after it. */
int paragraph_draw(struct view v, int row, int col, struct ui_style s, const char *text);
/* How many rows that takes in `width` columns. */
int paragraph_rows(int width, const char *text);
