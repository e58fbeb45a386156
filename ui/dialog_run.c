/* The box in which a command is run in a guest: its line, its output, its status. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ui/field.h"
#include "ui/panes.h"
#include "ui/vm_view.h"

struct box {
	struct pane *host;
	struct vm_view *w;
	struct field field;
	int rows;      /* of output that are seen */
	size_t top;    /* first line shown, unless it follows */
	bool scrolled; /* else the newest lines are shown */
	struct str error;
};

enum { FRAME_ROWS = 2 }; /* the command and the line below it */

static size_t line_count(const struct vm_command *r)
{
	return r->lines.n + (r->open.len > 0);
}

static const char *line_at(const struct vm_command *r, size_t i)
{
	return i < r->lines.n ? r->lines.v[i] : str_get(&r->open);
}

static size_t newest_top(const struct box *b)
{
	size_t n = line_count(&b->w->run), seen = (size_t)(b->rows > 0 ? b->rows : 1);

	return n > seen ? n - seen : 0;
}

static size_t top_of(const struct box *b)
{
	size_t newest = newest_top(b);

	return b->scrolled && b->top < newest ? b->top : newest;
}

static void scroll(struct box *b, long by)
{
	size_t top = top_of(b), newest = newest_top(b);

	top = by < 0 ? (top > (size_t)-by ? top - (size_t)-by : 0) : top + (size_t)by;
	b->scrolled = top < newest;
	b->top = top;
	pane_dirty(b->host);
}

static void run(struct box *b)
{
	struct vm_command *r = &b->w->run;
	int rc;

	str_clear(&b->error);
	b->scrolled = false;
	if (!b->field.text.len)
		return;
	if (r->running)
		str_add(&b->error, "the command before is still running: C-c interrupts it");
	else if (b->w->over)
		str_add(&b->error, "the guest has ended");
	else if ((rc = vm_command_start(r, b->w->vm, str_get(&b->field.text))) != 0)
		str_printf(&b->error, "the guest cannot be asked: %s", strerror(-rc));
}

/* What is still running is interrupted first; the second time the box closes. */
static void interrupt(struct box *b)
{
	if (b->w->run.running && !b->w->over)
		vm_signal(b->w->vm, SIGINT);
	else
		pane_close(b->host);
}

static void copy(struct box *b)
{
	const struct vm_command *r = &b->w->run;
	cleanup_str struct str text = STR_INIT;

	for (size_t i = 0; i < line_count(r); i++)
		str_printf(&text, "%s\n", line_at(r, i));
	app_message(pane_app(b->host), APP_INFO, "%zu lines copied%s", line_count(r),
		app_copy(pane_app(b->host), str_get(&text), text.len));
}

enum action {
	ACT_RUN = 1,
	ACT_SHUT,
	ACT_BACK,
	ACT_FORTH,
	ACT_PAGE_BACK,
	ACT_PAGE_FORTH,
	ACT_INTERRUPT,
	ACT_COPY_ALL
};

static const struct key_row rows[] = {
	{.keys = "Enter",
		.hint = "Run",
		.priority = 10,
		.help = "run the command in the guest",
		.action = ACT_RUN},
	{.keys = "Esc",
		.hint = "Close",
		.priority = 9,
		.help = "close the box; the command goes on",
		.action = ACT_SHUT},
	{.keys = "C-c",
		.hint = "Interrupt",
		.priority = 8,
		.help = "interrupt the command; when none runs, close",
		.action = ACT_INTERRUPT},
	{.keys = "PgUp",
		.hint = "Scroll",
		.priority = 6,
		.help = "a page of output back",
		.action = ACT_PAGE_BACK},
	{.keys = "PgDn", .help = "a page of output forward", .action = ACT_PAGE_FORTH},
	{.keys = "Up", .help = "a line of output back", .action = ACT_BACK},
	{.keys = "Down", .help = "a line of output forward", .action = ACT_FORTH},
	{.keys = "C-y",
		.hint = "Copy",
		.priority = 5,
		.help = "copy the output",
		.action = ACT_COPY_ALL},
};
static const struct key_table table = {.rows = rows, .n = ARRAY_LEN(rows)};
static const struct key_section sections[] = {{"Command box", &table}, {NULL, NULL}};

static const struct key_table *keys(const void *self)
{
	(void)self;
	return &table;
}

static void act(struct box *b, int action)
{
	switch (action) {
	case ACT_RUN:
		run(b);
		break;
	case ACT_SHUT:
		pane_close(b->host);
		break;
	case ACT_INTERRUPT:
		interrupt(b);
		break;
	case ACT_COPY_ALL:
		copy(b);
		break;
	case ACT_BACK:
	case ACT_FORTH:
		scroll(b, action == ACT_BACK ? -1 : 1);
		break;
	default:
		scroll(b, action == ACT_PAGE_BACK ? -(long)b->rows : (long)b->rows);
	}
}

static bool captures(const void *self)
{
	(void)self;
	return true;
}

static void input(void *self, const struct ui_key *k)
{
	struct box *b = self;
	const struct key_row *r = keymap_find(&table, k, 0);

	if (r)
		act(b, r->action);
	else if (k->kind == UI_KEY_MOUSE && k->mouse == UI_WHEEL_UP)
		scroll(b, -VM_WHEEL_ROWS);
	else if (k->kind == UI_KEY_MOUSE && k->mouse == UI_WHEEL_DOWN)
		scroll(b, VM_WHEEL_ROWS);
	else
		field_key(&b->field, k);
}

/* ---- picture -------------------------------------------------------------------------------- */

static void draw_state(const struct box *b, const struct paint *p, struct view v)
{
	const struct vm_command *r = &b->w->run;
	struct ui_style dim = theme_style(p->theme, THEME_DIM);
	struct ui_style alert = theme_style(p->theme, THEME_ALERT);

	if (b->error.len)
		view_field(v, 1, 1, v.at.cols - 2, alert, str_get(&b->error));
	else if (r->refused.len)
		view_field(v, 1, 1, v.at.cols - 2, alert, str_get(&r->refused));
	else if (r->running)
		view_printf(v, 1, 1, dim, "running");
	else if (r->command)
		view_printf(v, 1, 1, r->status ? alert : dim, "status %d", r->status);
	else
		view_printf(v, 1, 1, dim, "runs beside the guest's shell, without input");
	if (r->command && line_count(r))
		view_printf(v, 1, v.at.cols - 27, dim, "%20zu lines", line_count(r) + r->dropped);
}

static void draw(const void *self, const struct paint *p, struct view v)
{
	const struct box *b = self;
	const struct vm_command *r = &b->w->run;
	size_t top = top_of(b), n = line_count(r);

	view_text(v, 0, 1, theme_style(p->theme, THEME_STRONG), "#");
	field_draw(
		&b->field, v, 0, 3, v.at.cols - 4, theme_style(p->theme, THEME_FIELD), p->focused);
	draw_state(b, p, v);
	for (int i = 0; i < b->rows && top + (size_t)i < n; i++)
		view_field(v, FRAME_ROWS + i, 1, v.at.cols - 2, theme_style(p->theme, THEME_TEXT),
			line_at(r, top + (size_t)i));
}

static void status(const void *self, struct pane_status *out)
{
	const struct box *b = self;

	str_printf(&out->title, "Run in VM#%d", pane_number(b->w->host) - pane_vm.number + 1);
}

static void want(const void *self, int *want_rows, int *cols)
{
	(void)self;
	*want_rows = *want_rows > 12 ? *want_rows - 6 : *want_rows;
	*cols = *cols > 60 ? *cols - 8 : *cols;
}

static void resized(void *self, int have_rows, int cols)
{
	struct box *b = self;

	(void)cols;
	b->rows = have_rows > FRAME_ROWS ? have_rows - FRAME_ROWS : 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void *open_box(struct pane *host, const void *arg, struct err *e)
{
	struct box *b = xcalloc(1, sizeof(*b));

	(void)e;
	b->host = host;
	b->w = (struct vm_view *)arg;
	b->w->box = host;
	if (b->w->run.command)
		field_set(&b->field, b->w->run.command);
	return b;
}

static void close_box(void *self)
{
	struct box *b = self;

	b->w->box = NULL;
	field_release(&b->field);
	str_release(&b->error);
	free(b);
}

const struct pane_ops dialog_run = {
	.id = "run",
	.name = "Command box",
	.open = open_box,
	.close = close_box,
	.resized = resized,
	.captures = captures,
	.input = input,
	.draw = draw,
	.status = status,
	.keys = keys,
	.sections = sections,
	.want = want,
};
