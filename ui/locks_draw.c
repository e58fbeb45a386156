/* The locks pane as cells. Pure. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "ui/locks_view.h"

struct draw {
	const struct locks_pane *w;
	const struct paint *p;
	struct view v;
};

static struct ui_style style(const struct draw *d, enum theme_role role)
{
	return theme_style(d->p->theme, role);
}

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

static void draw_header(const struct draw *d, const struct columns *c)
{
	struct ui_style s = style(d, THEME_DIM);

	view_text(d->v, 0, c->kind, s, "KIND");
	view_text(d->v, 0, c->id, s, "ID");
	if (c->node >= 0)
		view_text(d->v, 0, c->node, s, "NODE");
	view_text(d->v, 0, c->mode, s, "MODE");
	view_text(d->v, 0, c->holder, s, "HOLDER");
	view_text(d->v, 0, c->held + 4, s, "HELD");
	if (c->uid >= 0)
		view_text(d->v, 0, c->uid + 2, s, "UID");
	view_text(d->v, 0, c->what, s, "WHAT");
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_stale(const struct locks_row *r)
{
	return r->who && (r->who->stale || !r->who->live);
}

static struct ui_style mode_style(const struct draw *d, const struct locks_row *r)
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
	const struct draw *d, int row, const struct columns *c, const struct locks_item *it)
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
	const struct draw *d, int row, const struct columns *c, const struct locks_item *it)
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

static void draw_item(const struct draw *d, int row, const struct columns *c, size_t i)
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

static void draw_table(const struct draw *d, int rows)
{
	struct columns c = columns_of(d->v.at.cols);
	struct draw body = *d;

	draw_header(d, &c);
	body.v = view_sub(d->v, 1, 0, rows, d->v.at.cols);
	for (int i = 0; i < rows && (size_t)d->w->top + (size_t)i < d->w->items.n; i++)
		draw_item(&body, i, &c, (size_t)d->w->top + (size_t)i);
	if (!d->w->items.n)
		view_text(body.v, 0, 1, style(d, THEME_DIM),
			d->w->waits_only ? "nobody waits" : "nobody holds a lock");
}

/* ---- waits and events ------------------------------------------------------------------------ */

static void draw_rule(const struct draw *d, int row, const char *title)
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

static void draw_waits(const struct draw *d, int row, int rows)
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
		}
}

static void draw_event(const struct draw *d, int row, const struct locks_event *e)
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

static void draw_events(const struct draw *d, int row, int rows, const char *title, int skip)
{
	size_t n = d->w->l->nevents;

	if (!rows)
		return;
	draw_rule(d, row, title);
	for (int i = 0; i + 1 < rows && (size_t)i + (size_t)skip < n; i++)
		draw_event(d, row + 1 + i, &d->w->l->events[n - 1 - (size_t)i - (size_t)skip]);
}

/* ---- details --------------------------------------------------------------------------------- */

static void draw_details(const struct draw *d, int row, int rows)
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

void locks_pane_draw(const struct locks_pane *w, const struct paint *p, struct view v)
{
	struct draw d = {w, p, v};
	struct locks_areas a = locks_pane_areas(w);
	int row = 1 + a.table;

	if (!w->l) {
		view_text(v, 0, 1, theme_style(p->theme, THEME_DIM),
			w->snap ? "there is no /proc/locks on this machine"
				: "reading this machine's locks ...");
		return;
	}
	if (w->history) {
		draw_events(&d, 0, v.at.rows, "history, newest first", w->scrolled);
		return;
	}
	draw_table(&d, a.table);
	draw_waits(&d, row, a.waits);
	draw_events(&d, row + a.waits, a.events, "last events", 0);
	draw_details(&d, row + a.waits + a.events, a.details);
}
