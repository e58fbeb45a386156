/* What stands below the table of the locks pane: who waits, what happened, the row in full. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "ui/locks_draw.h"

/* ---- waits and events ------------------------------------------------------------------------ */

static void draw_rule(const struct locks_draw *d, int row, const char *title)
{
	struct ui_style s = style(d, THEME_DIM);
	int col;

	view_fill(d->v, row, 0, 1, 2, s, d->p->glyphs->h);
	col = view_printf(d->v, row, 3, s, "%s", title) + 1;
	view_fill(d->v, row, col, 1, d->v.at.cols - col, s, d->p->glyphs->h);
}

/* The program's name, without its folder and its arguments. */
static void add_program(const char *cmdline, struct str *out)
{
	size_t n = strcspn(cmdline, " ");
	const char *slash = memrchr(cmdline, '/', n);

	if (slash) {
		n -= (size_t)(slash + 1 - cmdline);
		cmdline = slash + 1;
	}
	str_append(out, cmdline, n < 20 ? n : 20);
}

/* "44010 ktstr  00:38 on llc 0 EX <- 41822 cargo-ktstr, 41840 ktstr-vmm" */
static void wait_text(const struct locks_file *f, const struct locks_who *who, struct str *out)
{
	const char *lead = " <- ";

	str_printf(out, "%d ", (int)who->pid);
	add_program(who->cmdline, out);
	str_add(out, "  ");
	locks_time_text(&who->held, out);
	str_add(out, " on ");
	locks_name(f->kind, f->number, f->key, out);
	str_add(out, who->mode == LOCKFILE_EXCLUSIVE ? " EX" : " SH");
	for (size_t i = 0; i < f->nholders; i++) {
		if (!locks_blocks(&f->holders[i], who))
			continue;
		str_printf(out, "%s%d ", lead, (int)f->holders[i].pid);
		add_program(f->holders[i].cmdline, out);
		lead = ", ";
	}
}

void locks_draw_waits(const struct locks_draw *d, int row, int rows)
{
	int end = row + rows;

	if (!rows)
		return;
	draw_rule(d, row++, "waits");
	for (size_t i = 0; i < d->w->l->nfiles; i++)
		for (size_t k = 0; k < d->w->l->files[i].nwaiters && row < end; k++) {
			cleanup_str struct str text = STR_INIT;

			wait_text(&d->w->l->files[i], &d->w->l->files[i].waiters[k], &text);
			view_field(d->v, row++, 1, d->v.at.cols - 2, style(d, THEME_WARN),
				str_get(&text));
			str_clear(&text);
			locks_eta_text(&d->w->l->files[i].waiters[k].eta, &text);
			if (text.len && row < end)
				view_field(d->v, row++, 8, d->v.at.cols - 9, style(d, THEME_TEXT),
					str_get(&text));
		}
}

static void draw_event(const struct locks_draw *d, int row, const struct locks_event *e)
{
	time_t at = (time_t)(e->real_ns / NS_PER_SEC);
	cleanup_str struct str text = STR_INIT;
	char clock[16] = "";
	struct tm tm;
	int col;

	if (localtime_r(&at, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	locks_event_text(e, &text);
	col = view_text(d->v, row, 1, style(d, THEME_DIM), clock) + 2;
	view_field(d->v, row, col, d->v.at.cols - col - 1,
		style(d, e->what == LOCKS_ORPHANED ? THEME_ALERT : THEME_TEXT), str_get(&text));
}

static void draw_events(
	const struct locks_draw *d, int row, int rows, const struct locks_events *v, int skip)
{
	for (int i = 0; i + 1 < rows && (size_t)i + (size_t)skip < v->list.n; i++)
		draw_event(d, row + 1 + i, v->list.v[i + skip]);
}

void locks_draw_events(const struct locks_draw *d, int row, int rows)
{
	struct locks_events v = {0};

	if (!rows)
		return;
	draw_rule(d, row, "last events");
	locks_history_list(d->w, false, &v);
	draw_events(d, row, rows, &v, 0);
	free(v.list.v);
}

void locks_draw_history(const struct locks_draw *d, int rows)
{
	struct locks_events v = {0};

	draw_rule(d, 0, "history, newest first");
	locks_history_list(d->w, true, &v);
	draw_events(d, 0, rows, &v, d->w->scrolled);
	if (!v.list.n && d->w->l->nevents)
		view_text(d->v, 1, 1, style(d, THEME_DIM),
			"nothing passes the filter (\\ changes it)");
	free(v.list.v);
}

/* ---- details --------------------------------------------------------------------------------- */

void locks_draw_details(const struct locks_draw *d, int row, int rows)
{
	const struct locks_item *it = locks_pane_current(d->w);
	cleanup_str struct str text = STR_INIT;

	if (!rows || !it)
		return;
	str_add(&text, it->row.f->path);
	if (it->row.f->uncertain)
		str_add(&text, "  (found by its inode number alone)");
	if (it->row.who && it->row.who->has_uid)
		str_printf(&text, "  uid %u", (unsigned)it->row.who->uid);
	if (it->row.who && it->row.who->cgroup)
		str_printf(&text, "  cgroup %s", it->row.who->cgroup);
	view_field(d->v, row, 1, d->v.at.cols - 2, style(d, THEME_DIM), str_get(&text));
	if (it->row.who)
		view_field(d->v, row + 1, 1, d->v.at.cols - 2, style(d, THEME_TEXT),
			it->row.who->cmdline);
}
