#include "tests/lib/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/spawn.h"
#include "tests/lib/patience.h"

static void child(struct pty *p, const char *const *argv, int stderr_fd)
{
	setsid();
	ioctl(p->slave, TIOCSCTTY, 0);
	dup2(p->slave, 0);
	dup2(p->slave, 1);
	dup2(stderr_fd >= 0 ? stderr_fd : p->slave, 2);
	execvp(argv[0], (char *const *)argv);
	_exit(126);
}

void pty_start(struct pty *p, const char *const *argv, int rows, int cols, int stderr_fd)
{
	struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	*p = (struct pty){.master = -1, .slave = -1};
	if (openpty(&p->master, &p->slave, NULL, NULL, &w))
		abort();
	fcntl(p->master, F_SETFD, FD_CLOEXEC);
	fcntl(p->slave, F_SETFD, FD_CLOEXEC);
	fcntl(p->master, F_SETFL, O_NONBLOCK);
	p->pid = fork();
	if (p->pid == 0)
		child(p, argv, stderr_fd);
	if (p->pid < 0)
		abort();
}

/* Adds what can be read now; false at the end. */
static bool gather(int fd, struct str *into)
{
	char buf[65536];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		str_append(into, buf, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool contains(const struct str *s, size_t from, const char *text, size_t *end)
{
	const char *hit =
		s->len > from ? memmem(s->s + from, s->len - from, text, strlen(text)) : NULL;

	if (hit)
		*end = (size_t)(hit - s->s) + strlen(text);
	return hit != NULL;
}

static bool reaped(struct pty *p, int flags)
{
	int st;

	if (p->pid && waitpid(p->pid, &st, flags) == p->pid) {
		p->status = spawn_status(st);
		p->pid = 0;
	}
	return !p->pid;
}

static void report(const char *text, const struct str *seen, size_t from)
{
	printf("# waited for '%s', saw:\n# ", text);
	for (size_t i = from < seen->len ? from : seen->len; i < seen->len; i++) {
		unsigned char c = (unsigned char)seen->s[i];

		if (c == '\n')
			printf("\n# ");
		else if (c >= ' ' && c < 127)
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	printf("\n");
}

bool pty_expect(struct pty *p, const char *text)
{
	uint64_t limit = clock_mono_ns() + PATIENCE_S * NS_PER_SEC;

	while (!contains(&p->seen, p->mark, text, &p->mark)) {
		struct pollfd f = {p->master, POLLIN, 0};
		bool ended = reaped(p, WNOHANG);
		int rc = poll(&f, 1, ended ? 0 : 200);

		if (rc > 0)
			gather(p->master, &p->seen);
		if ((rc == 0 && ended) || clock_mono_ns() > limit) {
			report(text, &p->seen, p->mark);
			return false;
		}
	}
	return true;
}

bool pty_expect_fd(int fd, struct str *into, const char *text, unsigned seconds)
{
	uint64_t limit = clock_mono_ns() + seconds * NS_PER_SEC;
	size_t end;

	while (!contains(into, 0, text, &end)) {
		struct pollfd f = {fd, POLLIN, 0};

		if (clock_mono_ns() > limit || (poll(&f, 1, 200) > 0 && !gather(fd, into))) {
			report(text, into, 0);
			return false;
		}
	}
	return true;
}

void pty_type_bytes(struct pty *p, const char *keys, size_t n)
{
	while (n) {
		struct pollfd f = {p->master, POLLOUT | POLLIN, 0};
		ssize_t rc = write(p->master, keys, n);

		if (rc > 0) {
			keys += rc;
			n -= (size_t)rc;
		} else if (errno != EAGAIN && errno != EINTR) {
			return;
		} else {
			poll(&f, 1, 1000);
			gather(p->master, &p->seen);
		}
	}
}

void pty_type(struct pty *p, const char *keys)
{
	pty_type_bytes(p, keys, strlen(keys));
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize w = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	ioctl(p->master, TIOCSWINSZ, &w);
}

bool pty_wait_stopped(struct pty *p)
{
	int st;

	return waitpid(p->pid, &st, WUNTRACED) == p->pid && WIFSTOPPED(st);
}

int pty_wait(struct pty *p)
{
	uint64_t limit = clock_mono_ns() + PATIENCE_S * NS_PER_SEC;

	while (!reaped(p, WNOHANG) && clock_mono_ns() < limit) {
		struct pollfd f = {p->master, POLLIN, 0};

		if (poll(&f, 1, 20) > 0)
			gather(p->master, &p->seen);
	}
	if (p->pid) {
		report("the end", &p->seen, p->mark);
		kill(p->pid, SIGKILL);
		reaped(p, 0);
	}
	/* what is left in the terminal's buffer */
	for (struct pollfd f = {p->master, POLLIN, 0}; poll(&f, 1, 0) > 0 && f.revents & POLLIN;)
		if (!gather(p->master, &p->seen))
			break;
	return p->status;
}

void pty_settings(const struct pty *p, struct termios *t)
{
	memset(t, 0, sizeof(*t));
	tcgetattr(p->slave, t);
}

bool pty_same_settings(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && !memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc));
}

void pty_close(struct pty *p)
{
	if (p->pid) {
		kill(p->pid, SIGKILL);
		reaped(p, 0);
	}
	close(p->master);
	close(p->slave);
	str_release(&p->seen);
}
