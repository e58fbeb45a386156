#include "src/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/mem.h"

extern char **environ;

char *spawn_find(const char *program)
{
	const char *path = getenv("PATH");
	struct stat st;

	if (strchr(program, '/'))
		return access(program, X_OK) == 0 ? xstrdup(program) : NULL;
	if (!path || !*path)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	while (*path) {
		size_t n = strcspn(path, ":");
		char *full = n ? xasprintf("%.*s/%s", (int)n, path, program) : xstrdup(program);

		if (stat(full, &st) == 0 && S_ISREG(st.st_mode) && access(full, X_OK) == 0)
			return full;
		free(full);
		path += n + (path[n] == ':');
	}
	return NULL;
}

/* Runs in the child between fork and exec: async-signal-safe calls only. */
static void child(const struct spawn *s, const char *program, pid_t parent, int report)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;
	int top = 64, code;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->new_session)
		setsid();
	if (s->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	if (s->cwd && chdir(s->cwd))
		goto failed;
	/* Two passes, so that no target closes a source that is still wanted. */
	for (size_t i = 0; i < s->nfds; i++)
		if (s->fds[i].to >= top)
			top = s->fds[i].to + 1;
	report = fcntl(report, F_DUPFD_CLOEXEC, top);
	for (int fd = 0; fd < 3; fd++) {
		bool named = false;

		for (size_t i = 0; i < s->nfds; i++)
			named |= s->fds[i].to == fd;
		if (!named && fd < 2) {
			int null = open("/dev/null", O_RDWR);

			if (null < 0)
				goto failed;
			if (null != fd) {
				/* keep a source that lies on a standard number alive */
				for (size_t i = 0; i < s->nfds; i++)
					if (s->fds[i].from == fd)
						((struct spawn_fd *)s->fds)[i].from =
							fcntl(fd, F_DUPFD_CLOEXEC, top);
				dup2(null, fd);
				close(null);
			}
		}
	}
	for (size_t i = 0; i < s->nfds; i++) {
		struct spawn_fd *f = (struct spawn_fd *)&s->fds[i];

		f->from = f->from < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : f->from;
		f->from = fcntl(f->from, F_DUPFD_CLOEXEC, top);
		if (f->from < 0)
			goto failed;
	}
	/* What others left open without close-on-exec ends here; kernels before 5.11 keep it. */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < s->nfds; i++)
		if (dup2(s->fds[i].from, s->fds[i].to) < 0)
			goto failed;
	execve(program, (char *const *)s->argv, s->env ? (char *const *)s->env : environ);
failed:
	code = errno;
	(void)!write(report, &code, sizeof(code));
	_exit(127);
}

pid_t spawn_start(const struct spawn *s, struct err *e)
{
	const char *name = s->program ? s->program : s->argv[0];
	cleanup_free char *program = spawn_find(name);
	cleanup_free struct spawn_fd *fds = xcalloc(s->nfds, sizeof(*fds));
	struct spawn copy = *s;
	pid_t parent = getpid(), pid;
	sigset_t all, old;
	int report[2], code = 0;

	if (!program)
		return err_set(
			e, ENOENT, "cannot run '%s': it is not installed or not executable", name);
	if (pipe2(report, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe for '%s'", name);
	if (s->nfds)
		memcpy(fds, s->fds, s->nfds * sizeof(*fds));
	copy.fds = fds;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child(&copy, program, parent, report[1]);
	code = pid < 0 ? errno : 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(report[1]);
	if (pid > 0) {
		ssize_t n;

		do
			n = read(report[0], &code, sizeof(code));
		while (n < 0 && errno == EINTR);
		if (n == (ssize_t)sizeof(code))
			spawn_wait(pid);
		else
			code = 0;
	}
	close(report[0]);
	if (code)
		return err_sys(e, code, "cannot run '%s'", name);
	return pid;
}

int spawn_status(int st)
{
	if (WIFEXITED(st))
		return WEXITSTATUS(st);
	return WIFSIGNALED(st) ? 128 + WTERMSIG(st) : 1;
}

int spawn_wait(pid_t pid)
{
	int st = 0;

	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return 1;
	return spawn_status(st);
}

/* Reads what is there; false at end of file. */
static bool drain(int fd, size_t max, struct str *into)
{
	char buf[16384];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	if (into && into->len < max)
		str_append(into, buf, (size_t)n < max - into->len ? (size_t)n : max - into->len);
	return true;
}

int spawn_capture(
	const struct spawn *s, size_t max, struct str *out, struct str *errs, struct err *e)
{
	cleanup_free struct spawn_fd *fds = xcalloc(s->nfds + 2, sizeof(*fds));
	int po[2] = {-1, -1}, pe[2] = {-1, -1};
	struct spawn copy = *s;
	pid_t pid;

	if (pipe2(po, O_CLOEXEC) || (errs && pipe2(pe, O_CLOEXEC)))
		return err_sys(e, errno, "cannot create a pipe for '%s'", s->argv[0]);
	if (s->nfds)
		memcpy(fds, s->fds, s->nfds * sizeof(*fds));
	copy.fds = fds;
	fds[copy.nfds++] = (struct spawn_fd){po[1], 1};
	if (errs)
		fds[copy.nfds++] = (struct spawn_fd){pe[1], 2};
	pid = spawn_start(&copy, e);
	close(po[1]);
	if (errs)
		close(pe[1]);
	if (pid > 0) {
		struct pollfd p[2] = {{po[0], POLLIN, 0}, {pe[0], POLLIN, 0}};

		while (p[0].fd >= 0 || p[1].fd >= 0) {
			if (poll(p, 2, -1) < 0 && errno != EINTR)
				break;
			if (p[0].revents && !drain(po[0], max, out))
				p[0].fd = -1;
			if (p[1].revents && !drain(pe[0], max, errs))
				p[1].fd = -1;
			p[0].revents = p[1].revents = 0;
		}
	}
	close(po[0]);
	if (errs)
		close(pe[0]);
	return pid < 0 ? pid : spawn_wait(pid);
}
