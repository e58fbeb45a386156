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

/* ---- in the child, between fork and exec: async-signal-safe calls only ----------------------- */

static void forget_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_target(const struct spawn *s, int fd)
{
	for (size_t i = 0; i < s->nfds; i++)
		if (s->fds[i].to == fd)
			return true;
	return false;
}

/* A number that no target has, nor any above it. */
static int above_targets(const struct spawn *s)
{
	int top = 64;

	for (size_t i = 0; i < s->nfds; i++)
		if (s->fds[i].to >= top)
			top = s->fds[i].to + 1;
	return top;
}

/* Copies of all sources from `top` on, so that no target closes one that is still wanted. */
static int lift_sources(const struct spawn *s, struct spawn_fd *fds, int top)
{
	for (size_t i = 0; i < s->nfds; i++) {
		int from = fds[i].from < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : fds[i].from;

		fds[i].from = fcntl(from, F_DUPFD_CLOEXEC, top);
		if (fds[i].from < 0)
			return -1;
	}
	return 0;
}

static int fill_standard(const struct spawn *s)
{
	for (int fd = 0; fd < STDERR_FILENO; fd++) {
		int null = is_target(s, fd) ? fd : open("/dev/null", O_RDWR);

		if (null < 0)
			return -1;
		if (null == fd)
			continue;
		dup2(null, fd);
		close(null);
	}
	return 0;
}

static int place_fds(const struct spawn *s, struct spawn_fd *fds, int top)
{
	if (lift_sources(s, fds, top) || fill_standard(s))
		return -1;
	/* What others left open without close-on-exec ends here; kernels before 5.11 keep it. */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < s->nfds; i++)
		if (dup2(fds[i].from, fds[i].to) < 0)
			return -1;
	return 0;
}

/* fds: a copy of s->fds to work on. What fails is written to `report`, as errno. */
static _Noreturn void child(
	const struct spawn *s, struct spawn_fd *fds, const char *program, pid_t parent, int report)
{
	int top = above_targets(s), code;

	forget_signals();
	if (s->new_session)
		setsid();
	if (s->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	report = fcntl(report, F_DUPFD_CLOEXEC, top);
	if ((!s->cwd || !chdir(s->cwd)) && !place_fds(s, fds, top))
		execve(program, (char *const *)s->argv, s->env ? (char *const *)s->env : environ);
	code = errno;
	(void)!write(report, &code, sizeof(code));
	_exit(127);
}

/* ---- in the parent --------------------------------------------------------------------------- */

/* With every signal blocked until the child has its own dispositions; -errno. */
static pid_t fork_child(const struct spawn *s, const char *program, int report)
{
	cleanup_free struct spawn_fd *fds = xcalloc(s->nfds, sizeof(*fds));
	pid_t parent = getpid(), pid;
	sigset_t all, old;

	if (s->nfds)
		memcpy(fds, s->fds, s->nfds * sizeof(*fds));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child(s, fds, program, parent, report);
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* The errno that the child reports; 0 when its exec has closed the pipe. */
static int reported(int fd)
{
	int code = 0;
	ssize_t n;

	do
		n = read(fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(code) ? code : 0;
}

pid_t spawn_start(const struct spawn *s, struct err *e)
{
	const char *name = s->program ? s->program : s->argv[0];
	cleanup_free char *program = spawn_find(name);
	int report[2], code;
	pid_t pid;

	if (!program)
		return err_set(
			e, ENOENT, "cannot run '%s': it is not installed or not executable", name);
	if (pipe2(report, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe for '%s'", name);
	pid = fork_child(s, program, report[1]);
	close(report[1]);
	code = pid < 0 ? -pid : reported(report[0]);
	close(report[0]);
	if (pid > 0 && code)
		spawn_wait(pid);
	return code ? err_sys(e, code, "cannot run '%s'", name) : pid;
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

/* Until both have ended; errs may be NULL, its fd is -1 then. */
static void gather(int out_fd, struct str *out, int errs_fd, struct str *errs, size_t max)
{
	struct pollfd p[2] = {{out_fd, POLLIN, 0}, {errs_fd, POLLIN, 0}};

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents && !drain(out_fd, max, out))
			p[0].fd = -1;
		if (p[1].revents && !drain(errs_fd, max, errs))
			p[1].fd = -1;
		p[0].revents = p[1].revents = 0;
	}
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
	if (pid > 0)
		gather(po[0], out, pe[0], errs, max);
	close(po[0]);
	if (errs)
		close(pe[0]);
	return pid < 0 ? pid : spawn_wait(pid);
}
