#include "src/cli/shell_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/rawtty.h"
#include "src/base/termtrack.h"
#include "src/base/utf8.h"
#include "src/cli/escape.h"
#include "src/cli/outstream.h"
#include "src/cli/progress.h"
#include "src/cli/term.h"

/* After a signal was passed on to the command: how long it has to end. */
#define ESCALATE_NS (5 * NS_PER_SEC)
#define TICK_MS	    1000
enum { FROM_GUEST = 64 * 1024, KEYS = 16 * 1024 };

/* Places in the poll set. */
enum { CONTROL, CONSOLE, INPUT, OUTPUT, ERRORS, SIGNALS, NFDS };

struct session {
	const struct cli_context *cx;
	const struct vm_config *config;
	struct vm *vm;
	bool interactive;
	enum vm_stage stage;
	struct progress progress;
	struct outstream out, errs;
	/* bytes of an event that are being written; the next event is taken when they are out */
	const char *event_bytes;
	size_t event_left;
	struct outstream *event_to;
	struct str dmesg; /* holds event_bytes where they had to be cleaned */
	char from_guest[FROM_GUEST];
	size_t guest_at, guest_left;
	bool console_over;
	char keys[KEYS + 1]; /* of our stdin, on their way to the guest */
	size_t keys_at, keys_left;
	bool stdin_over;
	struct escape escape;
	struct termtrack track;
	char last_shown; /* last byte that went to the terminal */
	int sigfd;
	sigset_t mask, old_mask;
	int signalled;	      /* the signal that ends us */
	uint64_t escalate_ns; /* when the guest is killed, 0 = not */
	bool killed;
	bool ended;
	int status;
	struct str reason;
};

/* ---- saying something --------------------------------------------------------------------------
 */

/* Text for stderr; in raw mode a newline alone does not return to the first column. */
static void put_stderr(struct session *s, const char *text, size_t n)
{
	cleanup_str struct str out = STR_INIT;

	progress_clear(&s->progress, &out);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' && rawtty_active())
			str_addc(&out, '\r');
		str_addc(&out, text[i]);
	}
	(void)file_write_fd(STDERR_FILENO, str_get(&out), out.len);
}

static void note(struct session *s, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	str_printf(&line, "ktstr: %s\n", text);
	put_stderr(s, line.s, line.len);
}

static void put_progress(struct str *out)
{
	if (out->len)
		(void)file_write_fd(STDERR_FILENO, out->s, out->len);
}

static void clear_progress(struct session *s)
{
	cleanup_str struct str out = STR_INIT;

	progress_end(&s->progress, &out);
	put_progress(&out);
}

static void show_status(struct session *s, const char *text)
{
	cleanup_str struct str out = STR_INIT;

	progress_status(&s->progress, text, &out);
	put_progress(&out);
}

/* ---- ending ------------------------------------------------------------------------------------
 */

static void kill_guest(struct session *s)
{
	s->killed = true;
	s->event_left = s->guest_left = 0; /* nobody wants to read it any more */
	vm_kill(s->vm);
}

/* The reader of our stdout is gone: as quiet as any program that SIGPIPE ends. */
static void check_stdout(struct session *s)
{
	if (!s->out.error || s->killed)
		return;
	if (s->out.error != EPIPE)
		note(s, "cannot write to stdout, the guest is ended");
	s->signalled = s->out.error == EPIPE ? SIGPIPE : 0;
	s->status = EXIT_FAILED;
	kill_guest(s);
}

static void on_ending_signal(struct session *s, int signo)
{
	bool again = s->signalled != 0;

	s->signalled = signo;
	if (s->interactive || again || s->stage < VM_STAGE_PROMPT) {
		kill_guest(s);
	} else {
		vm_signal(s->vm, signo);
		s->escalate_ns = clock_mono_ns() + ESCALATE_NS;
	}
}

/* ---- the terminal ------------------------------------------------------------------------------
 */

static void window_size(uint16_t *rows, uint16_t *cols)
{
	struct winsize w;

	*rows = *cols = 0;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		return;
	*rows = w.ws_row;
	*cols = w.ws_col;
}

static void send_size(struct session *s)
{
	uint16_t rows, cols;

	window_size(&rows, &cols);
	vm_resize(s->vm, rows, cols); /* refused when unknown */
}

static void track_output(struct session *s, const char *bytes, size_t n)
{
	cleanup_str struct str undo = STR_INIT;

	if (n)
		s->last_shown = bytes[n - 1];
	if (!termtrack_feed(&s->track, bytes, n))
		return;
	termtrack_undo(&s->track, &undo);
	rawtty_set_undo(undo.s, undo.len);
}

/* From here on every key is the guest's, type-ahead included. */
static void take_terminal(struct session *s)
{
	cleanup_str struct str undo = STR_INIT;
	struct err e = ERR_INIT;

	if (rawtty_active() || !s->interactive)
		return;
	if (rawtty_enter(STDIN_FILENO, &e)) {
		cli_error(s->cx, &e);
		s->status = EXIT_FAILED;
		kill_guest(s);
		return;
	}
	termtrack_undo(&s->track, &undo);
	rawtty_set_undo(undo.s, undo.len);
	s->last_shown = '\n';
	send_size(s);
}

static void release_terminal(struct session *s)
{
	if (!rawtty_active())
		return;
	if (s->last_shown != '\n' && s->last_shown != '\r')
		(void)!write(s->out.fd, "\r\n", 2);
	rawtty_leave();
}

/* Ctrl-Z goes to the guest; a stop from outside gives the terminal back meanwhile. */
static void stop_and_continue(struct session *s)
{
	struct err e = ERR_INIT;
	bool raw = rawtty_active();

	rawtty_leave();
	kill(getpid(), SIGSTOP);
	if (raw && rawtty_enter(STDIN_FILENO, &e))
		cli_error(s->cx, &e);
	track_output(s, "", 0);
	send_size(s);
}

/* ---- events of the guest -----------------------------------------------------------------------
 */

static void on_info(struct session *s, const struct vm_event *ev)
{
	struct json *info = json_parse(ev->text, ev->size, NULL);
	cleanup_str struct str line = STR_INIT;
	const char *release = json_get_text(info, "release", NULL);

	if (!release)
		release = json_get_text(info, "kernel", "unknown");
	if (s->interactive) {
		str_printf(&line, "kernel %s (%s), ", release,
			json_get_text(info, "origin", "unknown origin"));
		vm_topology_format(&s->config->topology, &line);
		str_printf(&line, ", %llu MiB",
			(unsigned long long)json_get_uint(info, "memory_mib", 0));
		note(s, line.s);
	}
	str_clear(&line);
	str_printf(&line, "booting Linux %s", release);
	show_status(s, line.s);
	json_free(info);
}

static void on_stage(struct session *s, const struct vm_event *ev)
{
	s->stage = ev->stage;
	if (ev->stage == VM_STAGE_PAYLOAD)
		show_status(s, "packing the initramfs");
	else if (ev->stage == VM_STAGE_BOOTING)
		take_terminal(s);
	else if (ev->stage >= VM_STAGE_PROMPT)
		clear_progress(s);
}

static void on_progress(struct session *s, const struct vm_event *ev)
{
	cleanup_str struct str out = STR_INIT;

	progress_update(&s->progress, clock_mono_ns(), ev->text, ev->done, ev->total, &out);
	put_progress(&out);
}

/* The kernel's console is foreign text: it must not drive our terminal. */
static void on_dmesg(struct session *s, const struct vm_event *ev)
{
	cleanup_str struct str clean = STR_INIT;

	str_clear(&s->dmesg);
	progress_clear(&s->progress, &s->dmesg);
	for (size_t i = 0; i < ev->size; i++)
		if (ev->text[i] != '\r')
			str_addc(&clean, ev->text[i] ? ev->text[i] : ' ');
	if (rawtty_active()) {
		cleanup_str struct str plain = STR_INIT;

		utf8_sanitize(&plain, str_get(&clean), clean.len, true);
		for (size_t i = 0; i < plain.len; i++) {
			if (plain.s[i] == '\n')
				str_addc(&s->dmesg, '\r');
			str_addc(&s->dmesg, plain.s[i]);
		}
	} else {
		utf8_sanitize(&s->dmesg, str_get(&clean), clean.len, true);
	}
	s->event_bytes = str_get(&s->dmesg);
	s->event_left = s->dmesg.len;
	s->event_to = &s->errs;
}

static void on_output(struct session *s, const struct vm_event *ev)
{
	cleanup_str struct str out = STR_INIT;

	progress_end(&s->progress, &out);
	put_progress(&out);
	s->event_bytes = ev->text;
	s->event_left = ev->size;
	s->event_to = ev->kind == VM_EVENT_STDOUT ? &s->out : &s->errs;
}

static void on_end(struct session *s, const struct vm_event *ev)
{
	s->ended = true;
	if (s->killed)
		return;
	s->status = ev->status;
	str_append(&s->reason, ev->text, ev->size);
}

static void on_event(struct session *s, const struct vm_event *ev)
{
	static void (*const handlers[])(struct session *, const struct vm_event *) = {
		[VM_EVENT_PROGRESS] = on_progress,
		[VM_EVENT_STAGE] = on_stage,
		[VM_EVENT_INFO] = on_info,
		[VM_EVENT_DMESG] = on_dmesg,
		[VM_EVENT_STDOUT] = on_output,
		[VM_EVENT_STDERR] = on_output,
		[VM_EVENT_EXIT] = on_end,
	};

	if (ev->kind == VM_EVENT_NOTE)
		note(s, ev->text);
	else if (!s->killed || ev->kind == VM_EVENT_EXIT)
		handlers[ev->kind](s, ev);
}

/* ---- moving bytes ------------------------------------------------------------------------------
 */

static void write_event(struct session *s)
{
	while (s->event_left) {
		size_t n = outstream_write(s->event_to, s->event_bytes, s->event_left);

		if (!n)
			return;
		s->event_bytes += n;
		s->event_left -= n;
		check_stdout(s);
	}
}

static void take_events(struct session *s)
{
	struct vm_event ev;

	while (!s->ended && !s->event_left && vm_next_event(s->vm, &ev) == 1) {
		on_event(s, &ev);
		write_event(s);
	}
}

static void write_guest_bytes(struct session *s)
{
	while (s->guest_left) {
		size_t n = outstream_write(&s->out, s->from_guest + s->guest_at, s->guest_left);

		if (!n)
			return;
		track_output(s, s->from_guest + s->guest_at, n);
		s->guest_at += n;
		s->guest_left -= n;
		check_stdout(s);
	}
}

static void read_console(struct session *s)
{
	ssize_t n = read(vm_console_fd(s->vm), s->from_guest, sizeof(s->from_guest));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->console_over = true;
		return;
	}
	if (s->killed)
		return;
	clear_progress(s);
	s->guest_at = 0;
	s->guest_left = (size_t)n;
	write_guest_bytes(s);
}

static void send_keys(struct session *s)
{
	while (s->keys_left) {
		const char *from = s->keys + s->keys_at;
		ssize_t n = s->interactive ? send(vm_console_fd(s->vm), from, s->keys_left,
						     MSG_DONTWAIT | MSG_NOSIGNAL)
					   : vm_stdin(s->vm, from, s->keys_left);

		if (n == -EAGAIN || (s->interactive && n < 0 && errno == EAGAIN))
			return;
		if (n < 0)
			n = (ssize_t)s->keys_left; /* the guest is gone */
		s->keys_at += (size_t)n;
		s->keys_left -= (size_t)n;
	}
	if (s->stdin_over && !s->interactive)
		vm_stdin_end(s->vm);
}

static void escape_typed(struct session *s)
{
	static const char text[] = "\r\nTerminated.\r\n";

	kill_guest(s);
	(void)!write(s->out.fd, text, sizeof(text) - 1);
	s->last_shown = '\n';
}

static void read_stdin(struct session *s)
{
	char typed[KEYS / 2];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
	bool quit = false;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->stdin_over = true;
		if (s->interactive)
			on_ending_signal(s, SIGHUP); /* the terminal is gone */
	} else if (s->interactive) {
		quit = escape_feed(&s->escape, typed, (size_t)n, s->keys, &s->keys_left);
	} else {
		memcpy(s->keys, typed, (size_t)n);
		s->keys_left = (size_t)n;
	}
	s->keys_at = 0;
	send_keys(s);
	if (quit)
		escape_typed(s);
}

/* ---- signals -----------------------------------------------------------------------------------
 */

static void read_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int signo = (int)info.ssi_signo;

		if (signo == SIGWINCH) {
			send_size(s);
		} else if (signo == SIGCONT) {
			rawtty_again();
			send_size(s);
		} else if (signo == SIGTSTP) {
			stop_and_continue(s);
		} else {
			on_ending_signal(s, signo);
		}
	}
}

static void catch_signals(struct session *s)
{
	static const int always[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};

	sigemptyset(&s->mask);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		sigaddset(&s->mask, always[i]);
	if (s->interactive) {
		sigaddset(&s->mask, SIGTSTP);
		sigaddset(&s->mask, SIGCONT);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &s->mask, &s->old_mask);
	s->sigfd = signalfd(-1, &s->mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

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
		write_event(s);
		write_guest_bytes(s);
	}
	if (p[CONTROL].revents)
		take_events(s);
	if (p[CONSOLE].revents & (POLLIN | POLLHUP | POLLERR) && !s->guest_left)
		read_console(s);
	if (s->keys_left || p[CONSOLE].revents & POLLOUT)
		send_keys(s);
	if (p[INPUT].revents && !s->keys_left)
		read_stdin(s);
	if (s->escalate_ns && clock_mono_ns() >= s->escalate_ns && !s->killed)
		kill_guest(s);
}

static void tick(struct session *s)
{
	cleanup_str struct str out = STR_INIT;

	progress_tick(&s->progress, clock_mono_ns(), &out);
	put_progress(&out);
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

static int finish(struct session *s)
{
	clear_progress(s);
	release_terminal(s);
	if (s->reason.len)
		print_reason(s);
	else if (s->interactive && s->stage >= VM_STAGE_BOOTING)
		(void)!write(STDERR_FILENO, "Connection to VM closed.\n", 25);
	if (s->killed && s->signalled)
		return 128 + s->signalled;
	return s->status;
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
	if (s->sigfd >= 0)
		close(s->sigfd);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

int shell_session(const struct vm_config *asked, const struct cli_context *cx)
{
	struct vm_config c = *asked;
	struct session *s = xcalloc(1, sizeof(*s));
	struct err e = ERR_INIT;
	int status;

	s->cx = cx;
	s->config = asked;
	s->interactive = !c.exec;
	open_streams(s);
	catch_signals(s);
	if (s->interactive)
		window_size(&c.rows, &c.cols);
	s->vm = vm_start(&c, &e);
	if (s->vm) {
		while (!over(s)) {
			turn(s);
			tick(s);
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
