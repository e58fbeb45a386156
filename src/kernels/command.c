#include "src/kernels/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/spawn.h"

enum { OUT_MAX = 16 << 20, ERRS_MAX = 64 << 10, TICK_MS = 100 };

extern char **environ;

/* Our environment with the messages in English, because they are looked into. */
static void environment(struct strv *env)
{
	for (char **v = environ; *v; v++)
		if (!str_starts(*v, "LC_ALL=") && !str_starts(*v, "LANGUAGE="))
			strv_push(env, *v);
	strv_push(env, "LC_ALL=C.UTF-8");
}

/* Takes what is there; false at the end. */
static bool drain(int fd, size_t max, struct str *into)
{
	char buf[16384];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		if (into->len < max)
			str_append(into, buf,
				(size_t)n < max - into->len ? (size_t)n : max - into->len);
	}
}

/* Until the program is gone, or somebody had enough. */
static int watch(
	const struct command *c, pid_t pid, const int fds[2], struct str *out, struct str *errs)
{
	struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
	int st;

	for (;;) {
		bool open_ends = p[0].fd >= 0 || p[1].fd >= 0;

		/* with both ends closed it is about to end: no need to look every tick */
		if (waitpid(pid, &st, WNOHANG) == pid)
			break;
		if (c->tick && c->tick(c->user)) {
			kill(-pid, SIGKILL);
			spawn_wait(pid);
			return -ECANCELED;
		}
		poll(p, 2, open_ends ? TICK_MS : TICK_MS / 20);
		if (p[0].revents && !drain(p[0].fd, OUT_MAX, out))
			p[0].fd = -1;
		if (p[1].revents && !drain(p[1].fd, ERRS_MAX, errs))
			p[1].fd = -1;
	}
	/* a helper of its own may keep the ends open: what is there now is all */
	drain(fds[0], OUT_MAX, out);
	drain(fds[1], ERRS_MAX, errs);
	return spawn_status(st);
}

int command_run(const struct command *c, struct str *out, struct str *errs, struct err *e)
{
	cleanup_strv struct strv env = STRV_INIT;
	int po[2] = {-1, -1}, pe[2] = {-1, -1}, rc;
	pid_t pid;

	if (pipe2(po, O_CLOEXEC) || pipe2(pe, O_CLOEXEC)) {
		rc = err_sys(e, errno, "cannot create a pipe for '%s'", c->argv[0]);
		close(po[0]);
		close(po[1]);
		return rc;
	}
	environment(&env);
	fcntl(po[0], F_SETFL, O_NONBLOCK);
	fcntl(pe[0], F_SETFL, O_NONBLOCK);
	pid = spawn_start(
		&(struct spawn){
			.argv = c->argv,
			.env = (const char *const *)env.v,
			.cwd = c->cwd,
			.fds = (struct spawn_fd[]){{po[1], 1}, {pe[1], 2}},
			.nfds = 2,
			.new_session = true,
			.die_with_parent = true,
		},
		e);
	close(po[1]);
	close(pe[1]);
	rc = pid < 0 ? (int)pid : watch(c, pid, (const int[]){po[0], pe[0]}, out, errs);
	close(po[0]);
	close(pe[0]);
	return rc;
}
