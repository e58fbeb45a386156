#include "ui/dashboard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/parse.h"

struct dashboard {
	struct session s; /* first: see struct session */
	struct tty *tty;
	struct input *input;
	struct loop_timer *esc_timer;
	int signo;    /* that ends us */
	bool hung_up; /* the terminal is gone */
	int sync_fd;  /* -1 = nobody wants to know what has been handled */
	uint64_t frames, told_frame, told_bytes;
};

/* ---- output ---------------------------------------------------------------------------------- */

static void present(void *user, const struct canvas *c)
{
	struct dashboard *d = user;

	tty_present(d->tty, c);
	d->frames++;
}

static void bell(void *user)
{
	tty_bell(((struct dashboard *)user)->tty);
}

/* Beside what else is kept of a person's sessions; NULL = nowhere to be. */
static char *keep(const char *utf8, size_t n)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	cleanup_free char *dir = NULL, *file = NULL;

	if (state && *state == '/')
		dir = file_join(state, "ktstr");
	else if (home && *home == '/')
		dir = file_join(home, ".local/state/ktstr");
	if (!dir || file_mkdirs(dir, 0700, NULL))
		return NULL;
	file = file_join(dir, "copied.txt");
	return file_replace(file, utf8, n, 0600, NULL) ? NULL : take_ptr(file);
}

static char *copy(void *user, const char *utf8, size_t n)
{
	return tty_copy(((struct dashboard *)user)->tty, utf8, n) ? NULL : keep(utf8, n);
}

static void redraw(void *user)
{
	tty_redraw(((struct dashboard *)user)->tty);
}

static void take_size(struct dashboard *d)
{
	int rows, cols;

	tty_size(d->tty, &rows, &cols);
	app_resize(d->s.app, rows, cols);
}

static void suspend(void *user)
{
	struct dashboard *d = user;

	tty_suspend(d->tty);
	take_size(d);
}

static const struct app_output output = {
	.present = present,
	.bell = bell,
	.copy = copy,
	.redraw = redraw,
	.suspend = suspend,
	.delay = session_delay,
	.pause = session_pause,
	.want = session_want,
};

/* ---- input ----------------------------------------------------------------------------------- */

static void take_keys(struct dashboard *d)
{
	struct ui_key k;

	while (!app_done(d->s.app) && input_next(d->input, &k))
		app_key(d->s.app, &k);
	/* An Esc is a key of its own when nothing follows it soon. */
	loop_set_timer(
		d->s.loop, d->esc_timer, input_pending(d->input) ? INPUT_ESC_MS * NS_PER_MS : 0, 0);
}

static void on_esc_timer(void *user)
{
	struct dashboard *d = user;

	input_flush(d->input);
	take_keys(d);
}

static void on_input(void *user, int fd, uint32_t events)
{
	struct dashboard *d = user;
	char buf[4096];
	ssize_t n = events & EPOLLIN ? read(fd, buf, sizeof(buf)) : 0;

	if (n > 0) {
		input_feed(d->input, buf, (size_t)n);
		take_keys(d);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		d->hung_up = true;
	}
}

static void on_end(void *user, int signo)
{
	struct dashboard *d = user;

	d->signo = signo;
}

static void on_resize(void *user, int signo)
{
	struct dashboard *d = user;

	(void)signo;
	tty_resized(d->tty);
	take_size(d);
}

static void on_stop(void *user, int signo)
{
	(void)signo;
	suspend(user);
}

/* ---- the turn -------------------------------------------------------------------------------- */

/* For tests, which wait for what has been handled and never for time: one line a frame on
 * KTSTR_SYNC_FD, and a mark of the frame behind it in the terminal's output. */
static void tell(struct dashboard *d)
{
	uint64_t bytes = input_taken(d->input);
	char text[128];
	int rows, cols, n;

	if (d->sync_fd < 0 || (d->frames == d->told_frame && bytes == d->told_bytes))
		return;
	d->told_frame = d->frames;
	d->told_bytes = bytes;
	tty_size(d->tty, &rows, &cols);
	tty_mark(d->tty, d->frames);
	n = snprintf(text, sizeof(text), "frame=%llu bytes=%llu size=%dx%d idle=%d\n",
		(unsigned long long)d->frames, (unsigned long long)bytes, cols, rows,
		app_idle(d->s.app));
	(void)!write(d->sync_fd, text, (size_t)n);
}

static void before_sleep(void *user)
{
	struct dashboard *d = user;

	if (app_done(d->s.app) || d->signo || d->hung_up)
		loop_stop(d->s.loop);
	else if (app_frame(d->s.app))
		tell(d);
}

static void find_sync_fd(struct dashboard *d)
{
	const char *text = getenv("KTSTR_SYNC_FD");
	uint32_t fd;

	d->sync_fd = -1;
	if (!text || parse_u32(text, &fd, NULL) || fcntl((int)fd, F_GETFD) < 0)
		return;
	d->sync_fd = (int)fd;
	fcntl(d->sync_fd, F_SETFD, FD_CLOEXEC);
	unsetenv("KTSTR_SYNC_FD"); /* not for guests and other children */
}

static int watch(struct dashboard *d, struct err *e)
{
	static const int ends[] = {SIGTERM, SIGHUP, SIGINT};
	struct loop *l = d->s.loop;
	int rc = loop_add_signal(l, SIGWINCH, on_resize, d, e);

	for (size_t i = 0; !rc && i < ARRAY_LEN(ends); i++)
		rc = loop_add_signal(l, ends[i], on_end, d, e);
	if (!rc)
		rc = loop_add_signal(l, SIGTSTP, on_stop, d, e);
	if (!rc && !loop_add_fd(l, STDIN_FILENO, EPOLLIN, on_input, d, e))
		rc = -e->code;
	d->esc_timer = loop_add_timer(l, 0, 0, on_esc_timer, d);
	loop_before_sleep(l, before_sleep, d);
	return rc;
}

static int run(struct dashboard *d, const struct dashboard_options *o, struct err *e)
{
	struct session_options so = o->session;
	int rc = session_init(&d->s, e);

	if (!rc)
		rc = watch(d, e);
	if (rc)
		return rc;
	d->tty = tty_open(&o->tty, d->input, e);
	if (!d->tty)
		return -e->code;
	tty_size(d->tty, &so.rows, &so.cols);
	so.colours = tty_colours(d->tty);
	so.ascii = tty_ascii(d->tty);
	so.terminal = true;
	rc = session_start(&d->s, &so, &output, e);
	return rc ? rc : loop_run(d->s.loop, e);
}

int dashboard_run(const struct dashboard_options *o, struct err *e)
{
	struct dashboard d = {.input = input_new()};
	int rc;

	signal(SIGPIPE, SIG_IGN); /* a guest that is gone is an error of write(2) */
	find_sync_fd(&d);
	rc = run(&d, o, e);
	/* The terminal first: guests take a moment to end. */
	tty_close(d.tty);
	session_end(&d.s);
	input_free(d.input);
	if (rc)
		return rc;
	return d.signo ? d.signo : d.hung_up ? SIGHUP : 0;
}
