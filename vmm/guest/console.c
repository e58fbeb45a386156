/* The interactive session: busybox's shell on a pty, relayed to the host's terminal. */
#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TO_HOST = 64 * 1024 };

struct session {
	struct link *link;
	int console; /* the raw port; -1 = frames on the link */
	int master;
	struct child shell;
	struct command run; /* beside the shell, when the host asks for one */
	char **env;
	bool refused, console_gone;
	bool drained;	  /* after the shell's end: the pty holds nothing any more */
	uint64_t written; /* to the raw port */
	struct buf to_host, to_shell;
};

static void resize(int master, unsigned rows, unsigned cols)
{
	struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	if (rows && cols)
		ioctl(master, TIOCSWINSZ, &w); /* the kernel tells the foreground processes */
}

/* The host asks for the next one only when it has heard of the end of the one before. */
static void run_command(struct session *s, const unsigned char *p, size_t n)
{
	static const uint32_t tags[2] = {PROTO_RUN_STDOUT, PROTO_RUN_STDERR};
	char *line = strndup((const char *)p, n);
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (s->run.child.pid > 0)
		s->refused = true;
	else if (!line || nothing < 0 ||
		 command_start(&s->run, s->link, s->env, line, nothing, tags))
		link_send_u32(s->link, PROTO_RUN_EXIT, (uint32_t)PROTO_RUN_FAILED);
	if (nothing >= 0)
		close(nothing);
	free(line);
}

static void check_run(struct session *s)
{
	if (s->run.child.pid <= 0 || !command_finished(&s->run))
		return;
	link_send_u32(s->link, PROTO_RUN_EXIT, (uint32_t)s->run.child.status);
	s->run.child = (struct child){0};
}

static void on_frame(void *user, uint32_t tag, const unsigned char *p, size_t n)
{
	struct session *s = user;

	if (tag == PROTO_RESIZE && n == 4)
		resize(s->master, p[0] | (unsigned)p[1] << 8, p[2] | (unsigned)p[3] << 8);
	else if (tag == PROTO_CONSOLE && n <= buf_room(&s->to_shell))
		buf_put(&s->to_shell, p, n);
	else if (tag == PROTO_CONSOLE)
		s->refused = true;
	else if (tag == PROTO_RUN)
		run_command(s, p, n);
	else if (tag == PROTO_SIGNAL && n == 4 && p[0] >= 1 && p[0] < NSIG)
		command_signal(&s->run, p[0]);
	else if (tag == PROTO_SHUTDOWN && !s->shell.exited)
		kill(-s->shell.pid, SIGHUP);
}

/* Writes to the terminal outside, as far as it goes. */
static void serve_host(struct session *s)
{
	while (s->to_host.len && s->console >= 0 && !s->console_gone) {
		ssize_t n = buf_write(&s->to_host, s->console);

		if (n > 0)
			s->written += (uint64_t)n;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			s->console_gone = true;
	}
	while (s->to_host.len && s->console < 0 && link_room(s->link)) {
		size_t room = link_room(s->link);
		size_t n = s->to_host.len < room ? s->to_host.len : room;

		link_send(s->link, PROTO_CONSOLE, s->to_host.b + s->to_host.at, n);
		s->to_host.at += n;
		s->to_host.len -= n;
	}
}

/* Keys for the shell, as far as the pty takes them. */
static void serve_shell(struct session *s)
{
	while (s->to_shell.len) {
		ssize_t n = buf_write(&s->to_shell, s->master);

		if (n > 0 && s->console < 0)
			link_send_u32(s->link, PROTO_CONSOLE_TAKEN, (uint32_t)n);
		if (n < 0 && errno != EINTR)
			break;
	}
}

static void read_console(struct session *s)
{
	ssize_t n = buf_read(&s->to_shell, s->console, PROTO_CHUNK);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		s->console_gone = true;
}

/*
 * EIO means that no process has the terminal open; before the shell's end a hang-up of that kind
 * may still be followed by output of a child, so only both together are the end. After its end an
 * empty pty is enough: the kernel has hung the terminal up, and read(2) waits for bytes that are
 * still under way inside it.
 */
static void read_shell(struct session *s)
{
	ssize_t n = buf_room(&s->to_host) ? buf_read(&s->to_host, s->master, PROTO_CHUNK) : 1;

	if (n <= 0 && s->shell.exited)
		s->drained = true;
}

/* `reboot` and its like end the session as `exit` does: the shell is told that its terminal is
 * gone. */
static void reap(struct session *s, int sigfd)
{
	bool ran = s->run.child.exited;
	bool reboot = child_reap(sigfd, (struct child *const[]){&s->shell, &s->run.child}, 2);

	if (s->run.child.exited && !ran)
		command_exited(&s->run);
	if (reboot && !s->shell.exited)
		kill(-s->shell.pid, SIGHUP);
}

static bool finished(const struct session *s)
{
	return s->link->dead || s->console_gone || s->refused || (s->drained && !s->to_host.len);
}

/* After an end nothing has to be waited for but room to pass its output on. */
static bool nothing_to_wait_for(const struct session *s)
{
	return (s->shell.exited && !s->drained && buf_room(&s->to_host)) ||
	       command_draining(&s->run);
}

static void turn(struct session *s, int sigfd)
{
	struct pollfd p[6] = {
		{s->link->fd, link_events(s->link, true), 0},
		{sigfd, POLLIN, 0},
		{s->console,
			(short)((buf_room(&s->to_shell) ? POLLIN : 0) |
				(s->to_host.len ? POLLOUT : 0)),
			0},
		{s->drained ? -1 : s->master,
			(short)((buf_room(&s->to_host) ? POLLIN : 0) |
				(s->to_shell.len ? POLLOUT : 0)),
			0},
	};

	command_poll(&s->run, p + 4);
	if (poll(p, 6, nothing_to_wait_for(s) ? 0 : -1) < 0)
		return;
	link_turn(s->link, p[0].revents, on_frame, s);
	if (p[2].revents & POLLIN)
		read_console(s);
	else if (p[2].revents & (POLLHUP | POLLERR))
		s->console_gone = true;
	if (p[3].revents & (POLLIN | POLLHUP) || s->shell.exited)
		read_shell(s);
	serve_shell(s);
	serve_host(s);
	command_turn(&s->run, p + 4);
	if (p[1].revents)
		reap(s, sigfd);
	check_run(s);
}

static void child_shell(char **env, int slave)
{
	child_clean();
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(slave, i);
	if (slave > 2)
		close(slave);
	execle("/bin/busybox", "sh", (char *)NULL, env);
	dprintf(2, "ktstr-init: cannot run /bin/busybox: %s\n", strerror(errno));
	_exit(127);
}

static int start(struct session *s, const struct guest_conf *c)
{
	int slave;

	if (openpty(&s->master, &slave, NULL, NULL, NULL))
		return -1;
	fcntl(s->master, F_SETFD, FD_CLOEXEC);
	fcntl(s->master, F_SETFL, fcntl(s->master, F_GETFL) | O_NONBLOCK);
	resize(s->master, c->rows, c->cols);
	s->env = child_environ(c);
	s->shell.pid = fork();
	if (s->shell.pid == 0)
		child_shell(s->env, slave);
	close(slave);
	return s->shell.pid < 0 ? -1 : 0;
}

/* The greeting, while the port still blocks (see link_init()), so that it waits for the host. */
static void greet(struct session *s, const struct guest_conf *c)
{
	char text[8192];
	size_t n = motd_format(c, text, sizeof(text));

	buf_put(&s->to_host, text, n);
	serve_host(s);
	if (s->console >= 0)
		fcntl(s->console, F_SETFL, fcntl(s->console, F_GETFL) | O_NONBLOCK);
}

static void send_console_end(struct session *s)
{
	unsigned char le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)(s->written >> (8 * i));
	link_send(s->link, PROTO_CONSOLE_END, le, sizeof(le));
}

void console_run(const struct guest_conf *c, struct link *l, int console)
{
	struct session s = {.link = l, .console = console};
	int sigfd = child_signalfd();

	buf_init(&s.to_host, TO_HOST);
	buf_init(&s.to_shell, PROTO_WINDOW);
	greet(&s, c);
	if (sigfd < 0 || start(&s, c))
		link_fail(l, false, "init cannot start the shell");
	link_phase(l, PROTO_PHASE_PROMPT, "");
	while (!finished(&s))
		turn(&s, sigfd);
	if (s.refused)
		link_fail(l, false, "the host sent more input than was granted");
	if (console >= 0)
		send_console_end(&s);
	link_phase(l, PROTO_PHASE_ENDING, "");
}
