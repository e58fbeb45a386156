/* What a new guest should be: a few fields with defaults, Enter boots. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "ui/boot.h"
#include "ui/boot_fields.h"
#include "ui/panes.h"
#include "ui/paragraph.h"
#include "ui/app.h"

static void say(struct boot *b, int wrong, const struct err *e)
{
	b->wrong = wrong;
	str_clear(&b->error);
	utf8_sanitize(&b->error, e->msg, strlen(e->msg), false);
	if (e->hint[0]) {
		str_add(&b->error, "; ");
		utf8_sanitize(&b->error, e->hint, strcspn(e->hint, "\n"), false);
	}
	if (wrong >= 0)
		b->at = (enum item)wrong;
}

static void boot(struct boot *b)
{
	struct vm_config c = {0};
	struct err e = ERR_INIT;
	int wrong = -1;

	if (boot_read_all(b, &c, &wrong, &e)) {
		say(b, wrong, &e);
	} else {
		/* Closed first: the new pane gets the focus. */
		struct pane *p = app_open(pane_app(b->host), &pane_vm, &c, &e);

		if (p)
			pane_close(b->host);
		else
			say(b, KERNEL, &e);
	}
	boot_release(&c);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bool captures(const void *self)
{
	(void)self;
	return true;
}

static void move(struct boot *b, int by)
{
	b->at = (enum item)((b->at + ITEMS + by) % ITEMS);
}

/* What is typed is looked at when Enter is pressed, but what was wrong is looked at again at once.
 */
static void edited(struct boot *b)
{
	struct vm_config c = {0};
	struct err e = ERR_INIT;

	if (b->wrong < 0)
		return;
	if (boot_read(b, (enum item)b->wrong, &c, &e)) {
		say(b, b->wrong, &e);
	} else {
		b->wrong = -1;
		str_clear(&b->error);
	}
	boot_release(&c);
}

static void choose(struct boot *b, const struct ui_key *k)
{
	const struct boot_item *it = &boot_items[b->at];
	size_t n = it->nchoices, *at = &b->choice[b->at];

	if (ui_is_fn(k, UI_FN_RIGHT) || ui_is_char(k, ' ', 0))
		*at = (*at + 1) % n;
	else if (ui_is_fn(k, UI_FN_LEFT))
		*at = (*at + n - 1) % n;
	for (size_t i = 0; i < n; i++)
		if (ui_is_char(k, (unsigned char)it->choices[i][0], 0))
			*at = i;
	edited(b);
}

static void click(struct boot *b, const struct ui_key *k)
{
	if (k->mouse == UI_MOUSE_PRESS && k->row >= 0 && k->row < ITEMS)
		b->at = (enum item)k->row;
}

static bool is_back_tab(const struct ui_key *k)
{
	return k->kind == UI_KEY_FN && k->fn == UI_FN_TAB && k->mods == UI_SHIFT;
}

static void input(void *self, const struct ui_key *k)
{
	struct boot *b = self;

	if (k->kind == UI_KEY_MOUSE)
		click(b, k);
	else if (ui_is_fn(k, UI_FN_ENTER))
		boot(b);
	else if (ui_is_fn(k, UI_FN_ESC) || ui_is_char(k, 'c', UI_CTRL))
		pane_close(b->host);
	else if (ui_is_fn(k, UI_FN_TAB) || ui_is_fn(k, UI_FN_DOWN))
		move(b, 1);
	else if (is_back_tab(k) || ui_is_fn(k, UI_FN_UP))
		move(b, -1);
	else if (boot_items[b->at].choices)
		choose(b, k);
	else if (field_key(&b->field[b->at], k) == FIELD_CHANGED)
		edited(b);
}

static const struct key_row rows[] = {
	{.keys = "Enter", .hint = "Boot", .priority = 10, .help = "boot the guest"},
	{.keys = "Tab",
		.shown = "Tab Up Down",
		.hint = "Field",
		.priority = 8,
		.help = "next field, previous field"},
	{.keys = "Esc", .hint = "Cancel", .priority = 9, .help = "close without booting"},
};
static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};
static const struct key_section sections[] = {{"Boot dialog", &table}, {NULL, NULL}};

static const struct key_table *keys(const void *self)
{
	(void)self;
	return &table;
}

/* ---- picture -------------------------------------------------------------------------------- */

enum { LABEL = 16, WIDTH = 76, HELP_ROWS = 3, MARGINS = 2 };

static void draw_count(const struct boot *b, const struct paint *p, struct view v, int row)
{
	struct vm_config c = {0};
	cleanup_str struct str text = STR_INIT;

	if (boot_read(b, TOPOLOGY, &c, NULL))
		return;
	vm_topology_format(&c.topology, &text);
	str_printf(&text, ", %u CPU%s", c.topology.vcpus, c.topology.vcpus == 1 ? "" : "s");
	if (v.at.cols > LABEL + 30)
		view_text(v, row, v.at.cols - (int)text.len - 1, theme_style(p->theme, THEME_DIM),
			str_get(&text));
}

static void draw_choice(const struct boot *b, const struct paint *p, struct view v, enum item item)
{
	const struct boot_item *it = &boot_items[item];
	int col = LABEL;

	for (size_t i = 0; i < it->nchoices; i++) {
		bool on = i == b->choice[item];
		struct ui_style s = theme_style(p->theme, !on		  ? THEME_DIM
							  : b->at == item ? THEME_SELECTED
									  : THEME_STRONG);

		col = view_printf(v, (int)item, col, s, on ? "[%s]" : " %s ", it->choices[i]) + 1;
	}
}

static void draw_field(const struct boot *b, const struct paint *p, struct view v, enum item i)
{
	int row = (int)i, width = v.at.cols - LABEL - (i == TOPOLOGY ? 24 : 1);
	bool here = b->at == i;

	if (width < 8)
		width = v.at.cols - LABEL - 1;
	view_text(v, row, 0, theme_style(p->theme, here ? THEME_STRONG : THEME_DIM),
		here ? ">" : " ");
	view_text(v, row, 2,
		theme_style(p->theme, b->wrong == row ? THEME_ALERT
				      : here	      ? THEME_STRONG
						      : THEME_TEXT),
		boot_items[i].label);
	if (boot_items[i].choices) {
		draw_choice(b, p, v, i);
		return;
	}
	field_draw(&b->field[i], v, row, LABEL, width, theme_style(p->theme, THEME_FIELD),
		here && p->focused);
	if (!b->field[i].text.len)
		view_field(v, row, LABEL, width,
			theme_over(theme_style(p->theme, THEME_DIM),
				(struct ui_style){UI_DEFAULT, UI_DEFAULT, UI_UNDERLINE}),
			boot_items[i].empty);
	if (here && p->focused && !b->field[i].text.len)
		view_cursor(v, row, LABEL);
	if (i == TOPOLOGY)
		draw_count(b, p, v, row);
}

static void draw(const void *self, const struct paint *p, struct view v)
{
	const struct boot *b = self;

	for (int i = 0; i < ITEMS; i++)
		draw_field(b, p, v, (enum item)i);
	if (b->error.len)
		paragraph_draw(
			v, ITEMS + 1, 1, theme_style(p->theme, THEME_ALERT), str_get(&b->error));
	else
		paragraph_draw(
			v, ITEMS + 1, 1, theme_style(p->theme, THEME_DIM), boot_items[b->at].help);
}

static void status(const void *self, struct pane_status *out)
{
	const struct boot *b = self;

	str_add(&out->title, "New guest");
	if (b->what)
		str_printf(&out->title, ", shaped like %s", b->what);
}

/* What is wrong is said whole: the dialog grows with it. */
static void want(const void *self, int *rows_out, int *cols)
{
	const struct boot *b = self;
	int width = *cols - MARGINS < WIDTH ? *cols - MARGINS : WIDTH, said;

	said = paragraph_rows(width - MARGINS, str_get(&b->error));
	*rows_out = ITEMS + 1 + (said > HELP_ROWS ? said : HELP_ROWS);
	*cols = WIDTH;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void *open_dialog(struct pane *host, const void *arg, struct err *e)
{
	const struct boot_shape *shape = arg;
	struct boot *b = xcalloc(1, sizeof(*b));

	(void)e;
	b->host = host;
	b->wrong = -1;
	if (shape) {
		cleanup_str struct str text = STR_INIT;

		vm_topology_spell(&shape->topology, &text);
		field_set(&b->field[TOPOLOGY], str_get(&text));
		str_clear(&text);
		if (shape->topology.distances)
			vm_topology_spell_distances(&shape->topology, &text);
		field_set(&b->field[DISTANCES], str_get(&text));
		b->at = TOPOLOGY;
		if (shape->what)
			b->what = xstrdup(shape->what);
	}
	return b;
}

static void take_snapshot(void *self, const struct snapshot *s)
{
	struct boot *b = self;

	b->machine = s->topo;
}

static void close_dialog(void *self)
{
	struct boot *b = self;

	for (int i = 0; i < ITEMS; i++)
		field_release(&b->field[i]);
	str_release(&b->error);
	free(b->what);
	free(b);
}

const struct pane_ops dialog_boot = {
	.id = "boot",
	.name = "Boot a guest",
	.open = open_dialog,
	.close = close_dialog,
	.snapshot = take_snapshot,
	.captures = captures,
	.input = input,
	.draw = draw,
	.status = status,
	.keys = keys,
	.sections = sections,
	.want = want,
};
