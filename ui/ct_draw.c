/* The profile pane as cells. */
#include <string.h>

#include "ui/ct_view.h"

/* ---- the whole ------------------------------------------------------------------------------- */

static void draw_line(
	const struct ct_view *w, const struct paint *p, struct view v, int row, size_t line)
{
	const struct ct_line *l = &w->lines.v[line];
	struct ui_style s = theme_style(p->theme, THEME_TEXT);
	cleanup_str struct str text = STR_INIT;

	if (l->kind == CT_THREAD || l->kind == CT_MORE || l->kind == CT_ONLY)
		s = theme_style(p->theme, THEME_DIM);
	else if (l->kind == CT_ROW && w->noise &&
		 ctp_noise_beyond(w->noise, &w->diff->pairs[l->pair].key, l->metric))
		s = theme_style(p->theme, THEME_WARN);
	else if (l->kind == CT_TEXT && str_starts(w->text.s + l->n, "## "))
		s = theme_style(p->theme, THEME_STRONG);
	if (w->find.len && ct_line_matches(w, l, str_get(&w->find)))
		s = theme_style(p->theme, THEME_MATCH);
	if (line == w->cursor)
		s = theme_over(s,
			theme_style(p->theme, p->focused ? THEME_SELECTED : THEME_SELECTED_IDLE));
	ct_line_text(w, line, v.at.cols - 2, &text);
	view_field(v, row, 0, 1, s, "");
	view_field(v, row, 1, v.at.cols - 1, s, str_get(&text));
}

static void draw_list(const struct ct_view *w, const struct paint *p, struct view v)
{
	cleanup_str struct str header = STR_INIT;
	bool metrics = w->lines.v[0].kind != CT_TEXT;

	if (metrics) {
		ct_header_text(w, v.at.cols - 2, &header);
		view_field(
			v, 0, 1, v.at.cols - 1, theme_style(p->theme, THEME_DIM), str_get(&header));
	}
	for (int i = 0; i < ct_list_rows(w) && w->top + (size_t)i < w->lines.n; i++)
		draw_line(w, p, v, i + metrics, w->top + (size_t)i);
}

/* What to do where there is nothing to show yet. */
static void draw_hint(const struct ct_view *w, const struct paint *p, struct view v)
{
	static const char *const lines[] = {
		"A profile compares two snapshots of every thread of this machine.",
		"c takes a snapshot; run what you want to know about; c takes the next.",
		"a and b choose snapshots, also from files here (*.ctprof.zst).",
	};
	struct ui_style s = theme_style(p->theme, THEME_DIM);
	int row = 1;

	if (w->job && w->work == CT_DIFF) {
		view_field(v, row, 2, v.at.cols - 3, s, "comparing ...");
		return;
	}
	if (w->diff) {
		view_field(v, row, 2, v.at.cols - 3, s,
			w->filter ? "nothing passes the filter (\\ changes it)"
				  : "nothing changed (f shows everything)");
		return;
	}
	if (w->side[CTP_BASE] >= 0) {
		view_printf(v, row++, 2, theme_style(p->theme, THEME_TEXT),
			"A: %zu threads. c takes the snapshot to compare it with.",
			ct_snap(w, CTP_BASE)->nthreads);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		view_field(v, row++, 2, v.at.cols - 3, s, lines[i]);
}

static void draw_progress(const struct ct_view *w, const struct paint *p, struct view v)
{
	uint64_t done, total, threads;
	int row = v.at.rows - 1;
	struct ui_style s = theme_style(p->theme, THEME_BADGE);

	ct_job_progress(w->job, &done, &total, &threads);
	view_fill(v, row, 0, 1, v.at.cols, s, ' ');
	if (w->work == CT_LOAD)
		view_text(v, row, 1, s, "reading the snapshot ...");
	else if (w->work == CT_CAPTURE)
		view_printf(v, row, 1, s,
			"capturing: %llu of %llu processes, %llu threads   c cancels",
			(unsigned long long)done, (unsigned long long)total,
			(unsigned long long)threads);
	else
		view_text(v, row, 1, s, "comparing ...");
}

void ct_draw(const struct ct_view *w, const struct paint *p, struct view v)
{
	if (w->lines.n)
		draw_list(w, p, v);
	else
		draw_hint(w, p, v);
	if (w->lines.n && ct_detail_rows(w))
		ct_detail(w, p,
			view_sub(
				v, v.at.rows - ct_detail_rows(w), 0, ct_detail_rows(w), v.at.cols));
	if (w->picking)
		ct_pick_draw(w, p, v);
	else if (w->job)
		draw_progress(w, p, v);
}
