/* What stands in the table of the locks pane, and where its cursor is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/locks_view.h"

enum {
	SECTIONS_FROM = 12, /* lower panes have room for the table only */
	WAITS_MAX = 4,
	EVENTS_MIN = 4,
	DETAILS = 2,
};

/* ---- items ----------------------------------------------------------------------------------- */

static void lock_name(const struct locks_file *f, struct str *out)
{
	locks_name(f->kind, f->number, f->key, out);
}

static bool is_folded(const struct locks_pane *w, const struct locks_file *f)
{
	cleanup_str struct str name = STR_INIT;

	lock_name(f, &name);
	return map_get(&w->folded, str_get(&name)) != NULL;
}

static void add_file(struct locks_pane *w, const struct locks_row *rows, size_t n)
{
	bool folded = n > 1 && is_folded(w, rows[0].f);

	for (size_t i = 0; i < (folded ? 1 : n); i++) {
		struct locks_item it = {.row = rows[i], .foldable = n > 1};

		it.hidden = folded ? (unsigned)n - 1 : 0;
		vec_push(&w->items, it);
	}
}

static bool is_marked(const struct locks_pane *w, const struct locks_item *it, bool exactly)
{
	const struct locks_mark *m = &w->mark;
	const struct locks_file *f = it->row.f;

	if (!m->key || f->kind != m->kind || f->number != m->number || strcmp(f->key, m->key) != 0)
		return false;
	return !exactly || (it->row.who && it->row.who->pid == m->pid && it->row.waits == m->waits);
}

/* The same holder, else the same lock, else the same place. */
static void find_cursor(struct locks_pane *w)
{
	for (int exactly = 1; exactly >= 0; exactly--)
		for (size_t i = 0; i < w->items.n; i++)
			if (is_marked(w, &w->items.v[i], exactly)) {
				w->at = i;
				return;
			}
	if (w->at >= w->items.n)
		w->at = w->items.n ? w->items.n - 1 : 0;
}

static void remember_cursor(struct locks_pane *w)
{
	const struct locks_item *it = locks_pane_current(w);

	if (!it)
		return;
	free(w->mark.key);
	w->mark = (struct locks_mark){
		.kind = it->row.f->kind,
		.number = it->row.f->number,
		.key = xstrdup(it->row.f->key),
		.pid = it->row.who ? it->row.who->pid : 0,
		.waits = it->row.waits,
	};
}

static void settle(struct locks_pane *w)
{
	int rows = locks_pane_areas(w).table, most = (int)w->items.n - rows, at = (int)w->at;

	if (at >= w->top + rows)
		w->top = at - rows + 1;
	if (at < w->top)
		w->top = at;
	if (w->top > most)
		w->top = most;
	if (w->top < 0)
		w->top = 0;
}

void locks_pane_items(struct locks_pane *w)
{
	struct locks_choice c = {0};

	w->items.n = 0;
	if (!w->l)
		return;
	locks_pane_choose(w, &c);
	for (size_t i = 0; i < c.heads.n; i++)
		add_file(w, c.heads.v[i], locks_choice_rows(&c, c.heads.v[i]));
	locks_choice_release(&c);
	find_cursor(w);
	remember_cursor(w);
	settle(w);
}

const struct locks_item *locks_pane_current(const struct locks_pane *w)
{
	return w->at < w->items.n ? &w->items.v[w->at] : NULL;
}

unsigned locks_pane_free(const struct locks_pane *w)
{
	unsigned n = 0;

	for (size_t i = 0; w->l && i < w->l->nfiles; i++)
		n += !w->l->files[i].nholders && !w->l->files[i].nwaiters;
	return n;
}

/* ---- areas ----------------------------------------------------------------------------------- */

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* What may be expected of a wait stands below it. */
static int waits_lines(const struct locks_pane *w)
{
	int n = 0;

	for (size_t i = 0; w->l && w->l->waiting && i < w->l->nfiles; i++)
		for (size_t k = 0; k < w->l->files[i].nwaiters; k++)
			n += 1 + (w->l->files[i].waiters[k].eta.holds > 0);
	return n;
}

/* The table takes what it needs, waits and events what is left; a long table leaves them a few. */
struct locks_areas locks_pane_areas(const struct locks_pane *w)
{
	struct locks_areas a = {0};
	int rows = w->rows - 1, wanted = (int)w->items.n, waiting = waits_lines(w);

	if (w->rows >= SECTIONS_FROM) {
		a.details = DETAILS;
		a.waits = waiting ? 1 + least(waiting, WAITS_MAX) : 0;
		a.events = w->l && w->l->nevents ? 1 + EVENTS_MIN : 0;
	}
	a.table = rows - a.details - a.waits - a.events;
	if (a.events && wanted < a.table) {
		int more = least(a.table - (wanted ? wanted : 1), (int)w->l->nevents - EVENTS_MIN);

		a.events += more > 0 ? more : 0;
		a.table -= more > 0 ? more : 0;
	}
	if (a.table < 1)
		a.table = 1;
	return a;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

void locks_pane_step(struct locks_pane *w, int by)
{
	int at = (int)w->at + by, last = (int)w->items.n - 1;

	at = at > last ? last : at;
	w->at = at < 0 ? 0 : (size_t)at;
	remember_cursor(w);
	settle(w);
}

static void set_fold(struct locks_pane *w, const struct locks_file *f, bool folded)
{
	cleanup_str struct str name = STR_INIT;

	lock_name(f, &name);
	*map_at(&w->folded, str_get(&name)) = folded ? w : NULL;
}

void locks_pane_fold(struct locks_pane *w, bool folded)
{
	const struct locks_item *it = locks_pane_current(w);

	if (it)
		set_fold(w, it->row.f, folded);
	locks_pane_items(w);
}

void locks_pane_toggle(struct locks_pane *w)
{
	const struct locks_item *it = locks_pane_current(w);

	if (it)
		locks_pane_fold(w, !is_folded(w, it->row.f));
}

/* Folds all when one is open. */
void locks_pane_fold_all(struct locks_pane *w)
{
	bool open = false;

	for (size_t i = 0; i < w->items.n; i++)
		open |= w->items.v[i].foldable && !w->items.v[i].hidden;
	for (size_t i = 0; i < w->items.n; i++)
		if (w->items.v[i].foldable)
			set_fold(w, w->items.v[i].row.f, open);
	locks_pane_items(w);
}

/* ---- search ---------------------------------------------------------------------------------- */

bool locks_pane_matches(const struct locks_item *it, const char *text)
{
	cleanup_str struct str all = STR_INIT;
	const struct locks_who *who = it->row.who;

	if (!*text)
		return false;
	lock_name(it->row.f, &all);
	str_addc(&all, ' ');
	locks_mode_text(&it->row, &all);
	if (who)
		str_printf(&all, " %d %s", (int)who->pid, who->cmdline);
	return strcasestr(str_get(&all), text) != NULL;
}

static bool search(struct locks_pane *w, const char *text, size_t from, int dir)
{
	for (size_t i = 0; i < w->items.n; i++) {
		size_t at = (from + (dir > 0 ? i : w->items.n - i)) % w->items.n;

		if (!locks_pane_matches(&w->items.v[at], text))
			continue;
		w->at = at;
		return true;
	}
	return false;
}

bool locks_pane_find(struct locks_pane *w, const char *text, enum find_step step)
{
	size_t n = w->items.n;
	bool found = true;

	if (step == FIND_BEGIN)
		w->before = w->at;
	if (step == FIND_END || step == FIND_CANCEL) {
		free(take_ptr(w->find));
		if (step == FIND_CANCEL)
			w->at = w->before < n ? w->before : 0;
	} else {
		free(w->find);
		w->find = xstrdup(text);
	}
	if (step == FIND_HERE)
		found = n && search(w, text, w->before < n ? w->before : 0, 1);
	else if (step == FIND_NEXT || step == FIND_PREV)
		found = n && search(w, text, w->at + (step == FIND_NEXT ? 1 : n - 1),
				     step == FIND_NEXT ? 1 : -1);
	remember_cursor(w);
	settle(w);
	return found;
}
