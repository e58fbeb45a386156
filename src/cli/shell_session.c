/* One guest on our own terminal or streams: the loop, signals, the end. */
#include "src/cli/shell_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/rawtty.h"
#include "src/cli/shell_state.h"
#include "src/cli/term.h"

/* After a signal was passed on to the command: how long it has to end. */
#define ESCALATE_NS (5 * NS_PER_SEC)
#define TICK_MS	    1000

/* Places in the poll set. */
enum { CONTROL, CONSOLE, INPUT, OUTPUT, ERRORS, SIGNALS, NFDS };

void shell_kill(struct session *s)
{
	s->killed = true;
	s->event_left = s->guest_left = 0; /* nobody wants to read it any more */
	vm_kill(s->vm);
}

/* The reader of our stdout is gone: as quiet as any program that SIGPIPE ends. */
void shell_check_stdout(struct session *s)
{
	struct err e = ERR_INIT;

	if (!s->out.error || s->killed)
		return;
	if (s->out.error != EPIPE) {
		err_sys(&e, s->out.error, "cannot write to stdout, the guest is ended");
		shell_note(s, e.msg);
	}
	s->signalled = s->out.error == EPIPE ? SIGPIPE : 0;
	s->status = EXIT_FAILED;
	shell_kill(s);
}

void shell_end(struct session *s, int signo)
{
	bool again = s->signalled != 0;

	s->signalled = signo;
	if (s->interactive || again || s->stage < VM_STAGE_PROMPT) {
		shell_kill(s);
	} else {
		vm_signal(s->vm, signo);
		s->escalate_ns = clock_mono_ns() + ESCALATE_NS;
	}
}

static void read_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signo = (int)info.ssi_signo;

		if (signo == SIGWINCH) {
			shell_send_size(s);
		} else if (signo == SIGCONT) {
			rawtty_again();
			shell_send_size(s);
		} else if (signo == SIGTSTP) {
			shell_stop_and_continue(s);
		} else {
			shell_end(s, signo);
		}
	}
}

/* What our caller ignores (nohup, a background job of a script) stays ignored. */
static void want_signal(struct session *s, int signo)
{
	struct sigaction now;

	if (sigaction(signo, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		sigaddset(&s->mask, signo);
}

static void catch_signals(struct session *s)
{
	static const int always[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
	static const int on_terminal[] = {SIGTSTP, SIGCONT};

	sigemptyset(&s->mask);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		want_signal(s, always[i]);
	for (size_t i = 0; s->interactive && i < ARRAY_LEN(on_terminal); i++)
		want_signal(s, on_terminal[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &s->mask, &s->old_mask);
	s->sigfd = signalfd(-1, &s->mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Everything that has to be waited for, from the state alone. */
static void fill_poll(struct session *s, struct pollfd p[NFDS])
{
	bool keys_wanted = !s->keys_left && !s->stdin_over && !s->killed &&
			   (rawtty_active() || !s->interactive);
	bool out_waits = s->guest_left || (s->event_left && s->event_to == &s->out);

	for (int i = 0; i < NFDS; i++)
		p[i] = (struct pollfd){-1, POLLIN, 0};
	p[SIGNALS].fd = s->sigfd;
	if (!s->ended && !s->event_left)
		p[CONTROL].fd = vm_control_fd(s->vm);
	if (s->interactive && !s->console_over) {
		p[CONSOLE].events =
			(short)((s->guest_left ? 0 : POLLIN) | (s->keys_left ? POLLOUT : 0));
		p[CONSOLE].fd = p[CONSOLE].events ? vm_console_fd(s->vm) : -1;
	}
	if (keys_wanted)
		p[INPUT].fd = STDIN_FILENO;
	p[OUTPUT].events = p[ERRORS].events = POLLOUT;
	if (out_waits)
		p[OUTPUT].fd = s->out.fd;
	if (s->event_left && s->event_to == &s->errs)
		p[ERRORS].fd = s->errs.fd;
}

static void turn(struct session *s)
{
	struct pollfd p[NFDS];
	bool ticking = s->escalate_ns || s->stage <= VM_STAGE_KERNEL;

	fill_poll(s, p);
	if (poll(p, NFDS, ticking ? TICK_MS : -1) < 0)
		return;
	if (p[SIGNALS].revents)
		read_signals(s);
	if (p[OUTPUT].revents || p[ERRORS].revents) {
		shell_write_event(s);
		shell_write_console(s);
	}
	if (p[CONTROL].revents)
		shell_take_events(s);
	if (p[CONSOLE].revents & (POLLIN | POLLHUP | POLLERR) && !s->guest_left)
		shell_read_console(s);
	if (s->keys_left || p[CONSOLE].revents & POLLOUT)
		shell_send_keys(s);
	if (p[INPUT].revents && !s->keys_left)
		shell_read_stdin(s);
	if (s->escalate_ns && clock_mono_ns() >= s->escalate_ns && !s->killed)
		shell_kill(s);
}

/* The guest has ended, and what it wrote has been written. */
static bool over(const struct session *s)
{
	if (!s->ended || s->event_left)
		return false;
	return !s->interactive || (s->console_over && !s->guest_left);
}

/* The first line names the command; quoted lines and hints follow it. */
static void print_reason(struct session *s)
{
	struct err e = ERR_INIT;
	char *rest = s->reason.s, *line = strsep(&rest, "\n");

	err_set(&e, EIO, "%s", line);
	cli_error(s->cx, &e);
	while ((line = strsep(&rest, "\n"))) {
		if (str_starts(line, "hint: "))
			dprintf(STDERR_FILENO, "  %s\n", line);
		else
			cli_note(s->cx, "%s", line);
	}
}

/* The last that is said. */
static void print_timings(struct session *s, int status)
{
	cleanup_str struct str text = STR_INIT;
	char *rest, *line;

	if (s->timings == SHELL_TIMINGS_JSON) {
		shell_timings_json(&s->facts, status, &text);
		dprintf(STDERR_FILENO, "%s\n", str_get(&text));
	} else if (s->timings == SHELL_TIMINGS_TEXT) {
		shell_timings_text(&s->facts, &text);
		rest = text.s;
		while ((line = strsep(&rest, "\n")))
			cli_note(s->cx, "%s", line);
	}
}

static int end_status(const struct session *s)
{
	return s->killed && s->signalled ? 128 + s->signalled : s->status;
}

static int finish(struct session *s)
{
	shell_clear_status(s);
	shell_release_terminal(s);
	if (s->reason.len)
		print_reason(s);
	else if (s->interactive && s->stage >= VM_STAGE_BOOTING)
		(void)!write(STDERR_FILENO, "Connection to VM closed.\n", 25);
	print_timings(s, end_status(s));
	return end_status(s);
}

static void open_streams(struct session *s)
{
	outstream_open(&s->out, STDOUT_FILENO);
	outstream_open(&s->errs, STDERR_FILENO);
	s->progress.kind = s->cx->batch		  ? PROGRESS_NONE
			   : term_progress(s->cx) ? PROGRESS_BAR
						  : PROGRESS_LINES;
	s->progress.width = term_width(STDERR_FILENO, 80);
}

static void close_session(struct session *s)
{
	vm_free(s->vm);
	outstream_close(&s->out);
	outstream_close(&s->errs);
	progress_release(&s->progress);
	str_release(&s->dmesg);
	str_release(&s->reason);
	shell_facts_release(&s->facts);
	if (s->sigfd >= 0)
		close(s->sigfd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

int shell_session(
	const struct vm_config *asked, enum shell_timings timings, const struct cli_context *cx)
{
	struct vm_config c = *asked;
	struct session *s = xcalloc(1, sizeof(*s));
	struct err e = ERR_INIT;
	int status;

	s->cx = cx;
	s->config = asked;
	s->timings = timings;
	s->interactive = !c.exec;
	open_streams(s);
	catch_signals(s);
	if (s->interactive)
		shell_window_size(&c.rows, &c.cols);
	s->vm = vm_start(&c, &e);
	if (s->vm) {
		while (!over(s)) {
			turn(s);
			shell_tick_progress(s);
		}
		status = finish(s);
	} else {
		cli_error(cx, &e);
		status = EXIT_FAILED;
	}
	close_session(s);
	free(s);
	return status;
}
