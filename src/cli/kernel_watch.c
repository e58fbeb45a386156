#include "src/cli/kernel_watch.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/cli/term.h"
#include "src/kernels/subbuild.h"

static void draw(const struct str *text)
{
	file_write_fd(STDERR_FILENO, str_get(text), text->len);
}

static void on_note(void *user, const char *text)
{
	struct kernel_watch *w = user;
	cleanup_str struct str out = STR_INIT;

	progress_clear(&w->bar, &out);
	draw(&out);
	cli_note(w->cx, "%s", text);
}

/* Whoever started us is gone, killed perhaps: what is half done is put away all the same. */
static bool nobody_reads(void)
{
	struct pollfd p = {.fd = STDERR_FILENO};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

/* Ten a second are enough for anybody. */
static void tell_program(struct kernel_watch *w, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = clock_mono_ns();

	if (now - w->said_ns < NS_PER_SEC / 10 && done < total)
		return;
	w->said_ns = now;
	cli_note(w->cx, SUBBUILD_PROGRESS "%llu %llu %s", (unsigned long long)done,
		(unsigned long long)total, what);
}

static void show(struct kernel_watch *w, const char *what, uint64_t done, uint64_t total)
{
	cleanup_str struct str text = STR_INIT;

	w->bar.unit = progress_unit(what);
	progress_update(&w->bar, clock_mono_ns(), what, done, total, &text);
	draw(&text);
}

/* The signals are blocked: one that waits is taken here, a tenth of a second after it came at
 * most. What works for us hears of it by the answer. */
static bool on_progress(void *user, const char *what, uint64_t done, uint64_t total)
{
	const struct timespec now = {0};
	struct kernel_watch *w = user;
	int signo = sigtimedwait(&w->blocked, NULL, &now);

	if (signo > 0)
		w->ended_by = signo;
	else if (w->for_program && nobody_reads())
		w->ended_by = SIGTERM;
	if (w->for_program)
		tell_program(w, what, done, total);
	else
		show(w, what, done, total);
	return w->ended_by != 0;
}

void kernel_watch_begin(struct kernel_watch *w, const struct cli_context *cx)
{
	*w = (struct kernel_watch){
		.cx = cx,
		.report = {.user = w, .note = on_note, .progress = on_progress},
		.bar = {.kind = term_progress(cx) ? PROGRESS_BAR : PROGRESS_LINES,
			.width = term_width(STDERR_FILENO, 80)},
	};
	if (cx->batch)
		w->bar.kind = PROGRESS_NONE;
	sigemptyset(&w->blocked);
	sigaddset(&w->blocked, SIGINT);
	sigaddset(&w->blocked, SIGTERM);
	sigaddset(&w->blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &w->blocked, &w->before);
}

void kernel_watch_for_program(struct kernel_watch *w)
{
	w->for_program = true;
	signal(SIGPIPE, SIG_IGN); /* a reader that is gone ends us in order */
}

void kernel_watch_say_all(const struct cli_context *cx, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		cli_note(cx, "%s", lines->v[i]);
}

void kernel_watch_end(struct kernel_watch *w)
{
	cleanup_str struct str text = STR_INIT;

	progress_end(&w->bar, &text);
	draw(&text);
	progress_release(&w->bar);
	sigprocmask(SIG_SETMASK, &w->before, NULL);
}
