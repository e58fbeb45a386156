/* Lists to choose from, over the profile: snapshots, sections, metrics. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/utf8.h"
#include "ui/ct_view.h"

static void add(struct ct_view *w, char *text, char *path, int number, bool on)
{
	vec_push(&w->pick.items,
		(struct ct_pick_item){.text = text, .path = path, .number = number, .on = on});
}

static bool is_snapshot(const struct dirent *d)
{
	return str_ends(d->d_name, ".ctprof.zst");
}

static int snapshot_entry(const struct dirent *d)
{
	return is_snapshot(d);
}

/* Snapshots in the working folder that are not in the ring yet. */
static void add_files(struct ct_view *w)
{
	struct dirent **files;
	int n = scandir(".", &files, snapshot_entry, alphasort);

	for (int i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < w->ring.n; k++)
			known |= w->ring.v[k].name &&
				 strcmp(w->ring.v[k].name, files[i]->d_name) == 0;
		if (!known)
			add(w, xasprintf("%s (file)", files[i]->d_name), xstrdup(files[i]->d_name),
				-1, false);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
}

static char *capture_text(const struct ct_capture *c)
{
	time_t at = (time_t)(c->snap->captured_at_unix_ns / NS_PER_SEC);
	struct tm tm;
	char text[32] = "";

	if (localtime_r(&at, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	return xasprintf(
		"%s  %zu threads  %s", text, c->snap->nthreads, c->name ? c->name : "taken here");
}

static void add_captures(struct ct_view *w, int side)
{
	for (size_t i = 0; i < w->ring.n; i++)
		add(w, capture_text(&w->ring.v[i]), NULL, (int)i, w->side[side] == (int)i);
	add_files(w);
}

static void add_sections(struct ct_view *w)
{
	for (int s = 0; s < CTP_NSECTIONS; s++)
		if (!ctp_sections[s].cgroup_only || w->naming.axis == CTP_BY_CGROUP)
			add(w, xasprintf("%-16s %s", ctp_sections[s].name, ctp_sections[s].help),
				NULL, s, w->view.sections >> s & 1);
}

static void add_metrics(struct ct_view *w)
{
	for (unsigned m = 0; m < CTP_NMETRICS; m++)
		add(w, xasprintf("%-28s %s", ctp_metrics[m].name, ctp_metrics[m].help), NULL,
			(int)m, w->view.some_metrics && ctp_metric_in(&w->view.metrics, m));
}

void ct_pick_open(struct ct_view *w, enum ct_pick_what what)
{
	ct_pick_close(w);
	w->pick.what = what;
	if (what == CT_PICK_SECTION)
		add_sections(w);
	else if (what == CT_PICK_METRICS)
		add_metrics(w);
	else
		add_captures(w, what == CT_PICK_A ? CTP_BASE : CTP_CAND);
	for (size_t i = 0; i < w->pick.items.n; i++)
		if (w->pick.items.v[i].on) {
			w->pick.at = (int)i;
			break;
		}
	w->picking = true;
	ct_pick_move(w, 0);
}

void ct_pick_close(struct ct_view *w)
{
	for (size_t i = 0; i < w->pick.items.n; i++) {
		free(w->pick.items.v[i].text);
		free(w->pick.items.v[i].path);
	}
	free(w->pick.items.v);
	w->pick = (struct ct_pick){0};
	w->picking = false;
}

static int visible(const struct ct_view *w)
{
	int room = w->rows > 4 ? w->rows - 2 : 1, n = (int)w->pick.items.n;

	return n < room ? n : room;
}

void ct_pick_move(struct ct_view *w, int by)
{
	int n = (int)w->pick.items.n, rows = visible(w);

	w->pick.at += by;
	if (w->pick.at >= n)
		w->pick.at = n - 1;
	if (w->pick.at < 0)
		w->pick.at = 0;
	if (w->pick.at < w->pick.top)
		w->pick.top = w->pick.at;
	if (w->pick.at >= w->pick.top + rows)
		w->pick.top = w->pick.at - rows + 1;
}

static const char *title(const struct ct_view *w)
{
	switch (w->pick.what) {
	case CT_PICK_A:
		return "A: the snapshot before";
	case CT_PICK_B:
		return "B: the snapshot after";
	case CT_PICK_SECTION:
		return "Sections: Space marks, Enter shows those marked";
	default:
		return "Metrics: Space marks, Enter shows those marked (none: all)";
	}
}

void ct_pick_draw(const struct ct_view *w, const struct paint *p, struct view v)
{
	struct ui_style border = theme_style(p->theme, THEME_TITLE);
	bool marks = w->pick.what == CT_PICK_SECTION || w->pick.what == CT_PICK_METRICS;

	view_fill(v, 0, 0, 1, v.at.cols, border, ' ');
	view_text(v, 0, 1, border, title(w));
	view_fill(v, 1, 0, visible(w) + 1, v.at.cols, theme_style(p->theme, THEME_TEXT), ' ');
	if (!w->pick.items.n)
		view_text(v, 1, 2, theme_style(p->theme, THEME_DIM),
			"none yet: c takes one, and files *.ctprof.zst of this folder stand here");
	for (int i = 0; i < visible(w); i++) {
		int at = w->pick.top + i;
		const struct ct_pick_item *item = &w->pick.items.v[at];
		struct ui_style s =
			theme_style(p->theme, at == w->pick.at ? THEME_SELECTED : THEME_TEXT);
		cleanup_str struct str text = STR_INIT;

		str_add(&text, marks ? (item->on ? "[x] " : "[ ] ") : item->on ? "* " : "  ");
		utf8_sanitize(&text, item->text, strlen(item->text), false);
		view_field(v, 1 + i, 1, v.at.cols - 2, s, str_get(&text));
	}
}
