/* The terminal of an interactive session: raw mode, window size, words of ours in between. */
#include "src/cli/shell_state.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/rawtty.h"

void shell_put(struct session *s, const char *text, size_t n)
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

void shell_note(struct session *s, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	str_printf(&line, "ktstr: %s\n", text);
	shell_put(s, line.s, line.len);
}

static void put_progress(struct str *out)
{
	if (out->len)
		(void)file_write_fd(STDERR_FILENO, out->s, out->len);
}

void shell_clear_status(struct session *s)
{
	cleanup_str struct str out = STR_INIT;

	progress_end(&s->progress, &out);
	put_progress(&out);
}

void shell_show_progress(struct session *s, const char *what, uint64_t done, uint64_t total)
{
	cleanup_str struct str out = STR_INIT;

	s->progress.unit = progress_unit(what);
	progress_update(&s->progress, clock_mono_ns(), what, done, total, &out);
	put_progress(&out);
}

void shell_tick_progress(struct session *s)
{
	cleanup_str struct str out = STR_INIT;

	progress_tick(&s->progress, clock_mono_ns(), &out);
	put_progress(&out);
}

void shell_show_status(struct session *s, const char *text)
{
	cleanup_str struct str out = STR_INIT;

	progress_status(&s->progress, text, &out);
	put_progress(&out);
}

void shell_window_size(uint16_t *rows, uint16_t *cols)
{
	struct winsize w;

	*rows = *cols = 0;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		return;
	*rows = w.ws_row;
	*cols = w.ws_col;
}

void shell_send_size(struct session *s)
{
	uint16_t rows, cols;

	shell_window_size(&rows, &cols);
	vm_resize(s->vm, rows, cols); /* refused when unknown */
}

void shell_track(struct session *s, const char *bytes, size_t n)
{
	cleanup_str struct str undo = STR_INIT;

	if (n)
		s->last_shown = bytes[n - 1];
	if (!termtrack_feed(&s->track, bytes, n))
		return;
	termtrack_undo(&s->track, &undo);
	rawtty_set_undo(undo.s, undo.len);
}

void shell_take_terminal(struct session *s)
{
	cleanup_str struct str undo = STR_INIT;
	struct err e = ERR_INIT;

	if (rawtty_active() || !s->interactive)
		return;
	if (rawtty_enter(STDIN_FILENO, &e)) {
		cli_error(s->cx, &e);
		s->status = EXIT_FAILED;
		shell_kill(s);
		return;
	}
	termtrack_undo(&s->track, &undo);
	rawtty_set_undo(undo.s, undo.len);
	s->last_shown = '\n';
	shell_send_size(s);
}

void shell_release_terminal(struct session *s)
{
	if (!rawtty_active())
		return;
	if (s->last_shown != '\n' && s->last_shown != '\r')
		(void)!write(s->out.fd, "\r\n", 2);
	rawtty_leave();
}

/* Ctrl-Z goes to the guest; a stop from outside gives the terminal back meanwhile. */
void shell_stop_and_continue(struct session *s)
{
	struct err e = ERR_INIT;
	bool raw = rawtty_active();

	rawtty_leave();
	kill(getpid(), SIGSTOP);
	if (raw && rawtty_enter(STDIN_FILENO, &e))
		cli_error(s->cx, &e);
	shell_track(s, "", 0);
	shell_send_size(s);
}
