/* A guest's pane as cells: its terminal, or how far its boot has come. */
#include <stdlib.h>
#include <string.h>

#include "src/base/units.h"
#include "ui/paragraph.h"
#include "ui/vm_view.h"

/* ---- the terminal --------------------------------------------------------------------------- */

static struct ui_style style_of(const struct ui_cell *c)
{
	return (struct ui_style){c->fg, c->bg, c->attr};
}

static void restyle(struct ui_cell *c, struct ui_style s)
{
	s = theme_over(style_of(c), s);
	c->fg = s.fg;
	c->bg = s.bg;
	c->attr = s.attr;
}

static void mark_cells(const struct vm_view *w, const struct paint *p, uint64_t row,
	struct ui_cell *cells, bool *hit, int cols)
{
	int from, to;

	if (w->find.len && vt_matches(w->vt, str_get(&w->find), (size_t)(row - vt_rows_gone(w->vt)),
				   hit, cols))
		for (int i = 0; i < cols; i++)
			if (hit[i])
				restyle(&cells[i], theme_style(p->theme, THEME_MATCH));
	if (vm_selected(w, row, &from, &to))
		for (int i = from; i <= to && i < cols; i++)
			restyle(&cells[i], theme_style(p->theme, THEME_SELECTED));
}

static void draw_rows(const struct vm_view *w, const struct paint *p, struct view v)
{
	int cols = vt_cols(w->vt);
	struct ui_cell *cells = xcalloc((size_t)cols, sizeof(*cells));
	bool *hit = xcalloc((size_t)cols, sizeof(*hit));
	uint64_t top = vm_first_row(w), gone = vt_rows_gone(w->vt);

	for (int i = 0; i < v.at.rows; i++) {
		uint64_t row = top + (uint64_t)i;

		if (row > vm_last_row(w))
			break;
		vt_row(w->vt, (size_t)(row - gone), cells, cols);
		mark_cells(w, p, row, cells, hit, cols);
		for (int c = 0; c < cols && c < v.at.cols; c++)
			view_cell(v, i, c, &cells[c]);
	}
	free(cells);
	free(hit);
}

static void draw_cursor(const struct vm_view *w, const struct paint *p, struct view v)
{
	uint64_t top = vm_first_row(w), at;
	int row, col;
	bool visible;

	if (!p->focused)
		return;
	if (w->mode == VM_COPY) {
		if (w->at.row >= top)
			view_cursor(v, (int)(w->at.row - top), w->at.col);
		return;
	}
	vt_cursor(w->vt, &row, &col, &visible);
	at = vm_last_row(w) + 1 - (uint64_t)vt_rows(w->vt) + (uint64_t)row;
	if (w->mode == VM_INPUT && visible && at >= top)
		view_cursor(v, (int)(at - top), col);
}

/* ---- booting -------------------------------------------------------------------------------- */

static const struct {
	enum vm_stage stage;
	const char *text;
} steps[] = {
	{VM_STAGE_KERNEL, "kernel"},
	{VM_STAGE_PAYLOAD, "initramfs"},
	{VM_STAGE_BOOTING, "machine"},
	{VM_STAGE_LINUX, "Linux"},
	{VM_STAGE_INIT, "init"},
	{VM_STAGE_PROMPT, "prompt"},
};

/* What is known of a step, in words. */
static void step_detail(const struct vm_view *w, enum vm_stage stage, struct str *out)
{
	if (stage == VM_STAGE_KERNEL && w->release.len) {
		str_add(out, str_get(&w->release));
		if (w->origin.len)
			str_printf(out, " (%s)", str_get(&w->origin));
	} else if (stage == VM_STAGE_BOOTING && w->accel.len) {
		str_printf(out, "%s, %llu MiB",
			!strcmp(str_get(&w->accel), "tcg") ? "tcg: not for timing"
							   : str_get(&w->accel),
			(unsigned long long)w->memory_mib);
	}
}

static void draw_bar(
	const struct vm_view *w, const struct paint *p, struct view v, int row, int col)
{
	cleanup_str struct str text = STR_INIT;
	int width, full;

	if (!w->doing.len)
		return;
	col = view_text(v, row, col, theme_style(p->theme, THEME_TEXT), str_get(&w->doing)) + 1;
	if (w->total) {
		units_bytes(&text, w->done);
		str_add(&text, " of ");
		units_bytes(&text, w->total);
	} else if (w->done) {
		units_bytes(&text, w->done);
	}
	col = view_text(v, row, col, theme_style(p->theme, THEME_DIM), str_get(&text)) + 1;
	width = v.at.cols - col - 1 < 40 ? v.at.cols - col - 1 : 40;
	if (!w->total || width < 5)
		return;
	full = (int)(w->done * (uint64_t)width / w->total);
	view_fill(v, row, col, 1, width, theme_style(p->theme, THEME_DIM), '-');
	view_fill(v, row, col, 1, full > width ? width : full, theme_style(p->theme, THEME_GOOD),
		p->glyphs->bar);
}

static int draw_step(
	const struct vm_view *w, const struct paint *p, struct view v, int row, size_t i)
{
	enum vm_stage stage = steps[i].stage;
	bool done = w->stage > stage || (w->stage == stage && stage == VM_STAGE_PROMPT);
	bool here = w->stage == stage && !done && !w->over;
	cleanup_str struct str detail = STR_INIT, time = STR_INIT;
	enum theme_role role = done ? THEME_TEXT : here ? THEME_STRONG : THEME_DIM;
	uint64_t end = 0;

	for (size_t k = i + 1; k < ARRAY_LEN(steps) && !end; k++)
		end = w->stage_at[steps[k].stage];
	view_text(v, row, 2, theme_style(p->theme, done ? THEME_GOOD : role),
		done   ? "+"
		: here ? ">"
		       : " ");
	view_text(v, row, 4, theme_style(p->theme, role), steps[i].text);
	step_detail(w, stage, &detail);
	if (done && end && w->stage_at[stage])
		units_duration(&time, end - w->stage_at[stage]);
	view_field(v, row, 14, 8, theme_style(p->theme, THEME_DIM), str_get(&time));
	view_field(v, row, 23, v.at.cols - 24, theme_style(p->theme, THEME_TEXT), str_get(&detail));
	return row + 1;
}

/* The last notes that fit. */
static void draw_notes(const struct vm_view *w, const struct paint *p, struct view v, int row)
{
	size_t first = w->notes.n;
	int room = v.at.rows - row;

	while (first && room > 0) {
		room -= paragraph_rows(v.at.cols - 3, w->notes.v[first - 1]);
		if (room >= 0)
			first--;
	}
	for (size_t i = first; i < w->notes.n; i++)
		row = paragraph_draw(v, row, 2, theme_style(p->theme, THEME_DIM), w->notes.v[i]);
}

static int draw_failure(const struct vm_view *w, const struct paint *p, struct view v)
{
	int row = paragraph_draw(
		v, 0, 1, theme_style(p->theme, THEME_ALERT), "The guest did not boot.");

	row = paragraph_draw(v, row + 1, 1, theme_style(p->theme, THEME_TEXT), str_get(&w->reason));
	return paragraph_draw(v, row + 1, 1, theme_style(p->theme, THEME_DIM),
		"Enter closes this pane, n asks for another guest.");
}

static void draw_boot(const struct vm_view *w, const struct paint *p, struct view v)
{
	cleanup_str struct str shape = STR_INIT;
	int row = 0;

	if (w->over) {
		draw_notes(w, p, v, draw_failure(w, p, v) + 1);
		return;
	}
	vm_topology_format(&w->topology, &shape);
	view_printf(v, row, 1, theme_style(p->theme, THEME_STRONG),
		"Booting a Linux guest: %s, %llu CPU%s", str_get(&shape),
		(unsigned long long)w->vcpus, w->vcpus == 1 ? "" : "s");
	row += v.at.rows > 12 ? 2 : 1;
	for (size_t i = 0; i < ARRAY_LEN(steps) && row < v.at.rows; i++)
		row = draw_step(w, p, v, row, i);
	row += v.at.rows > 12;
	draw_bar(w, p, v, row, 2);
	draw_notes(w, p, v, row + 2);
}

/* ---- the pane ------------------------------------------------------------------------------- */

/* Why it ended, over the last rows of its terminal. */
static void draw_end(const struct vm_view *w, const struct paint *p, struct view v)
{
	cleanup_str struct str text = STR_INIT;
	struct ui_style s = theme_style(p->theme, w->reason.len ? THEME_ALERT : THEME_BADGE);
	int rows, most = v.at.rows / 2 > 0 ? v.at.rows / 2 : 1;

	if (!w->over || w->scrolled || w->mode == VM_COPY)
		return;
	str_add(&text, "The guest has ended");
	if (w->reason.len)
		str_printf(&text, ": %s", str_get(&w->reason));
	str_add(&text, text.s[text.len - 1] == '.' ? " " : ". ");
	str_add(&text, "Enter closes this pane, n asks for another guest.");
	rows = paragraph_rows(v.at.cols - 2, text.s);
	rows = rows < most ? rows : most;
	view_fill(v, v.at.rows - rows, 0, rows, v.at.cols, s, 0);
	paragraph_draw(view_sub(v, v.at.rows - rows, 0, rows, v.at.cols), 0, 1, s, text.s);
}

void vm_draw(const void *self, const struct paint *p, struct view v)
{
	const struct vm_view *w = self;

	if (!w->spoke) {
		draw_boot(w, p, v);
		return;
	}
	draw_rows(w, p, v);
	draw_end(w, p, v);
	draw_cursor(w, p, v);
}
