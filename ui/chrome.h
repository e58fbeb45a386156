/* Everything around the panes: tab bar, frames, message line, footer, dialogs' boxes, and the lines
 * that stand for panes on a screen too small for them. Pure: const state in, cells out. */
#pragma once

#include "ui/app_state.h"

void chrome_tabs(const struct app *a, struct view v);
/* Index of the pane whose tab covers this column; a->panes.n when there is none. */
size_t chrome_tab_at(const struct app *a, int col);
/* The title of a pane that has no frame, in one row. */
void chrome_title(const struct app *a, const struct pane *p, struct view v);
void chrome_frame(const struct app *a, const struct pane *p, bool focused, struct view v);
/* Columns that a text in the border of a frame this wide has. */
int chrome_border_room(int cols);
void chrome_message(const struct app *a, struct view v);
void chrome_footer(const struct app *a, struct view v);
void chrome_summary(const struct app *a, struct view v);
/* Where a dialog's interior is. */
struct ui_rect chrome_dialog_inside(const struct canvas *c, const struct pane *p);
void chrome_dialog_box(const struct app *a, const struct pane *p, struct view v);
