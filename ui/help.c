/* The help overlay: the key rows of the pane and the global ones, under headings; typing narrows it
 * to the lines that match. */
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "ui/app_state.h"

enum { GAP = 2, LEAST = 30 };

/* A heading (key == NULL) or a key and what it does. Borrowed from const tables. */
struct line {
	const char *key, *text;
};

struct help {
	struct pane *host;
	const char *name; /* of the pane */
	VEC(struct line) all, shown;
	struct field filter;
	int key_width, line_width; /* of the longest: nothing is cut where there is room */
	int rows, cols, page;
};

static const char *const headings[KEY_GROUPS] = {
	[KEYS_MOVE] = "MOVE",
	[KEYS_FIND] = "FIND",
	[KEYS_PANE] = "THIS PANE",
	[KEYS_EVERYWHERE] = "EVERYWHERE",
	[KEYS_CHANGES] = "CHANGES SOMETHING",
};

static void add_group(
	struct help *h, const struct key_table *t, enum key_group g, unsigned have, bool *headed)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const struct key_row *r = &t->rows[i];

		if (!r->help || r->group != g || (r->need & ~have))
			continue;
		if (!*headed)
			vec_push(&h->all, (struct line){NULL, headings[g]});
		*headed = true;
		vec_push(&h->all, (struct line){r->shown ? r->shown : r->keys, r->help});
	}
}

static void measure(struct help *h)
{
	int key = 0, text = 0;

	for (size_t i = 0; i < h->all.n; i++) {
		const struct line *l = &h->all.v[i];
		int k = l->key ? (int)utf8_width(l->key) : 0, t = (int)utf8_width(l->text);

		key = k > key ? k : key;
		text = l->key && t > text ? t : text;
	}
	h->key_width = key + GAP;
	h->line_width = 1 + h->key_width + text + GAP;
}

static bool has(const char *text, const char *word)
{
	return text && strcasestr(text, word);
}

/* Lines that match, with the headings above them. */
static void narrow(struct help *h)
{
	const char *word = str_get(&h->filter.text);
	const struct line *heading = NULL;

	h->shown.n = 0;
	h->page = 0;
	for (size_t i = 0; i < h->all.n; i++) {
		const struct line *l = &h->all.v[i];

		if (!l->key) {
			heading = l;
			continue;
		}
		if (*word && !has(l->key, word) && !has(l->text, word))
			continue;
		if (heading)
			vec_push(&h->shown, *heading);
		heading = NULL;
		vec_push(&h->shown, *l);
	}
}

static void *help_open(struct pane *host, const void *arg, struct err *e)
{
	const struct pane *of = arg;
	struct help *h = xcalloc(1, sizeof(*h));
	/* A search that happens to be active says nothing about which keys there are. */
	unsigned have = app_features(pane_app(host)) | UI_SEARCHING;
	/* A pane that takes every key has only its own. */
	bool captured = of && of->ops->captures && of->ops->captures(of->self);

	(void)e;
	h->host = host;
	h->name = of ? of->ops->name : "ktstr";
	for (int g = 0; g < KEY_GROUPS; g++) {
		bool headed = false;

		add_group(h, app_pane_keys(of), (enum key_group)g, have, &headed);
		if (!captured)
			add_group(h, &app_global_keys, (enum key_group)g, have, &headed);
	}
	measure(h);
	narrow(h);
	return h;
}

static void help_close(void *self)
{
	struct help *h = self;

	free(h->all.v);
	free(h->shown.v);
	field_release(&h->filter);
	free(h);
}

static void help_resized(void *self, int rows, int cols)
{
	struct help *h = self;

	h->rows = rows;
	h->cols = cols;
	h->page = 0;
}

static int columns(const struct help *h)
{
	return h->cols > 2 * h->line_width ? 2 : 1;
}

static int list_rows(const struct help *h)
{
	return h->rows > 2 ? h->rows - 2 : 1; /* the filter and a blank above */
}

static int pages(const struct help *h)
{
	int per = list_rows(h) * columns(h), n = ((int)h->shown.n + per - 1) / per;

	return n > 0 ? n : 1;
}

static bool help_captures(const void *self)
{
	(void)self;
	return true;
}

static void help_input(void *self, const struct ui_key *k)
{
	struct help *h = self;

	if (ui_is_fn(k, UI_FN_PGDN) || ui_is_fn(k, UI_FN_DOWN))
		h->page = h->page + 1 < pages(h) ? h->page + 1 : h->page;
	else if (ui_is_fn(k, UI_FN_PGUP) || ui_is_fn(k, UI_FN_UP))
		h->page = h->page ? h->page - 1 : 0;
	else if (ui_is_fn(k, UI_FN_ESC) || ui_is_fn(k, UI_FN_ENTER) ||
		 ui_is_char(k, 'c', UI_CTRL) || ui_is_fn(k, UI_FN_F1))
		pane_close(h->host);
	else if (field_key(&h->filter, k) == FIELD_CHANGED)
		narrow(h);
}

static const struct key_row rows[] = {
	{.keys = "a", .shown = "type", .hint = "to search", .priority = 3},
	{.keys = "PgDn", .shown = "PgUp PgDn", .hint = "Page", .priority = 2},
	{.keys = "Esc", .hint = "Close", .priority = 4},
};
static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

static const struct key_table *help_keys(const void *self)
{
	(void)self;
	return &table;
}

static void help_draw(const void *self, const struct paint *p, struct view v)
{
	const struct help *h = self;
	int per = list_rows(h), ncols = columns(h), width = v.at.cols / ncols;
	size_t on_page = (size_t)per * (size_t)ncols, from = (size_t)h->page * on_page;
	int col = view_text(v, 0, 1, theme_style(p->theme, THEME_KEY), "/");

	field_draw(&h->filter, v, 0, col, v.at.cols - col - 1, theme_style(p->theme, THEME_TEXT),
		p->focused);
	if (!h->shown.n)
		view_text(v, 2, 2, theme_style(p->theme, THEME_DIM), "no key does that");
	for (size_t i = from; i < h->shown.n && i < from + on_page; i++) {
		const struct line *l = &h->shown.v[i];
		int at = (int)(i - from), row = 2 + at % per, x = 1 + at / per * width;

		if (!l->key) {
			view_field(v, row, x, width - GAP, theme_style(p->theme, THEME_STRONG),
				l->text);
			continue;
		}
		view_field(v, row, x + 1, h->key_width, theme_style(p->theme, THEME_KEY), l->key);
		view_field(v, row, x + 1 + h->key_width, width - h->key_width - 1 - GAP,
			theme_style(p->theme, THEME_TEXT), l->text);
	}
}

static void help_want(const void *self, int *rows_out, int *cols)
{
	const struct help *h = self;
	int lines = (int)h->all.n;
	/* Two columns where the screen has them; as high as that needs, filter line included. */
	int room = *cols - 4, one = h->line_width + 1, two = 2 * h->line_width + 1;

	*cols = room >= two ? two : one > LEAST ? one : LEAST;
	if (room >= two)
		lines = (lines + 1) / 2;
	*rows_out = lines + 2 < *rows_out - 2 ? lines + 2 : *rows_out - 2;
}

static void help_status(const void *self, struct pane_status *out)
{
	const struct help *h = self;

	str_printf(&out->title, "Help: %s", h->name);
	if (h->rows && pages(h) > 1)
		str_printf(&out->foot, "page %d/%d", h->page + 1, pages(h));
}

static const struct pane_ops dialog_help = {
	.id = "help",
	.name = "Help",
	.open = help_open,
	.close = help_close,
	.resized = help_resized,
	.captures = help_captures,
	.input = help_input,
	.draw = help_draw,
	.status = help_status,
	.keys = help_keys,
	.want = help_want,
};

void app_help(struct app *a)
{
	struct err e = ERR_INIT;

	(void)app_dialog(a, &dialog_help, app_focused(a), &e);
}
