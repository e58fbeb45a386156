/* One command of the shell: its output in frames, as fast as the link takes them. */
#include "vmm/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void child_exec(char *const *env, const char *line, const int fds[3])
{
	child_clean();
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i); /* the ends are close-on-exec and above 2 */
	execle("/bin/busybox", "sh", "-c", line, (char *)NULL, env);
	dprintf(2, "ktstr-init: cannot run /bin/busybox: %s\n", strerror(errno));
	_exit(127);
}

static void close_both(const int p[2])
{
	close(p[0]);
	close(p[1]);
}

int command_start(struct command *c, struct link *l, char *const *env, const char *line,
	int stdin_fd, const uint32_t tags[2])
{
	int out[2], errs[2];

	if (pipe2(out, O_CLOEXEC))
		return -1;
	if (pipe2(errs, O_CLOEXEC)) {
		close_both(out);
		return -1;
	}
	*c = (struct command){.link = l};
	c->child.pid = fork();
	if (c->child.pid == 0)
		child_exec(env, line, (const int[3]){stdin_fd, out[1], errs[1]});
	close(out[1]);
	close(errs[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(errs[0], F_SETFL, O_NONBLOCK);
	c->out[0] = (struct command_stream){out[0], tags[0], -1};
	c->out[1] = (struct command_stream){errs[0], tags[1], -1};
	if (c->child.pid > 0)
		return 0;
	close(out[0]);
	close(errs[0]);
	*c = (struct command){.link = l};
	return -1;
}

static void close_stream(struct command *c, struct command_stream *out)
{
	close(out->fd);
	out->fd = -1;
	link_send(c->link, out->tag, NULL, 0);
}

/* One read into one frame, when the link has room. */
static void serve_stream(struct command *c, struct command_stream *out)
{
	unsigned char bytes[PROTO_CHUNK];
	size_t room = link_room(c->link);
	ssize_t n;

	if (out->left >= 0 && (size_t)out->left < room)
		room = (size_t)out->left;
	if (room == 0 && out->left != 0)
		return;
	n = room ? read(out->fd, bytes, room) : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && out->left < 0)
		return;
	if (n <= 0) {
		close_stream(c, out);
		return;
	}
	link_send(c->link, out->tag, bytes, (size_t)n);
	if (out->left >= 0)
		out->left -= (int)n;
}

static bool running(const struct command *c)
{
	return c->child.pid > 0 && !c->child.exited;
}

void command_poll(const struct command *c, struct pollfd p[2])
{
	bool wanted = running(c) && link_room(c->link) > 0;

	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){wanted ? c->out[i].fd : -1, POLLIN, 0};
}

void command_turn(struct command *c, const struct pollfd p[2])
{
	if (c->child.pid <= 0)
		return;
	for (int i = 0; i < 2; i++)
		if (c->out[i].fd >= 0 && (p[i].revents || c->child.exited))
			serve_stream(c, &c->out[i]);
}

/*
 * What its pipes hold now is its output; whatever a process that it left behind may still write is
 * not, and nobody waits for it.
 */
void command_exited(struct command *c)
{
	for (int i = 0; i < 2; i++)
		if (c->out[i].fd >= 0 && ioctl(c->out[i].fd, FIONREAD, &c->out[i].left))
			c->out[i].left = 0;
}

bool command_draining(const struct command *c)
{
	return c->child.exited && !command_finished(c) && link_room(c->link) > 0;
}

bool command_finished(const struct command *c)
{
	return c->child.exited && c->out[0].fd < 0 && c->out[1].fd < 0;
}

void command_signal(const struct command *c, int signo)
{
	if (!running(c))
		return;
	/* Newly born it has no group of its own yet. */
	if (kill(-c->child.pid, signo) && errno == ESRCH)
		kill(c->child.pid, signo);
}
