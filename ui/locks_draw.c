/* The locks pane as cells. Pure. */
#include <stdio.h>
#include <string.h>
#include <stddef.h>

#include "ui/locks_draw.h"

/* ---- columns --------------------------------------------------------------------------------- */

/* Identity and holder never go; the node and the user are the first to. */
struct columns {
	int kind, id, node, mode, holder, held, uid, what; /* first column; -1 = not there */
	int id_width, holder_width;
};

enum {
	NODE_FROM = 70,
	UID_FROM = 100,
	WIDE_FROM = 64,
};

static struct columns columns_of(int cols)
{
	struct columns c = {.kind = 1, .id = 7, .node = -1, .uid = -1};
	int at;

	c.id_width = cols >= UID_FROM ? 20 : cols >= WIDE_FROM ? 7 : 6;
	at = c.id + c.id_width + 1;
	if (cols >= NODE_FROM) {
		c.node = at;
		at += 5;
	}
	c.mode = at;
	c.holder = at + 5;
	c.holder_width = cols >= WIDE_FROM ? 18 : 15;
	c.held = c.holder + c.holder_width + 1;
	at = c.held + 9;
	if (cols >= UID_FROM) {
		c.uid = at;
		at += 7;
	}
	c.what = at;
	return c;
}

static const struct heading {
	const char *title, *order; /* as in locks_orders; NULL = none */
	size_t at;		   /* in struct columns */
	int shift;
} headings[] = {
	{"KIND", "lock", offsetof(struct columns, kind), 0},
	{"ID", NULL, offsetof(struct columns, id), 0},
	{"NODE", "node", offsetof(struct columns, node), 0},
	{"MODE", "mode", offsetof(struct columns, mode), 0},
	{"HOLDER", "pid", offsetof(struct columns, holder), 0},
	{"HELD", "held", offsetof(struct columns, held), 4},
	{"UID", "uid", offsetof(struct columns, uid), 2},
	{"WHAT", "what", offsetof(struct columns, what), 0},
};

/* -1 = not there */
static int heading_col(const struct columns *c, const struct heading *h)
{
	int at = *(const int *)((const char *)c + h->at);

	return at < 0 ? at : at + h->shift;
}

static void draw_header(const struct locks_draw *d, const struct columns *c)
{
	const char *order = locks_orders[d->w->order].id;
	struct ui_style s = style(d, THEME_DIM);
	bool sorted = d->w->order || d->w->inverted;

	for (size_t i = 0; i < ARRAY_LEN(headings); i++) {
		const struct heading *h = &headings[i];
		int col = heading_col(c, h);

		if (col < 0)
			continue;
		col = view_text(d->v, 0, col, s, h->title);
		if (sorted && h->order && strcmp(h->order, order) == 0)
			view_fill(d->v, 0, col, 1, 1, style(d, THEME_STRONG),
				d->w->inverted ? d->p->glyphs->down : d->p->glyphs->up);
	}
}

int locks_pane_heading(const struct locks_pane *w, int col)
{
	struct columns c = columns_of(w->cols);

	for (size_t i = 0; i < ARRAY_LEN(headings); i++) {
		int from = heading_col(&c, &headings[i]);

		if (from < 0 || col < from || col >= from + (int)strlen(headings[i].title))
			continue;
		for (size_t k = 0; headings[i].order && k < locks_norders; k++)
			if (strcmp(locks_orders[k].id, headings[i].order) == 0)
				return (int)k;
	}
	return -1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_stale(const struct locks_row *r)
{
	return r->who && (r->who->stale || !r->who->live);
}

static struct ui_style mode_style(const struct locks_draw *d, const struct locks_row *r)
{
	if (!r->who)
		return style(d, THEME_DIM);
	if (r->waits)
		return style(d, THEME_WARN);
	if (is_stale(r))
		return style(d, THEME_ALERT);
	return style(d, r->who->mode == LOCKFILE_EXCLUSIVE ? THEME_STRONG : THEME_TEXT);
}

/* "41822", "41840 fork fd 9", "43110 +1", "44010 waiting". */
static void holder_text(const struct locks_item *it, struct str *out)
{
	const struct locks_who *who = it->row.who;

	if (!who) {
		str_addc(out, '-');
		return;
	}
	str_printf(out, "%d", (int)who->pid);
	if (it->hidden)
		str_printf(out, " +%u", it->hidden);
	else if (it->row.waits)
		str_add(out, " waiting");
	else if (who->acquirer && who->acquirer != who->pid && who->fd >= 0)
		str_printf(out, " fork fd %d", who->fd);
	else if (who->acquirer && who->acquirer != who->pid)
		str_add(out, " fork");
}

static void what_text(const struct locks_row *r, struct str *out)
{
	if (!r->who) {
		str_add(out, "free");
		return;
	}
	if (r->who->stale && r->who->live)
		str_printf(out, "STALE: acquirer %d is gone; ", (int)r->who->acquirer);
	str_add(out,
		r->who->live ? r->who->cmdline : "STALE: gone, and nobody is found who has it");
}

static void draw_lock(
	const struct locks_draw *d, int row, const struct columns *c, const struct locks_item *it)
{
	const struct locks_file *f = it->row.f;
	bool numbered = f->kind == LOCKFILE_LLC || f->kind == LOCKFILE_CPU;

	if (!it->row.first)
		return;
	if (it->foldable)
		view_fill(d->v, row, 0, 1, 1, style(d, THEME_DIM),
			it->hidden ? d->p->glyphs->closed : d->p->glyphs->open);
	view_text(d->v, row, c->kind, style(d, THEME_TEXT), locks_kind_name(f->kind));
	if (numbered)
		view_printf(d->v, row, c->id, style(d, THEME_STRONG), "%u", f->number);
	else
		view_field(d->v, row, c->id, c->id_width, style(d, THEME_STRONG), f->key);
	if (c->node >= 0 && numbered && f->node >= 0)
		view_printf(d->v, row, c->node, style(d, THEME_DIM), "%4d", f->node);
	else if (c->node >= 0 && numbered)
		view_text(d->v, row, c->node + 3, style(d, THEME_DIM), "?");
}

static void draw_who(
	const struct locks_draw *d, int row, const struct columns *c, const struct locks_item *it)
{
	cleanup_str struct str mode = STR_INIT, holder = STR_INIT, held = STR_INIT, what = STR_INIT;
	const struct locks_who *who = it->row.who;
	struct ui_style s = style(d, who ? THEME_TEXT : THEME_DIM);

	locks_mode_text(&it->row, &mode);
	holder_text(it, &holder);
	what_text(&it->row, &what);
	view_text(d->v, row, c->mode, mode_style(d, &it->row), str_get(&mode));
	view_field(d->v, row, c->holder, c->holder_width, s, str_get(&holder));
	if (who) {
		locks_time_text(&who->held, &held);
		view_printf(d->v, row, c->held, s, "%8s", str_get(&held));
	}
	if (who && c->uid >= 0 && who->has_uid)
		view_printf(d->v, row, c->uid, style(d, THEME_DIM), "%5u", (unsigned)who->uid);
	view_field(d->v, row, c->what, d->v.at.cols - c->what - 1,
		is_stale(&it->row) ? style(d, THEME_ALERT) : s, str_get(&what));
}

static void draw_item(const struct locks_draw *d, int row, const struct columns *c, size_t i)
{
	const struct locks_item *it = &d->w->items.v[i];
	bool match = d->w->find && locks_pane_matches(it, d->w->find);

	draw_lock(d, row, c, it);
	draw_who(d, row, c, it);
	if (i == d->w->at)
		view_restyle(d->v, row, 0, d->v.at.cols,
			style(d, d->p->focused ? THEME_SELECTED : THEME_SELECTED_IDLE));
	else if (match)
		view_restyle(d->v, row, 0, d->v.at.cols, style(d, THEME_MATCH));
}

static void draw_table(const struct locks_draw *d, int rows)
{
	struct columns c = columns_of(d->v.at.cols);
	struct locks_draw body = *d;

	draw_header(d, &c);
	body.v = view_sub(d->v, 1, 0, rows, d->v.at.cols);
	for (int i = 0; i < rows && (size_t)d->w->top + (size_t)i < d->w->items.n; i++)
		draw_item(&body, i, &c, (size_t)d->w->top + (size_t)i);
	if (!d->w->items.n)
		view_text(body.v, 0, 1, style(d, THEME_DIM),
			d->w->filter	   ? "nothing passes the filter (\\ changes it)"
			: d->w->waits_only ? "nobody waits"
					   : "nobody holds a lock");
}

void locks_pane_draw(const struct locks_pane *w, const struct paint *p, struct view v)
{
	struct locks_draw d = {w, p, v};
	struct locks_areas a = locks_pane_areas(w);
	int row = 1 + a.table;

	if (!w->l) {
		view_text(v, 0, 1, theme_style(p->theme, THEME_DIM),
			w->snap ? "there is no /proc/locks on this machine"
				: "reading this machine's locks ...");
		return;
	}
	if (w->history) {
		locks_draw_history(&d, v.at.rows);
		return;
	}
	draw_table(&d, a.table);
	locks_draw_waits(&d, row, a.waits);
	locks_draw_events(&d, row + a.waits, a.events);
	locks_draw_details(&d, row + a.waits + a.events, a.details);
}
