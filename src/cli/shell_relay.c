/* The console's bytes to our stdout, and our stdin's to the guest. */
#include "src/cli/shell_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void shell_write_console(struct session *s)
{
	while (s->guest_left) {
		size_t n = outstream_write(&s->out, s->from_guest + s->guest_at, s->guest_left);

		if (!n)
			return;
		shell_track(s, s->from_guest + s->guest_at, n);
		s->guest_at += n;
		s->guest_left -= n;
		shell_check_stdout(s);
	}
}

void shell_read_console(struct session *s)
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
	shell_clear_status(s);
	s->guest_at = 0;
	s->guest_left = (size_t)n;
	shell_write_console(s);
}

void shell_send_keys(struct session *s)
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

	shell_kill(s);
	(void)!write(s->out.fd, text, sizeof(text) - 1);
	s->last_shown = '\n';
}

void shell_read_stdin(struct session *s)
{
	char typed[SHELL_KEYS / 2];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));
	bool quit = false;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->stdin_over = true;
		if (s->interactive)
			shell_end(s, SIGHUP); /* the terminal is gone */
	} else if (s->interactive) {
		quit = escape_feed(&s->escape, typed, (size_t)n, s->keys, &s->keys_left);
	} else {
		memcpy(s->keys, typed, (size_t)n);
		s->keys_left = (size_t)n;
	}
	s->keys_at = 0;
	shell_send_keys(s);
	if (quit)
		escape_typed(s);
}
