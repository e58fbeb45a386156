/* ktstr locks --watch and --until: look after look. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/loop.h"
#include "src/cli/locks_state.h"
#include "src/cli/outstream.h"

enum {
	INTERVAL_MIN_MS = 10,
	/* Who opens a lock file locks it a little later, and a program that tries again and again
	 * is not to keep us busy: looks that something else than time asked for come so much
	 * later. */
	SETTLE_MS = 20,
	UNTIL_INTERVAL_MS = 1000, /* --until without --watch: what makes no sound is polled for */
};

struct watching {
	struct locks_call *c;
	struct loop *loop;
	struct loop_timer *settle;
	struct loop_fd *drain;
	struct outstream out;
	struct str pending; /* of a frame that the reader of stdout has not taken yet */
	size_t written;
	struct str shown; /* signature of the last frame */
	struct locks *last;
	bool terminal, started;
	int status; /* exit status; -1 = goes on */
	struct err e;
};

static void finish(struct watching *w, int status)
{
	w->status = status;
	loop_stop(w->loop);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void on_writable(void *user, int fd, uint32_t events);

static void flush(struct watching *w)
{
	while (w->written < w->pending.len) {
		size_t n = outstream_write(
			&w->out, w->pending.s + w->written, w->pending.len - w->written);

		if (!n)
			break;
		w->written += n;
	}
	if (w->out.error) {
		err_sys(&w->e, w->out.error, "cannot write the output");
		finish(w, EXIT_FAILED);
	}
	if (w->written == w->pending.len) {
		loop_del_fd(w->loop, w->drain);
		w->drain = NULL;
		str_clear(&w->pending);
		w->written = 0;
	} else if (!w->drain) {
		w->drain = loop_add_fd(w->loop, w->out.fd, EPOLLOUT, on_writable, w, NULL);
	}
}

static void on_writable(void *user, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	flush(user);
}

/*
 * Over the frame before, in one write: what stands to the right of a line and below the last one is
 * erased, nothing is blanked first. Long lines are cut at the edge, and so are lines that a screen
 * has no room for. Between frames the terminal has all its modes.
 */
static void frame_in_place(struct watching *w, const char *text, struct str *out)
{
	struct winsize size = {0};
	int room, row = 0;
	size_t n;

	room = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row - 1
									       : 24;
	str_add(out, w->started ? "\033[H\033[?7l" : "\033[2J\033[H\033[?7l");
	for (; *text && row < room; row++, text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		str_append(out, text, n);
		str_add(out, "\033[K\n");
	}
	str_add(out, "\033[?7h\033[J");
}

static void frame(struct watching *w)
{
	cleanup_str struct str text = STR_INIT;

	if (w->pending.len)
		return; /* nobody has read the last one */
	locks_render(w->c, w->last, &text);
	if (w->terminal && !w->c->json) {
		frame_in_place(w, str_get(&text), &w->pending);
	} else {
		if (w->started && !w->c->json)
			str_addc(&w->pending, '\n');
		str_append(&w->pending, str_get(&text), text.len);
	}
	w->started = true;
	flush(w);
}

/* ---- looks ----------------------------------------------------------------------------------- */

static bool look(struct watching *w)
{
	struct locks *l = locks_read(w->c->reader, &w->e);

	if (!l) {
		finish(w, EXIT_FAILED);
		return false;
	}
	locks_free(w->last);
	w->last = l;
	return true;
}

/* Whether the last look shows something else than the last frame. */
static bool is_news(struct watching *w)
{
	struct str now = STR_INIT;
	bool news;

	locks_signature(w->last, &w->c->view, &now);
	news = !w->started || now.len != w->shown.len ||
	       memcmp(str_get(&now), str_get(&w->shown), now.len) != 0;
	str_release(&w->shown);
	w->shown = now;
	return news;
}

static void take_in(struct watching *w, bool due)
{
	bool watching = w->c->interval > 0, waits = w->c->until.list.n > 0, done;

	if (!look(w))
		return;
	done = waits && !locks_conditions_open(&w->c->until, w->last);
	if (w->c->changes_only)
		due = is_news(w);
	if ((watching && due) || done)
		frame(w);
	if (done)
		finish(w, EXIT_OK);
}

static void on_tick(void *user)
{
	take_in(user, true);
}

static void on_settled(void *user)
{
	take_in(user, false);
}

static void on_woken(void *user, int fd, uint32_t events)
{
	struct watching *w = user;

	(void)fd;
	(void)events;
	if (locks_reader_woken(w->c->reader))
		loop_set_timer(w->loop, w->settle, SETTLE_MS * NS_PER_MS, 0);
}

/* With one more look. */
static void on_timeout(void *user)
{
	cleanup_str struct str text = STR_INIT;
	struct watching *w = user;

	take_in(w, false);
	if (w->status >= 0)
		return;
	locks_condition_text(locks_conditions_open(&w->c->until, w->last), w->last, &text);
	err_set(&w->e, ETIMEDOUT, "--timeout has passed: %s", str_get(&text));
	finish(w, EXIT_TIMEOUT);
}

/* A person who has seen enough ends it well; a termination is told from that. */
static void on_signal(void *user, int signo)
{
	finish(user, signo == SIGINT ? EXIT_OK : 128 + signo);
}

static void on_resize(void *user, int signo)
{
	struct watching *w = user;

	(void)signo;
	if (w->last && w->terminal && w->c->interval)
		frame(w);
}

/* ---- start and end --------------------------------------------------------------------------- */

static int listen_to_signals(struct watching *w)
{
	if (loop_add_signal(w->loop, SIGINT, on_signal, w, &w->e) ||
		loop_add_signal(w->loop, SIGTERM, on_signal, w, &w->e) ||
		loop_add_signal(w->loop, SIGWINCH, on_resize, w, &w->e))
		return -1;
	return 0;
}

static void start(struct watching *w)
{
	uint64_t gap = w->c->interval ? w->c->interval : UNTIL_INTERVAL_MS * NS_PER_MS;
	int fd = locks_reader_watch(w->c->reader);

	if (gap < INTERVAL_MIN_MS * NS_PER_MS)
		gap = INTERVAL_MIN_MS * NS_PER_MS;
	w->settle = loop_add_timer(w->loop, 0, 0, on_settled, w);
	(void)loop_add_timer(w->loop, 1, gap, on_tick, w);
	if (w->c->timeout.set)
		(void)loop_add_timer(
			w->loop, w->c->timeout.v ? w->c->timeout.v : 1, 0, on_timeout, w);
	if (fd >= 0)
		(void)loop_add_fd(w->loop, fd, EPOLLIN, on_woken, w, NULL);
}

static int run(struct watching *w)
{
	w->loop = loop_new(&w->e);
	if (!w->loop || listen_to_signals(w))
		return EXIT_FAILED;
	start(w);
	while (w->status < 0)
		if (loop_run(w->loop, &w->e))
			return EXIT_FAILED;
	return w->status;
}

int locks_watch(struct locks_call *c)
{
	struct watching w = {
		.c = c, .status = -1, .terminal = isatty(STDOUT_FILENO) && !c->cx->batch};
	int status;

	outstream_open(&w.out, STDOUT_FILENO);
	status = run(&w);
	if (w.e.code)
		cli_error(c->cx, &w.e);
	if (w.last)
		locks_note(c, w.last);
	locks_free(w.last);
	loop_free(w.loop);
	outstream_close(&w.out);
	str_release(&w.pending);
	str_release(&w.shown);
	return status;
}
