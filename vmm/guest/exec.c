/* One command: its three streams framed, its status at the end. */
#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A stream of the command on its way to the host. */
struct stream {
	int fd; /* read end; -1 = closed */
	uint32_t tag;
	int left; /* bytes still to take after the command's end; -1 = no limit yet */
};

struct session {
	struct link *link;
	pid_t pid;
	int in;	      /* write end of the command's stdin; -1 = closed */
	bool in_end;  /* the host has sent the end */
	bool refused; /* the host broke the rules of PROTO_WINDOW */
	bool exited;
	int status;
	struct buf input;
	struct stream out[2];
};

static void on_signal(struct session *s, const unsigned char *payload, size_t n)
{
	uint32_t sig = n == 4 ? payload[0] | (uint32_t)payload[1] << 8 : 0;

	if (sig >= 1 && sig < NSIG && !s->exited)
		kill(-s->pid, (int)sig);
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
	else if (tag == PROTO_SHUTDOWN && !s->exited)
		kill(-s->pid, SIGTERM);
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

static void close_stream(struct session *s, struct stream *out)
{
	if (out->fd < 0)
		return;
	close(out->fd);
	out->fd = -1;
	link_send(s->link, out->tag, NULL, 0);
}

/* One read into one frame, when the link has room. */
static void serve_stream(struct session *s, struct stream *out)
{
	unsigned char bytes[PROTO_CHUNK];
	size_t room = link_room(s->link);
	ssize_t n;

	if (out->left >= 0 && (size_t)out->left < room)
		room = (size_t)out->left;
	if (room == 0 && out->left != 0)
		return;
	n = room ? read(out->fd, bytes, room) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && out->left < 0)
		return;
	if (n <= 0) {
		close_stream(s, out);
		return;
	}
	link_send(s->link, out->tag, bytes, (size_t)n);
	if (out->left >= 0)
		out->left -= (int)n;
}

/*
 * The command is over. What its pipes hold now is its output; whatever a process that it left
 * behind may still write is not, and nobody waits for it.
 */
static void on_exit_seen(struct session *s)
{
	s->exited = true;
	for (int i = 0; i < 2; i++)
		if (s->out[i].fd >= 0 && ioctl(s->out[i].fd, FIONREAD, &s->out[i].left))
			s->out[i].left = 0;
	if (s->in >= 0)
		close_input(s);
}

/* A machine that its command switches off has no status to tell. */
static void on_news(struct session *s, struct child_news news)
{
	if (news.exited) {
		s->status = news.status;
		on_exit_seen(s);
	} else if (news.reboot && !s->exited) {
		link_reboot(s->link);
	}
}

static bool finished(const struct session *s)
{
	return s->exited && s->out[0].fd < 0 && s->out[1].fd < 0;
}

/* One wait and what follows from it. */
static void turn(struct session *s, int sigfd)
{
	bool room = link_room(s->link) > 0;
	struct pollfd p[5] = {
		{s->link->fd, link_events(s->link, true), 0},
		{sigfd, POLLIN, 0},
		{s->input.len ? s->in : -1, POLLOUT, 0},
		{room && !s->exited ? s->out[0].fd : -1, POLLIN, 0},
		{room && !s->exited ? s->out[1].fd : -1, POLLIN, 0},
	};

	/* after the end nothing has to be waited for but the link */
	if (poll(p, 5, s->exited && room ? 0 : -1) < 0)
		return;
	link_turn(s->link, p[0].revents, on_frame, s);
	serve_input(s);
	for (int i = 0; i < 2; i++)
		if (s->out[i].fd >= 0 && (p[3 + i].revents || s->exited))
			serve_stream(s, &s->out[i]);
	if (p[1].revents)
		on_news(s, child_reap(sigfd, s->pid));
}

static void child_exec(const struct guest_conf *c, char **env, const int fds[3])
{
	child_clean();
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i); /* the ends are close-on-exec and above 2 */
	execle("/bin/busybox", "sh", "-c", c->exec, (char *)NULL, env);
	dprintf(2, "ktstr-init: cannot run /bin/busybox: %s\n", strerror(errno));
	_exit(127);
}

static int start(struct session *s, const struct guest_conf *c)
{
	char **env = child_environ(c);
	int in[2], out[2], errs[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(errs, O_CLOEXEC))
		return -1;
	s->pid = fork();
	if (s->pid == 0)
		child_exec(c, env, (const int[3]){in[0], out[1], errs[1]});
	close(in[0]);
	close(out[1]);
	close(errs[1]);
	s->in = in[1];
	s->out[0] = (struct stream){out[0], PROTO_STDOUT, -1};
	s->out[1] = (struct stream){errs[0], PROTO_STDERR, -1};
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(errs[0], F_SETFL, O_NONBLOCK);
	return s->pid < 0 ? -1 : 0;
}

void exec_run(const struct guest_conf *c, struct link *l)
{
	struct session s = {.link = l};
	int sigfd = child_signalfd();

	buf_init(&s.input, PROTO_WINDOW);
	if (sigfd < 0 || start(&s, c))
		link_fail(l, false, "init cannot start the command");
	link_phase(l, PROTO_PHASE_PROMPT, "");
	while (!finished(&s) && !l->dead && !s.refused)
		turn(&s, sigfd);
	if (s.refused)
		link_fail(l, false, "the host sent more standard input than was granted");
	link_send_u32(l, PROTO_EXEC_EXIT, (uint32_t)s.status);
	link_phase(l, PROTO_PHASE_ENDING, "");
}
