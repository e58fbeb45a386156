#include "ui/batch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/units.h"
#include "ui/app_state.h"
#include "ui/script.h"

struct batch {
	struct session s; /* first: see struct session */
	const struct batch_options *o;
	struct script script;
	struct loop_timer *frame_timer, *patience;
	uint32_t frame;
	bool due; /* the next frame is printed as soon as all is at rest */
	bool ended;
	int signo, rc; /* rc: as batch_run() */
	struct err *e;
};

static void present(void *user, const struct canvas *c)
{
	(void)user; /* the canvas is read when a frame is due */
	(void)c;
}

static const struct app_output output = {
	.present = present,
	.delay = session_delay,
	.pause = session_pause,
	.want = session_want,
};

/* ---- frames ---------------------------------------------------------------------------------- */

static void frame_time(char *out, size_t n)
{
	time_t now = (time_t)(clock_real_ns() / NS_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(out, n, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = 0;
}

static void frame_text(const struct batch *b, const struct canvas *c, struct str *out)
{
	char now[32];

	frame_time(now, sizeof(now));
	str_printf(out, "--- frame %u %s\n", b->frame, now);
	for (int row = 0; row < c->rows; row++) {
		canvas_line(c, row, out);
		str_addc(out, '\n');
	}
}

static void frame_json(const struct batch *b, const struct canvas *c, struct str *out)
{
	cleanup_str struct str line = STR_INIT;
	struct json_out j;
	char now[32];

	frame_time(now, sizeof(now));
	json_init(&j, out, false);
	json_object(&j);
	json_key_u64(&j, "frame", b->frame);
	json_key_str(&j, "time", now);
	json_key(&j, "size");
	json_array(&j);
	json_u64(&j, (uint64_t)c->cols);
	json_u64(&j, (uint64_t)c->rows);
	json_array_end(&j);
	json_key(&j, "panes");
	app_json(b->s.app, b->o->panes, &j);
	json_key(&j, "screen");
	json_array(&j);
	for (int row = 0; row < c->rows; row++) {
		str_clear(&line);
		canvas_line(c, row, &line);
		json_str(&j, str_get(&line));
	}
	json_array_end(&j);
	json_object_end(&j);
	str_addc(out, '\n');
}

static void end(struct batch *b, int rc)
{
	b->rc = rc;
	b->ended = true;
	loop_stop(b->s.loop);
}

static void print_frame(struct batch *b)
{
	cleanup_str struct str out = STR_INIT;
	const struct canvas *c = app_canvas(b->s.app);

	b->frame++;
	b->due = false;
	if (b->o->json)
		frame_json(b, c, &out);
	else
		frame_text(b, c, &out);
	if (!b->o->write(b->o->user, &out) || b->frame >= b->o->frames) {
		end(b, 0);
		return;
	}
	loop_set_timer(b->s.loop, b->frame_timer, b->s.app->delay_ns, 0);
}

static void on_frame(void *user)
{
	((struct batch *)user)->due = true;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Nothing has come to rest for so long: say what was waited for. */
static void on_patience(void *user)
{
	struct batch *b = user;
	const struct script_step *s = script_done(&b->script) ? NULL : &b->script.v[b->script.at];
	cleanup_str struct str span = STR_INIT;

	units_duration(&span, b->o->patience_ns);
	if (s && s->kind == SCRIPT_WAIT)
		err_set(b->e, ETIMEDOUT, "%s: line %d: \"%s\" was not on the screen within %s",
			b->o->keys, s->line, s->text, str_get(&span));
	else
		err_set(b->e, ETIMEDOUT, "the dashboard has not come to rest within %s",
			str_get(&span));
	end(b, -ETIMEDOUT);
}

/* One step at most; true when it did something. */
static bool play(struct batch *b)
{
	struct script_step *s;

	if (script_done(&b->script))
		return false;
	s = &b->script.v[b->script.at];
	if (s->kind == SCRIPT_WAIT && !script_sees(app_canvas(b->s.app), s->text))
		return false;
	b->script.at++;
	loop_set_timer(b->s.loop, b->patience, b->o->patience_ns, 0);
	if (s->kind == SCRIPT_KEY)
		app_key(b->s.app, &s->key);
	return true;
}

static bool check_panes(struct batch *b)
{
	const struct app *a = b->s.app;

	for (size_t i = 0; i < a->panes.n; i++) {
		const struct pane *p = a->panes.v[i];
		int rc = p->ops->failed ? p->ops->failed(p->self, b->e) : 0;

		if (!rc)
			continue;
		/* The rest (last lines of a console) is on the screen. */
		b->e->msg[strcspn(b->e->msg, "\n")] = 0;
		print_frame(b); /* what the screen shows is worth more than the sentence */
		end(b, rc);
		return true;
	}
	return false;
}

static void before_sleep(void *user)
{
	struct batch *b = user;

	if (b->ended || b->signo) {
		loop_stop(b->s.loop);
		return;
	}
	/* Without a person there is no reason to spare frames: every change is drawn at once. */
	do {
		b->s.app->frame_cost = 0;
		app_frame(b->s.app);
	} while (app_idle(b->s.app) && play(b) && !app_done(b->s.app));
	if (check_panes(b))
		return;
	if (app_done(b->s.app)) {
		print_frame(b);
		end(b, 0);
	} else if (b->due && script_done(&b->script) && app_idle(b->s.app)) {
		loop_set_timer(b->s.loop, b->patience, 0, 0);
		print_frame(b);
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_end(void *user, int signo)
{
	((struct batch *)user)->signo = signo;
}

static int start(struct batch *b, struct err *e)
{
	static const int ends[] = {SIGTERM, SIGHUP, SIGINT};
	int rc = session_init(&b->s, e);

	for (size_t i = 0; !rc && i < ARRAY_LEN(ends); i++)
		rc = loop_add_signal(b->s.loop, ends[i], on_end, b, e);
	if (rc)
		return rc;
	b->frame_timer = loop_add_timer(b->s.loop, 0, 0, on_frame, b);
	b->patience = loop_add_timer(b->s.loop, b->o->patience_ns, 0, on_patience, b);
	loop_before_sleep(b->s.loop, before_sleep, b);
	rc = session_start(&b->s, &b->o->session, &output, e);
	if (!rc && b->o->panes && b->o->panes->n) {
		app_focus_id(b->s.app, b->o->panes->v[0]);
		if (b->o->panes->n == 1)
			b->s.app->mode = LAYOUT_SINGLE;
	}
	return rc;
}

int batch_run(const struct batch_options *o, struct err *e)
{
	struct batch b = {.o = o, .e = e, .due = true};
	int rc = o->keys ? script_load(&b.script, o->keys, e) : 0;

	signal(SIGPIPE, SIG_IGN);
	if (!rc)
		rc = start(&b, e);
	if (!rc)
		rc = loop_run(b.s.loop, e);
	session_end(&b.s);
	script_release(&b.script);
	if (rc)
		return rc;
	if (b.signo) {
		err_set(e, EINTR, "ended by a signal (%s)", strsignal(b.signo));
		return 128 + b.signo;
	}
	return b.rc;
}
