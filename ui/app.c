#include "ui/app.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/utf8.h"
#include "ui/app_state.h"

enum {
	/* Painting takes at most a fifth of the time, and a frame is at most this late. */
	PAINT_SHARE = 4,
	FRAME_LATE_MS = 50,
};

static void on_tick(void *user)
{
	app_dirty(user, false);
}

static void on_frame_timer(void *user)
{
	(void)user; /* waking up is all: the before-sleep hook draws */
}

struct app *app_new(const struct app_options *o)
{
	struct app *a = xcalloc(1, sizeof(*a));

	a->opt = *o;
	a->delay_ns = o->delay_ns;
	theme_init(&a->theme, o->colours);
	canvas_init(&a->canvas, o->rows, o->cols);
	a->dirty = a->all = true;
	a->frame_timer = loop_add_timer(o->loop, 0, 0, on_frame_timer, a);
	/* The clock, and how long things last: on the full second. */
	a->tick_timer = loop_add_timer(
		o->loop, NS_PER_SEC - clock_real_ns() % NS_PER_SEC, NS_PER_SEC, on_tick, a);
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	while (a->dialogs.n)
		app_pane_free(a->dialogs.v[--a->dialogs.n]);
	while (a->panes.n)
		app_pane_free(a->panes.v[--a->panes.n]);
	free(a->dialogs.v);
	free(a->panes.v);
	loop_del_timer(a->opt.loop, a->frame_timer);
	loop_del_timer(a->opt.loop, a->tick_timer);
	snapshot_free(a->snapshot);
	str_release(&a->message.text);
	str_release(&a->search.text);
	str_release(&a->copied);
	prompt_release(&a->prompt);
	canvas_release(&a->canvas);
	free(a);
}

/* ---- what panes ask for ---------------------------------------------------------------------- */

unsigned app_features(const struct app *a)
{
	const struct pane *p = app_focused(a);
	unsigned f = 0;

	if (!a->opt.readonly)
		f |= UI_CAN_CHANGE;
	if (!a->opt.readonly && a->opt.boot)
		f |= UI_CAN_BOOT;
	if (a->search.active && a->search.pane == p)
		f |= UI_SEARCHING;
	if (p && p->ops->find)
		f |= UI_CAN_SEARCH;
	if (a->panes.n > 1)
		f |= UI_MANY_PANES;
	if (a->theme.colours)
		f |= UI_HAS_COLOUR;
	if (a->opt.terminal)
		f |= UI_ON_TERMINAL;
	return p ? f | p->status.features : f;
}

void app_message(struct app *a, enum app_severity s, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_clear(&a->message.text);
	utf8_sanitize(&a->message.text, text, strlen(text), false);
	a->message.severity = s;
	app_dirty(a, false);
}

void app_bell(struct app *a)
{
	if (a->opt.output->bell)
		a->opt.output->bell(a->opt.user);
}

void app_want(struct app *a, unsigned want)
{
	if (a->opt.output->want)
		a->opt.output->want(a->opt.user, want);
}

const char *app_copy(struct app *a, const char *utf8, size_t n)
{
	cleanup_free char *file =
		a->opt.output->copy ? a->opt.output->copy(a->opt.user, utf8, n) : NULL;

	str_clear(&a->copied);
	if (file)
		str_printf(&a->copied, " (also in %s)", file);
	return str_get(&a->copied);
}

static void quit_now(void *user, char key)
{
	struct app *a = user;

	(void)key;
	a->quit = true;
}

void app_quit(struct app *a)
{
	cleanup_str struct str text = STR_INIT;
	unsigned running = 0;

	app_refresh_status(a);
	for (size_t i = 0; i < a->panes.n; i++) {
		if (!a->panes.v[i]->status.running)
			continue;
		str_printf(
			&text, "%s%s", running++ ? ", " : "", str_get(&a->panes.v[i]->status.tab));
	}
	if (!running) {
		a->quit = true;
		return;
	}
	cleanup_free char *head =
		running == 1 ? xasprintf("A guest is running (%s).", str_get(&text))
			     : xasprintf("%u guests are running (%s).", running, str_get(&text));
	const struct app_choice choices[] = {
		{'y', running == 1 ? "power it off and quit" : "power them off and quit", quit_now},
		{'n', "stay", NULL},
	};
	app_confirm(a, "Quit ktstr?", head, choices, ARRAY_LEN(choices), a);
}

void app_set_paused(struct app *a, bool paused)
{
	a->paused = paused;
	a->paused_at = clock_mono_ns();
	if (a->opt.output->pause)
		a->opt.output->pause(a->opt.user, paused);
	app_dirty(a, false);
}

/* As parse_duration() takes it: "500ms", "2s". */
void app_format_delay(uint64_t ns, struct str *out)
{
	if (ns % NS_PER_SEC)
		str_printf(out, "%llums", (unsigned long long)(ns / NS_PER_MS));
	else
		str_printf(out, "%llus", (unsigned long long)(ns / NS_PER_SEC));
}

void app_set_delay(struct app *a, uint64_t ns)
{
	if (ns < APP_DELAY_MIN_MS * NS_PER_MS)
		ns = APP_DELAY_MIN_MS * NS_PER_MS;
	if (ns > APP_DELAY_MAX_MS * NS_PER_MS)
		ns = APP_DELAY_MAX_MS * NS_PER_MS;
	a->delay_ns = ns;
	if (a->opt.output->delay)
		a->opt.output->delay(a->opt.user, ns);
	app_dirty(a, false);
}

/* ---- what runs it ---------------------------------------------------------------------------- */

void app_resize(struct app *a, int rows, int cols)
{
	canvas_resize(&a->canvas, rows, cols);
	app_dirty(a, true);
}

void app_snapshot(struct app *a, struct snapshot *s)
{
	struct snapshot *old = a->snapshot;

	if (a->paused && old) {
		snapshot_free(s);
		return;
	}
	a->snapshot = s;
	for (size_t i = 0; i < a->panes.n + a->dialogs.n; i++) {
		struct pane *p = i < a->panes.n ? a->panes.v[i] : a->dialogs.v[i - a->panes.n];

		if (!p->ops->snapshot)
			continue;
		p->ops->snapshot(p->self, s);
		pane_dirty(p);
	}
	if (s->problem[0] && (!old || strcmp(old->problem, s->problem) != 0))
		app_message(a, APP_ALERT, "%s", s->problem);
	snapshot_free(old);
	app_dirty(a, false);
}

static uint64_t frame_gap(const struct app *a)
{
	uint64_t gap = a->frame_cost * PAINT_SHARE;

	return gap < FRAME_LATE_MS * NS_PER_MS ? gap : FRAME_LATE_MS * NS_PER_MS;
}

bool app_frame(struct app *a)
{
	uint64_t now = clock_mono_ns();

	app_reap(a);
	if (!a->dirty)
		return true;
	if (a->frames && now < a->last_frame + frame_gap(a)) {
		loop_set_timer(a->opt.loop, a->frame_timer, a->last_frame + frame_gap(a) - now, 0);
		return false;
	}
	a->dirty = false;
	app_draw(a);
	a->opt.output->present(a->opt.user, &a->canvas);
	a->frames++;
	a->last_frame = clock_mono_ns();
	a->frame_cost = a->last_frame - now;
	/* Drawing may find out a pane's size, which may change what it shows. */
	return !a->dirty;
}

bool app_done(const struct app *a)
{
	return a->quit;
}

bool app_idle(const struct app *a)
{
	if (a->dirty)
		return false;
	for (size_t i = 0; i < a->panes.n; i++) {
		const struct pane *p = a->panes.v[i];

		if (p->ops->busy && p->ops->busy(p->self))
			return false;
	}
	return true;
}

const struct canvas *app_canvas(const struct app *a)
{
	return &a->canvas;
}

/* "vm", and "vm2", "vm3" for further guests. */
static void json_pane_key(const struct app *a, size_t i, struct json_out *j)
{
	const struct pane *p = a->panes.v[i];
	cleanup_free char *key = NULL;
	unsigned nth = 1;

	for (size_t k = 0; k < i; k++)
		nth += a->panes.v[k]->ops == p->ops;
	key = nth > 1 ? xasprintf("%s%u", p->ops->id, nth) : xstrdup(p->ops->id);
	json_key(j, key);
}

void app_json(const struct app *a, const struct strv *only, struct json_out *j)
{
	json_object(j);
	for (size_t i = 0; i < a->panes.n; i++) {
		const struct pane *p = a->panes.v[i];

		if (!p->ops->json || (only && only->n && !strv_has(only, p->ops->id)))
			continue;
		json_pane_key(a, i, j);
		p->ops->json(p->self, j);
	}
	json_object_end(j);
}
