#include "ui/chrome.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "src/base/utf8.h"

static struct ui_style style(const struct app *a, enum theme_role role)
{
	return theme_style(&a->theme, role);
}

/* ---- tab bar --------------------------------------------------------------------------------- */

static void tab_text(const struct app *a, size_t i, struct str *out)
{
	const struct pane *p = a->panes.v[i];
	bool focus = i == a->focus;

	str_printf(out, "%c%d %s", focus ? '[' : ' ', p->number, str_get(&p->status.tab));
	if (p->status.mark)
		str_addc(out, p->status.mark);
	str_addc(out, focus ? ']' : ' ');
}

size_t chrome_tab_at(const struct app *a, int col)
{
	int at = 0;

	for (size_t i = 0; i < a->panes.n; i++) {
		cleanup_str struct str text = STR_INIT;

		tab_text(a, i, &text);
		at += (int)utf8_width(str_get(&text));
		if (col < at)
			return i;
	}
	return a->panes.n;
}

/* A piece of the bar's right end; the least important go first when it is narrow. */
struct piece {
	char text[80];
	enum theme_role role;
	int priority;
};

enum { PIECES = 8 };

static void piece(struct piece *p, int *n, int priority, enum theme_role role, const char *text)
{
	if (!*text || *n >= PIECES)
		return;
	p[*n].role = role;
	p[*n].priority = priority;
	snprintf(p[*n].text, sizeof(p->text), "%.79s", text);
	++*n;
}

static void live_text(const struct app *a, struct str *out)
{
	if (a->paused) {
		uint64_t s = (clock_mono_ns() - a->paused_at) / NS_PER_SEC;

		str_printf(out, " PAUSED %02llu:%02llu ", (unsigned long long)(s / 60),
			(unsigned long long)(s % 60));
		return;
	}
	str_add(out, "every ");
	app_format_delay(a->delay_ns, out);
}

static int pieces(const struct app *a, struct piece *p)
{
	const struct snapshot *s = a->snapshot;
	cleanup_str struct str live = STR_INIT;
	time_t now = (time_t)(clock_real_ns() / NS_PER_SEC);
	char text[80] = "";
	struct tm tm;
	int n = 0;

	if (s)
		piece(p, &n, 40, THEME_TAB, s->host);
	if (s && s->topo)
		piece(p, &n, 50, THEME_TAB, s->topo->notation);
	if (s && s->stat && s->stat->has_load) {
		snprintf(text, sizeof(text), "load %.1f", s->stat->load[0]);
		piece(p, &n, 20, THEME_TAB, text);
	}
	if (a->zoom && a->panes.n > 1)
		piece(p, &n, 70, THEME_TAB, "zoomed");
	if (a->opt.readonly)
		piece(p, &n, 80, THEME_BADGE, " READ-ONLY ");
	live_text(a, &live);
	piece(p, &n, a->paused ? 100 : 30, a->paused ? THEME_BADGE : THEME_TAB, str_get(&live));
	if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		piece(p, &n, 90, THEME_TAB, text);
	return n;
}

static int pieces_width(const struct piece *p, int n, int least)
{
	int width = 0;

	for (int i = 0; i < n; i++)
		if (p[i].priority >= least)
			width += 2 + (int)utf8_width(p[i].text);
	return width;
}

void chrome_tabs(const struct app *a, struct view v)
{
	struct piece p[PIECES];
	int n = pieces(a, p), col = 0, least = 0, right;

	for (size_t i = 0; i < a->panes.n; i++) {
		cleanup_str struct str text = STR_INIT;
		enum theme_role role = i == a->focus			   ? THEME_TAB_FOCUS
				       : a->panes.v[i]->status.mark == '!' ? THEME_WARN
									   : THEME_TAB;

		tab_text(a, i, &text);
		col = view_text(v, 0, col, style(a, role), str_get(&text));
	}
	while (least <= 100 && pieces_width(p, n, least) > v.at.cols - col)
		least += 10;
	right = v.at.cols - pieces_width(p, n, least);
	for (int i = 0; i < n; i++) {
		if (p[i].priority < least)
			continue;
		right = view_text(v, 0, right + 2, style(a, p[i].role), p[i].text);
	}
}

/* ---- frames ---------------------------------------------------------------------------------- */

static enum theme_role title_role(const struct pane *p, bool focused)
{
	return !focused ? THEME_TITLE : p->status.input ? THEME_TITLE_INPUT : THEME_TITLE_FOCUS;
}

void chrome_title(const struct app *a, const struct pane *p, struct view v)
{
	enum theme_role role = p == app_focused(a) ? title_role(p, true) : THEME_TITLE;

	view_field(v, 0, 0, v.at.cols, style(a, role), str_get(&p->status.title));
}

int chrome_border_room(int cols)
{
	return cols - 4;
}

/* " text " in a border's row. */
static void border_text(struct view v, int row, struct ui_style s, const char *text)
{
	int room = chrome_border_room(v.at.cols), width = (int)utf8_width(text);

	if (room < 1 || !*text)
		return;
	view_cell(v, row, 1, &(struct ui_cell){.fg = s.fg, .bg = s.bg, .attr = s.attr, .width = 1});
	width = width < room ? width : room;
	view_field(v, row, 2, width, s, text);
	view_cell(v, row, 2 + width,
		&(struct ui_cell){.fg = s.fg, .bg = s.bg, .attr = s.attr, .width = 1});
}

static void box(struct view v, const struct glyphs *g, bool focused, struct ui_style s)
{
	int r = v.at.rows - 1, c = v.at.cols - 1;
	uint32_t h = focused ? g->fh : g->h, side = focused ? g->fv : g->v;

	view_fill(v, 0, 1, 1, c - 1, s, h);
	view_fill(v, r, 1, 1, c - 1, s, h);
	view_fill(v, 1, 0, r - 1, 1, s, side);
	view_fill(v, 1, c, r - 1, 1, s, side);
	view_fill(v, 0, 0, 1, 1, s, focused ? g->ftl : g->tl);
	view_fill(v, 0, c, 1, 1, s, focused ? g->ftr : g->tr);
	view_fill(v, r, 0, 1, 1, s, focused ? g->fbl : g->bl);
	view_fill(v, r, c, 1, 1, s, focused ? g->fbr : g->br);
}

void chrome_frame(const struct app *a, const struct pane *p, bool focused, struct view v)
{
	box(v, glyphs_get(a->opt.ascii), focused,
		style(a, focused ? THEME_BORDER_FOCUS : THEME_BORDER));
	border_text(v, 0, style(a, title_role(p, focused)), str_get(&p->status.title));
	border_text(v, v.at.rows - 1, style(a, focused ? THEME_TITLE_FOCUS : THEME_TITLE),
		str_get(&p->status.foot));
}

struct ui_rect chrome_dialog_inside(const struct canvas *c, const struct pane *p)
{
	/* Message and footer stay in sight. */
	int height = c->rows >= 6 ? c->rows - 2 : c->rows, rows = height, cols = c->cols;
	int frame = c->rows >= 6 && c->cols >= 12 ? 2 : 0;

	p->ops->want(p->self, &rows, &cols);
	if (rows > height - frame)
		rows = height - frame;
	if (cols > c->cols - frame)
		cols = c->cols - frame;
	return (struct ui_rect){(height - rows) / 2, (c->cols - cols) / 2, rows, cols};
}

void chrome_dialog_box(const struct app *a, const struct pane *p, struct view v)
{
	struct ui_rect r = chrome_dialog_inside(v.canvas, p);

	if (v.at.rows >= 6 && v.at.cols >= 12)
		chrome_frame(a, p, true, view_sub(v, r.row - 1, r.col - 1, r.rows + 2, r.cols + 2));
	view_fill(v, r.row, r.col, r.rows, r.cols, style(a, THEME_TEXT), 0);
}

/* ---- message --------------------------------------------------------------------------------- */

static void prompt_line(const struct app *a, struct view v)
{
	static const char *const labels[PROMPT_KINDS] = {
		[PROMPT_SEARCH] = "/",
		[PROMPT_DELAY] = "time between updates: ",
		[PROMPT_FILTER] = "\\ ",
		[PROMPT_EXPORT] = "export to: ",
	};
	int col = view_text(v, 0, 1, style(a, THEME_KEY), labels[a->prompt.kind]);

	field_draw(&a->prompt.field, v, 0, col, v.at.cols - col - 1, style(a, THEME_TEXT), true);
}

void chrome_message(const struct app *a, struct view v)
{
	static const enum theme_role roles[] = {THEME_TEXT, THEME_WARN, THEME_ALERT};
	struct ui_style s = style(a, roles[a->message.severity]);

	view_fill(v, 0, 0, 1, v.at.cols, style(a, THEME_TEXT), 0);
	if (a->prompt.kind != PROMPT_NONE) {
		prompt_line(a, v);
	} else if (a->message.text.len) {
		if (a->message.severity != APP_INFO)
			view_text(v, 0, 0, s, "!");
		/* An alert stays until it is sent away; how, is said where Esc is ours. */
		bool esc = a->message.severity == APP_ALERT && !a->dialogs.n && !app_capturing(a);
		int room = v.at.cols - 2 - (esc ? 7 : 0);

		view_field(v, 0, 2, room, s, str_get(&a->message.text));
		if (esc)
			view_text(v, 0, v.at.cols - 5, style(a, THEME_DIM), "(Esc)");
	} else if (a->search.active && a->search.pane == app_focused(a)) {
		view_printf(v, 0, 1, style(a, THEME_DIM), "/%s", str_get(&a->search.text));
	}
}

/* ---- footer ---------------------------------------------------------------------------------- */

struct hint {
	const char *key, *word;
	int priority, width;
};

struct hints {
	VEC(struct hint) list;
};

static void add_hint(struct hints *h, const char *key, const char *word, int priority)
{
	vec_push(&h->list, (struct hint){key, word, priority,
				   (int)utf8_width(key) + 1 + (int)utf8_width(word)});
}

/* A pane's own key hides the global meaning. */
static bool is_shadowed(const struct key_table *by, const struct key_row *r, unsigned have)
{
	struct ui_key k;

	return ui_key_parse(r->keys, strcspn(r->keys, " "), &k) && keymap_find(by, &k, have);
}

/* Nor does a row do anything whose key an earlier one has. */
static bool is_first(const struct key_table *t, const struct key_row *r, unsigned have)
{
	struct ui_key k;

	return !ui_key_parse(r->keys, strcspn(r->keys, " "), &k) || keymap_find(t, &k, have) == r;
}

static void add_rows(struct hints *h, const struct key_table *t, size_t from, size_t to,
	const struct key_table *hidden_by, unsigned have)
{
	for (size_t i = from; t && i < t->n && i < to; i++) {
		const struct key_row *r = &t->rows[i];

		if (!r->hint || (r->need & ~have) || is_shadowed(hidden_by, r, have) ||
			!is_first(t, r, have))
			continue;
		add_hint(h, r->shown ? r->shown : r->keys, r->hint, r->priority);
	}
}

static void gather(const struct app *a, struct hints *h)
{
	const struct pane *top = app_top(a);
	const struct key_table *own = app_pane_keys(top);
	unsigned have = app_features(a) | (top ? top->status.features : 0);

	if (a->prompt.kind != PROMPT_NONE) {
		add_hint(h, "Enter", "Accept", 4);
		add_hint(h, "Esc", "Cancel", 3);
		add_hint(h, "Up Down", "History", 2);
		add_hint(h, "C-u", "Clear", 1);
	} else if (a->dialogs.n || app_capturing(a)) {
		add_rows(h, own, 0, SIZE_MAX, NULL, have);
	} else {
		/* Help leads, the pane's keys follow, then what works everywhere. */
		add_rows(h, &app_global_keys, 0, 1, own, have);
		add_rows(h, own, 0, SIZE_MAX, NULL, have);
		add_rows(h, &app_global_keys, 1, SIZE_MAX, own, have);
	}
}

/* Drops the least important hints until the rest fits. */
static void fit(struct hints *h, int room)
{
	for (;;) {
		size_t least = 0;
		int width = 0;

		for (size_t i = 0; i < h->list.n; i++) {
			width += h->list.v[i].width + (i ? 2 : 0);
			if (h->list.v[i].priority <= h->list.v[least].priority)
				least = i;
		}
		if (width <= room || h->list.n <= 1)
			return;
		memmove(&h->list.v[least], &h->list.v[least + 1],
			(h->list.n - least - 1) * sizeof(*h->list.v));
		h->list.n--;
	}
}

void chrome_footer(const struct app *a, struct view v)
{
	const struct key_table *own = app_pane_keys(app_top(a));
	struct hints h = {{0}};
	int col = 1;

	view_fill(v, 0, 0, 1, v.at.cols, style(a, THEME_HINT), 0);
	if (own && own->before && a->prompt.kind == PROMPT_NONE)
		col = view_text(v, 0, col, style(a, THEME_DIM), own->before) + 1;
	gather(a, &h);
	fit(&h, v.at.cols - col - 1);
	for (size_t i = 0; i < h.list.n; i++) {
		col = view_text(v, 0, col, style(a, THEME_KEY), h.list.v[i].key) + 1;
		col = view_text(v, 0, col, style(a, THEME_HINT), h.list.v[i].word) + 2;
	}
	free(h.list.v);
}

/* ---- too small for panes --------------------------------------------------------------------- */

void chrome_summary(const struct app *a, struct view v)
{
	for (size_t i = 0; i < a->panes.n; i++) {
		const struct pane *p = a->panes.v[i];
		struct ui_style s = style(a, i == a->focus ? THEME_STRONG : THEME_TEXT);
		int col;

		col = view_printf(v, (int)i, 0, style(a, THEME_KEY), "%d ", p->number);
		col = view_text(v, (int)i, col, s, str_get(&p->status.tab));
		if (p->status.mark)
			col = view_printf(v, (int)i, col, s, "%c", p->status.mark);
		view_field(v, (int)i, col + 2, v.at.cols - col - 2, style(a, THEME_TEXT),
			str_get(&p->status.summary));
	}
}
