#include "tests/lib/dash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "ui/panes.h"

static void present(void *user, const struct canvas *c)
{
	(void)user;
	(void)c;
}

static void bell(void *user)
{
	((struct dash *)user)->bells++;
}

static char *copy(void *user, const char *utf8, size_t n)
{
	struct dash *d = user;

	str_clear(&d->copied);
	str_append(&d->copied, utf8, n);
	return NULL;
}

static const struct app_output output = {.present = present, .bell = bell, .copy = copy};

/* A pane beside the guests, so that the focus can be elsewhere. */
static void *host_open(struct pane *host, const void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return host;
}
static void host_draw(const void *self, const struct paint *p, struct view v)
{
	(void)self;
	view_text(v, 0, 0, theme_style(p->theme, THEME_TEXT), "the host pane");
}
static void host_status(const void *self, struct pane_status *out)
{
	(void)self;
	str_add(&out->tab, "Host");
}
static const struct pane_ops pane_host = {.id = "host",
	.name = "Host",
	.number = 1,
	.open = host_open,
	.draw = host_draw,
	.status = host_status};

void dash_open(struct dash *d, int rows, int cols, bool readonly)
{
	struct err e = ERR_INIT;
	const struct app_options o = {
		.rows = rows,
		.cols = cols,
		.colours = 8,
		.readonly = readonly,
		.delay_ns = NS_PER_SEC,
		.boot = &dialog_boot,
		.output = &output,
		.user = d,
	};
	struct app_options with_loop = o;

	*d = (struct dash){.loop = loop_new(&e)};
	with_loop.loop = d->loop;
	d->app = app_new(&with_loop);
	assert_non_null(app_add(d->app, &pane_host, NULL, &e));
}

void dash_close(struct dash *d)
{
	app_free(d->app);
	loop_free(d->loop);
	str_release(&d->copied);
}

static void dash_frame(struct dash *d)
{
	do
		d->app->frame_cost = 0;
	while (!app_frame(d->app));
}

/* Lets the loop do what there is to do now. */
void dash_turn(struct dash *d)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(d->loop, 0, NULL), 0);
	dash_frame(d);
}

void dash_line(struct dash *d, int row, struct str *out)
{
	str_clear(out);
	canvas_line(app_canvas(d->app), row, out);
}

static bool dash_sees(struct dash *d, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	for (int row = 0; row < app_canvas(d->app)->rows; row++) {
		dash_line(d, row, &line);
		if (strstr(str_get(&line), text))
			return true;
	}
	return false;
}

static void dump(struct dash *d)
{
	cleanup_str struct str line = STR_INIT;

	for (int row = 0; row < app_canvas(d->app)->rows; row++) {
		dash_line(d, row, &line);
		print_message("# |%s\n", str_get(&line));
	}
}

void dash_expect(struct dash *d, const char *text)
{
	if (dash_sees(d, text))
		return;
	dump(d);
	fail_msg("\"%s\" is not on the screen", text);
}

void dash_expect_not(struct dash *d, const char *text)
{
	if (!dash_sees(d, text))
		return;
	dump(d);
	fail_msg("\"%s\" is on the screen", text);
}

/* Until the screen shows it: an event of the loop, a timer's included, must bring it. */
void dash_wait_for(struct dash *d, const char *text)
{
	uint64_t until = clock_mono_ns() + 20 * NS_PER_SEC;

	while (!dash_sees(d, text) && clock_mono_ns() < until) {
		loop_turn(d->loop, 100, NULL);
		dash_frame(d);
	}
	dash_expect(d, text);
}

void dash_keys(struct dash *d, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, " ");
		struct ui_key k;

		assert_true(ui_key_parse(names, n, &k));
		app_key(d->app, &k);
		dash_turn(d);
		names += n;
		names += strspn(names, " ");
	}
}

void dash_type(struct dash *d, const char *text)
{
	for (; *text; text++) {
		struct ui_key k = ui_key_char((unsigned char)*text, 0);

		app_key(d->app, &k);
	}
	dash_turn(d);
}

void dash_mouse(struct dash *d, enum ui_mouse what, int button, int row, int col)
{
	struct ui_key k = {
		.kind = UI_KEY_MOUSE, .mouse = what, .button = button, .row = row, .col = col};

	app_key(d->app, &k);
	dash_turn(d);
}
