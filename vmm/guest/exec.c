/* A session of one command: its three streams framed, its status at the end. */
#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct session {
	struct link *link;
	struct command command;
	int in;	      /* write end of the command's stdin; -1 = closed */
	bool in_end;  /* the host has sent the end */
	bool refused; /* the host broke the rules of PROTO_WINDOW */
	struct buf input;
};

static void on_signal(struct session *s, const unsigned char *payload, size_t n)
{
	uint32_t sig = n == 4 ? payload[0] | (uint32_t)payload[1] << 8 : 0;

	if (sig >= 1 && sig < NSIG)
		command_signal(&s->command, (int)sig);
}

static void on_frame(void *user, uint32_t tag, const unsigned char *payload, size_t n)
{
	struct session *s = user;

	if (tag == PROTO_STDIN && n == 0)
		s->in_end = true;
	else if (tag == PROTO_STDIN && s->in < 0)
		link_send_u32(s->link, PROTO_STDIN_TAKEN, (uint32_t)n); /* nobody reads it */
	else if (tag == PROTO_STDIN && n <= buf_room(&s->input))
		buf_put(&s->input, payload, n);
	else if (tag == PROTO_STDIN)
		s->refused = true;
	else if (tag == PROTO_SIGNAL)
		on_signal(s, payload, n);
	else if (tag == PROTO_SHUTDOWN)
		command_signal(&s->command, SIGTERM);
}

static void close_input(struct session *s)
{
	close(s->in);
	s->in = -1;
	if (s->input.len)
		link_send_u32(s->link, PROTO_STDIN_TAKEN, (uint32_t)s->input.len);
	s->input.len = 0;
}

/* What the command takes of its input; then the end, once all is taken. */
static void serve_input(struct session *s)
{
	while (s->in >= 0 && s->input.len) {
		ssize_t n = buf_write(&s->input, s->in);

		if (n > 0)
			link_send_u32(s->link, PROTO_STDIN_TAKEN, (uint32_t)n);
		else if (n < 0 && errno == EAGAIN)
			return;
		else if (n < 0 && errno != EINTR)
			close_input(s); /* EPIPE: the command closed it */
	}
	if (s->in >= 0 && s->in_end)
		close_input(s);
}

/* A machine that its command switches off has no status to tell. */
static void reap(struct session *s, int sigfd)
{
	bool reboot = child_reap(sigfd, (struct child *const[]){&s->command.child}, 1);

	if (s->command.child.exited) {
		command_exited(&s->command);
		if (s->in >= 0)
			close_input(s);
	} else if (reboot) {
		link_reboot(s->link);
	}
}

/* One wait and what follows from it. */
static void turn(struct session *s, int sigfd)
{
	struct pollfd p[5] = {
		{s->link->fd, link_events(s->link, true), 0},
		{s->command.child.exited ? -1 : sigfd, POLLIN, 0},
		{s->input.len ? s->in : -1, POLLOUT, 0},
	};

	command_poll(&s->command, p + 3);
	if (poll(p, 5, command_draining(&s->command) ? 0 : -1) < 0)
		return;
	link_turn(s->link, p[0].revents, on_frame, s);
	serve_input(s);
	command_turn(&s->command, p + 3);
	if (p[1].revents)
		reap(s, sigfd);
}

static int start(struct session *s, const struct guest_conf *c)
{
	static const uint32_t tags[2] = {PROTO_STDOUT, PROTO_STDERR};
	int in[2], rc;

	if (pipe2(in, O_CLOEXEC))
		return -1;
	rc = command_start(&s->command, s->link, child_environ(c), c->exec, in[0], tags);
	close(in[0]);
	s->in = in[1];
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	return rc;
}

void exec_run(const struct guest_conf *c, struct link *l)
{
	struct session s = {.link = l};
	int sigfd = child_signalfd();

	buf_init(&s.input, PROTO_WINDOW);
	if (sigfd < 0 || start(&s, c))
		link_fail(l, false, "init cannot start the command");
	link_phase(l, PROTO_PHASE_PROMPT, "");
	while (!command_finished(&s.command) && !l->dead && !s.refused)
		turn(&s, sigfd);
	if (s.refused)
		link_fail(l, false, "the host sent more standard input than was granted");
	link_send_u32(l, PROTO_EXEC_EXIT, (uint32_t)s.command.child.status);
	link_phase(l, PROTO_PHASE_ENDING, "");
}
