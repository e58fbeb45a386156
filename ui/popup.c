/* A modal question: a few answers, each with its letter; the last one is the safe one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "ui/app.h"

enum { CHOICES_MAX = 10 };

enum action { ACT_UP = 1, ACT_DOWN, ACT_ACCEPT, ACT_CLOSE };

struct question {
	const char *title, *text;
	const struct app_choice *choices;
	size_t n;
	void *user;
};

struct confirm {
	struct pane *host;
	char *title, *text;
	struct app_choice choices[CHOICES_MAX]; /* their texts are owned */
	size_t n, at;
	void *user;
};

static void *confirm_open(struct pane *host, const void *arg, struct err *e)
{
	const struct question *q = arg;
	struct confirm *c;

	if (!q->n) {
		err_set(e, EINVAL, "a question without an answer");
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->host = host;
	c->title = xstrdup(q->title);
	c->text = xstrdup(q->text);
	c->user = q->user;
	c->n = q->n < CHOICES_MAX ? q->n : CHOICES_MAX;
	for (size_t i = 0; i < c->n; i++) {
		c->choices[i] = q->choices[i];
		c->choices[i].text = xstrdup(q->choices[i].text);
	}
	c->at = c->n - 1;
	return c;
}

static void confirm_close(void *self)
{
	struct confirm *c = self;

	for (size_t i = 0; i < c->n; i++)
		free((char *)c->choices[i].text);
	free(c->title);
	free(c->text);
	free(c);
}

static void choose(struct confirm *c, size_t i)
{
	pane_close(c->host);
	if (c->choices[i].chosen)
		c->choices[i].chosen(c->user, c->choices[i].key);
}

static void confirm_action(void *self, int action, const struct ui_key *k)
{
	struct confirm *c = self;

	(void)k;
	if (action == ACT_UP)
		c->at = (c->at ? c->at : c->n) - 1;
	else if (action == ACT_DOWN)
		c->at = c->at + 1 < c->n ? c->at + 1 : 0;
	else
		choose(c, action == ACT_ACCEPT ? c->at : c->n - 1);
}

/* Every key comes here: letters answer, the table's keys move, all else is ignored. */
static bool confirm_captures(const void *self)
{
	(void)self;
	return true;
}

static const struct key_row rows[] = {
	{.keys = "Up k S-Tab", .action = ACT_UP},
	{.keys = "Down j Tab", .action = ACT_DOWN},
	{.keys = "Enter", .hint = "Accept", .priority = 2, .action = ACT_ACCEPT},
	{.keys = "Esc C-c", .shown = "Esc", .hint = "Stay", .priority = 3, .action = ACT_CLOSE},
};

static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

static const struct key_table *confirm_keys(const void *self)
{
	(void)self;
	return &table;
}

static void confirm_input(void *self, const struct ui_key *k)
{
	struct confirm *c = self;
	const struct key_row *r;

	for (size_t i = 0; i < c->n; i++) {
		if (!ui_is_char(k, (unsigned char)c->choices[i].key, 0))
			continue;
		choose(c, i);
		return;
	}
	r = keymap_find(&table, k, 0);
	if (r)
		confirm_action(c, r->action, k);
}

static void confirm_draw(const void *self, const struct paint *p, struct view v)
{
	const struct confirm *c = self;

	view_field(v, 0, 1, v.at.cols - 2, theme_style(p->theme, THEME_TEXT), c->text);
	for (size_t i = 0; i < c->n; i++) {
		int row = 2 + (int)i;
		struct ui_style s = theme_style(p->theme, i == c->at ? THEME_SELECTED : THEME_TEXT);

		view_fill(v, row, 1, 1, v.at.cols - 2, s, 0);
		view_printf(v, row, 1, s, " %c %c  %s", i == c->at ? '>' : ' ', c->choices[i].key,
			c->choices[i].text);
	}
}

static void confirm_want(const void *self, int *rows_out, int *cols)
{
	const struct confirm *c = self;
	size_t width = utf8_width(c->text);

	for (size_t i = 0; i < c->n; i++)
		if (utf8_width(c->choices[i].text) + 8 > width)
			width = utf8_width(c->choices[i].text) + 8;
	if (utf8_width(c->title) + 4 > width)
		width = utf8_width(c->title) + 4;
	*rows_out = (int)c->n + 2;
	*cols = (int)width + 2;
}

static void confirm_status(const void *self, struct pane_status *out)
{
	const struct confirm *c = self;

	str_add(&out->title, c->title);
}

static const struct pane_ops dialog_confirm = {
	.id = "confirm",
	.name = "Question",
	.open = confirm_open,
	.close = confirm_close,
	.action = confirm_action,
	.captures = confirm_captures,
	.input = confirm_input,
	.draw = confirm_draw,
	.status = confirm_status,
	.keys = confirm_keys,
	.want = confirm_want,
};

void app_confirm(struct app *a, const char *title, const char *text,
	const struct app_choice *choices, size_t n, void *user)
{
	const struct question q = {title, text, choices, n, user};
	struct err e = ERR_INIT;

	(void)app_dialog(a, &dialog_confirm, &q, &e);
}
