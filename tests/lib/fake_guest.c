#include "tests/lib/fake_guest.h"

#include <stdlib.h>

#include "ui/app.h"

enum { ACT_TYPE = 1, ACT_CLOSE, ACT_BOOT };

struct guest {
	struct pane *host;
	bool input, prefix;
	int rows, cols;
	unsigned keys; /* typed into it */
};

static void *guest_open(struct pane *host, const void *arg, struct err *e)
{
	struct guest *g = xcalloc(1, sizeof(*g));

	(void)arg;
	(void)e;
	g->host = host;
	g->input = true;
	return g;
}

static void guest_resized(void *self, int rows, int cols)
{
	struct guest *g = self;

	g->rows = rows;
	g->cols = cols;
}

static bool guest_captures(const void *self)
{
	return ((const struct guest *)self)->input;
}

static void guest_input(void *self, const struct ui_key *k)
{
	struct guest *g = self;

	if (g->prefix) {
		g->prefix = false;
		if (ui_is_char(k, 'o', 0))
			g->input = false;
		else
			app_command(pane_app(g->host), k);
	} else if (ui_is_char(k, ']', UI_CTRL)) {
		g->prefix = true;
	} else {
		g->keys++;
	}
}

static void guest_action(void *self, int action, const struct ui_key *k)
{
	struct guest *g = self;

	(void)k;
	if (action == ACT_TYPE)
		g->input = true;
	else
		pane_close(g->host);
}

static void guest_draw(const void *self, const struct paint *p, struct view v)
{
	const struct guest *g = self;

	/* Sizes that disagree with what was told would be a bug of the layout. */
	if (v.at.rows != g->rows || v.at.cols != g->cols)
		abort();
	view_fill(v, 0, 0, g->rows, g->cols, theme_style(p->theme, THEME_DIM), '.');
	view_printf(v, 0, 0, theme_style(p->theme, THEME_TEXT), "guest %dx%d keys %u", g->cols,
		g->rows, g->keys);
	if (p->focused && g->input)
		view_cursor(v, 1, 0);
}

static void guest_status(const void *self, struct pane_status *out)
{
	const struct guest *g = self;

	str_add(&out->tab, "VM#1 run");
	str_add(&out->title, g->input ? "INPUT" : "Enter = type");
	str_add(&out->summary, "runs");
	out->input = g->input;
	out->running = true;
}

static const struct key_row input_rows[] = {
	{.keys = "o", .hint = "leave", .priority = 5},
};
static const struct key_row rows[] = {
	{.keys = "Enter i",
		.hint = "Type",
		.priority = 90,
		.group = KEYS_PANE,
		.help = "type into the guest",
		.action = ACT_TYPE},
	{.keys = "X",
		.hint = "Close",
		.priority = 9,
		.group = KEYS_CHANGES,
		.help = "close it",
		.need = UI_CAN_CHANGE,
		.action = ACT_CLOSE},
};
static const struct key_table input_table = {
	.before = "C-] then:", .rows = input_rows, .n = ARRAY_LEN(input_rows)};
static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};

static const struct key_table *guest_keys(const void *self)
{
	return guest_captures(self) ? &input_table : &table;
}

const struct pane_ops fake_guest = {
	.id = "vm",
	.name = "Guest",
	.number = 4,
	.guest = true,
	.open = guest_open,
	.close = free,
	.resized = guest_resized,
	.action = guest_action,
	.captures = guest_captures,
	.input = guest_input,
	.draw = guest_draw,
	.status = guest_status,
	.keys = guest_keys,
};

/* ---- the dialog ------------------------------------------------------------------------------ */

struct boot {
	struct pane *host;
};

static void *boot_open(struct pane *host, const void *arg, struct err *e)
{
	struct boot *b = xcalloc(1, sizeof(*b));

	(void)arg;
	(void)e;
	b->host = host;
	return b;
}

static void boot_action(void *self, int action, const struct ui_key *k)
{
	struct boot *b = self;
	struct err e = ERR_INIT;

	(void)k;
	if (action == ACT_BOOT && !app_open(pane_app(b->host), &fake_guest, NULL, &e))
		app_message(pane_app(b->host), APP_ALERT, "%s", e.msg);
	pane_close(b->host);
}

static void boot_draw(const void *self, const struct paint *p, struct view v)
{
	(void)self;
	view_text(v, 0, 0, theme_style(p->theme, THEME_TEXT), "boot?");
}

static void boot_status(const void *self, struct pane_status *out)
{
	(void)self;
	str_add(&out->title, "Boot a guest");
}

static const struct key_row boot_rows[] = {
	{.keys = "Enter", .hint = "Boot", .action = ACT_BOOT},
	{.keys = "Esc", .hint = "Cancel", .action = ACT_CLOSE},
};
static const struct key_table boot_table = {.rows = boot_rows, .n = ARRAY_LEN(boot_rows)};

static const struct key_table *boot_keys(const void *self)
{
	(void)self;
	return &boot_table;
}

static void boot_want(const void *self, int *want_rows, int *cols)
{
	(void)self;
	*want_rows = 3;
	*cols = 20;
}

const struct pane_ops fake_boot = {
	.id = "boot",
	.name = "Boot",
	.open = boot_open,
	.close = free,
	.action = boot_action,
	.draw = boot_draw,
	.status = boot_status,
	.keys = boot_keys,
	.want = boot_want,
};
