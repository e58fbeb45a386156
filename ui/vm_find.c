/* Moving about in history and screen: scrolling, search, selection. */
#include <stdlib.h>
#include <string.h>

#include "ui/vm_view.h"

/* ---- scrolling ------------------------------------------------------------------------------ */

uint64_t vm_last_row(const struct vm_view *w)
{
	return vt_rows_gone(w->vt) + vt_total_rows(w->vt) - 1;
}

/* First row of the live picture. A pane smaller than the least terminal shows the part of it that
 * has the cursor. */
static uint64_t live_top(const struct vm_view *w)
{
	uint64_t screen = vm_last_row(w) + 1 - (uint64_t)vt_rows(w->vt);
	int row, col;

	if (w->rows >= vt_rows(w->vt))
		return screen;
	vt_cursor(w->vt, &row, &col, NULL);
	return row < w->rows ? screen : screen + (uint64_t)(row - w->rows + 1);
}

uint64_t vm_first_row(const struct vm_view *w)
{
	return w->scrolled ? w->top : live_top(w);
}

void vm_live(struct vm_view *w)
{
	w->scrolled = false;
}

void vm_scroll_to(struct vm_view *w, uint64_t top)
{
	uint64_t low = vt_rows_gone(w->vt), live = live_top(w);

	w->scrolled = top < live;
	w->top = top < low ? low : top;
	if (low == live)
		w->scrolled = false;
}

void vm_scroll(struct vm_view *w, long by)
{
	uint64_t top = vm_first_row(w);

	if (by < 0)
		vm_scroll_to(w, top < (uint64_t)-by ? 0 : top - (uint64_t)-by);
	else
		vm_scroll_to(w, top + (uint64_t)by);
}

void vm_reveal(struct vm_view *w, uint64_t row)
{
	uint64_t top = vm_first_row(w), rows = (uint64_t)(w->rows > 0 ? w->rows : 1);

	if (row < top)
		vm_scroll_to(w, row);
	else if (row >= top + rows)
		vm_scroll_to(w, row - rows + 1);
}

static void keep(struct vm_spot *s, uint64_t low)
{
	if (s->row < low)
		s->row = low;
}

void vm_keep_places(struct vm_view *w)
{
	uint64_t low = vt_rows_gone(w->vt);

	if (w->scrolled && w->top < low)
		w->top = low;
	if (w->matched && w->match.row < low)
		w->matched = false;
	keep(&w->at, low);
	keep(&w->anchor, low);
}

/* ---- search --------------------------------------------------------------------------------- */

static bool search(struct vm_view *w, uint64_t from, int dir)
{
	uint64_t low = vt_rows_gone(w->vt);
	int col = 0;
	long row;

	if (from < low || from > vm_last_row(w))
		return false;
	row = vt_search(w->vt, str_get(&w->find), (size_t)(from - low), dir, &col);
	if (row < 0)
		return false;
	w->match = (struct vm_spot){low + (uint64_t)row, col};
	w->matched = true;
	return true;
}

/* In the middle, so that what led to it is seen too. */
static void show_match(struct vm_view *w)
{
	uint64_t top = vm_first_row(w), half = (uint64_t)w->rows / 2;

	if (w->match.row < top || w->match.row >= top + (uint64_t)w->rows)
		vm_scroll_to(w, w->match.row < half ? 0 : w->match.row - half);
	if (w->mode == VM_COPY)
		w->at = w->match;
}

static void restore_view(struct vm_view *w)
{
	w->scrolled = w->find_scrolled;
	w->top = w->find_top;
	w->matched = false;
	vm_keep_places(w);
}

/* The newest match first: what one looks for in a terminal has usually just gone by. */
static bool find_here(struct vm_view *w, const char *text)
{
	uint64_t bottom;

	restore_view(w);
	str_clear(&w->find);
	str_add(&w->find, text);
	bottom = vm_first_row(w) + (uint64_t)w->rows - 1;
	if (bottom > vm_last_row(w))
		bottom = vm_last_row(w);
	if (!search(w, bottom, -1) && !search(w, vm_last_row(w), -1))
		return false;
	show_match(w);
	return true;
}

static bool find_step(struct vm_view *w, int dir)
{
	uint64_t low = vt_rows_gone(w->vt), last = vm_last_row(w);
	uint64_t from = w->matched ? w->match.row : vm_first_row(w);
	bool found;

	found = dir < 0 ? from > low && search(w, from - 1, -1) : search(w, from + 1, 1);
	if (!found) {
		found = search(w, dir < 0 ? last : low, dir);
		if (found)
			app_message(pane_app(w->host), APP_INFO, "search goes on at the %s row",
				dir < 0 ? "newest" : "oldest");
	}
	if (found)
		show_match(w);
	return found;
}

bool vm_find(void *self, const char *text, enum find_step step)
{
	struct vm_view *w = self;

	switch (step) {
	case FIND_BEGIN:
		w->find_scrolled = w->scrolled;
		w->find_top = w->top;
		str_clear(&w->find);
		w->matched = false;
		return true;
	case FIND_HERE:
		return find_here(w, text);
	case FIND_NEXT:
		return find_step(w, -1);
	case FIND_PREV:
		return find_step(w, 1);
	case FIND_CANCEL:
		restore_view(w);
		str_clear(&w->find);
		return true;
	case FIND_END:
		w->matched = false;
		str_clear(&w->find);
		return true;
	}
	return false;
}

/* ---- selection ------------------------------------------------------------------------------ */

static bool before(struct vm_spot a, struct vm_spot b)
{
	return a.row < b.row || (a.row == b.row && a.col <= b.col);
}

/* In order, widened to lines. */
static void selection(const struct vm_view *w, struct vm_spot *from, struct vm_spot *to)
{
	bool forward = before(w->anchor, w->at);

	*from = forward ? w->anchor : w->at;
	*to = forward ? w->at : w->anchor;
	if (w->by_line) {
		from->col = 0;
		to->col = vt_cols(w->vt) - 1;
	}
}

bool vm_selected(const struct vm_view *w, uint64_t row, int *from, int *to)
{
	struct vm_spot a, b;

	if (w->mode != VM_COPY || !w->selecting)
		return false;
	selection(w, &a, &b);
	if (row < a.row || row > b.row)
		return false;
	*from = row == a.row ? a.col : 0;
	*to = row == b.row ? b.col : vt_cols(w->vt) - 1;
	return true;
}

static void copy_text(struct vm_view *w, struct vm_spot a, struct vm_spot b)
{
	cleanup_str struct str text = STR_INIT;
	uint64_t gone = vt_rows_gone(w->vt);
	struct app *app = pane_app(w->host);
	size_t lines = 1;

	vt_text(w->vt, (size_t)(a.row - gone), a.col, (size_t)(b.row - gone), b.col, &text);
	for (size_t i = 0; i < text.len; i++)
		lines += text.s[i] == '\n';
	if (!text.len) {
		app_message(app, APP_WARN, "there is no text to copy");
		return;
	}
	if (text.len > VM_COPY_MAX) {
		app_message(app, APP_WARN, "%zu bytes are more than is copied at once", text.len);
		return;
	}
	app_message(app, APP_INFO, "copied %zu line%s (%zu bytes) to the terminal's clipboard%s",
		lines, lines == 1 ? "" : "s", text.len, app_copy(app, str_get(&text), text.len));
}

void vm_copy_selection(struct vm_view *w)
{
	struct vm_spot a, b;

	if (!w->selecting) {
		app_message(
			pane_app(w->host), APP_WARN, "nothing is selected: v starts a selection");
		return;
	}
	selection(w, &a, &b);
	copy_text(w, a, b);
}

void vm_copy_screen(struct vm_view *w)
{
	struct vm_spot a = {vm_first_row(w), 0}, b = {a.row + (uint64_t)w->rows - 1, 0};
	struct ui_cell *cells = xcalloc((size_t)vt_cols(w->vt), sizeof(*cells));
	uint64_t gone = vt_rows_gone(w->vt);

	if (b.row > vm_last_row(w))
		b.row = vm_last_row(w);
	/* Empty rows below the last output are not text. */
	while (b.row > a.row && !vt_row(w->vt, (size_t)(b.row - gone), cells, vt_cols(w->vt)))
		b.row--;
	b.col = vt_cols(w->vt) - 1;
	copy_text(w, a, b);
	free(cells);
}
