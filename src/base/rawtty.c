#include "src/base/rawtty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/mem.h"

/* What ends a process and can be caught. Those that the session takes in its loop are blocked there
 * and never get here. */
static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
	SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF,
	SIGIO, SIGPWR, SIGSYS};

struct undo {
	size_t n;
	char bytes[RAWTTY_UNDO_MAX];
};

/*
 * A signal handler can be handed nothing: what it needs stands here. `active` is set last and
 * cleared first; `undo` has two slots, so that the one in use is never half-written.
 */
static struct {
	volatile sig_atomic_t active, slot;
	int fd;
	struct termios saved, raw;
	struct undo undo[2];
	struct sigaction old[ARRAY_LEN(fatal)];
	bool at_exit;
} tty;

/* Async-signal-safe. A process in the background may restore its terminal too: SIGTTOU is blocked,
 * else the kernel would stop us here. */
static void restore(void)
{
	const struct undo *u = &tty.undo[tty.slot];
	int saved_errno = errno;
	sigset_t ttou, old;

	if (!tty.active)
		return;
	tty.active = 0;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	for (size_t at = 0; at < u->n;) {
		ssize_t n = write(tty.fd, u->bytes + at, u->n - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	while (tcsetattr(tty.fd, TCSANOW, &tty.saved) && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved_errno;
}

/* Restores, then lets the signal do what it would have done without us. */
static void on_fatal(int signo)
{
	restore();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i] == signo)
			sigaction(signo, &tty.old[i], NULL);
	raise(signo);
}

static void install(void)
{
	struct sigaction sa = {.sa_handler = on_fatal};

	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
		sigaction(fatal[i], NULL, &tty.old[i]);
		/* what is ignored stays so: nohup, a shell's background job, our SIGPIPE */
		if (tty.old[i].sa_handler != SIG_IGN)
			sigaction(fatal[i], &sa, NULL);
	}
}

static void uninstall(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &tty.old[i], NULL);
}

int rawtty_enter(int fd, struct err *e)
{
	if (tty.active)
		return err_set(e, EBUSY, "the terminal is in use already");
	if (tcgetattr(fd, &tty.saved))
		return err_sys(e, errno, "cannot read the terminal's settings");
	tty.raw = tty.saved;
	cfmakeraw(&tty.raw);
	tty.fd = fd;
	tty.undo[0].n = tty.undo[1].n = 0;
	if (!tty.at_exit)
		atexit(rawtty_leave);
	tty.at_exit = true;
	install();
	tty.active = 1;
	while (tcsetattr(fd, TCSANOW, &tty.raw)) {
		int code = errno;

		if (code == EINTR)
			continue;
		rawtty_leave();
		return err_sys(e, code, "cannot set the terminal to raw mode");
	}
	return 0;
}

void rawtty_leave(void)
{
	if (!tty.active)
		return;
	restore();
	uninstall();
}

bool rawtty_active(void)
{
	return tty.active;
}

void rawtty_again(void)
{
	/* In the background this would stop us: whoever brings us to the front wakes us again. */
	if (tty.active && tcgetpgrp(tty.fd) == getpgrp())
		tcsetattr(tty.fd, TCSANOW, &tty.raw);
}

void rawtty_set_undo(const char *bytes, size_t n)
{
	int other = !tty.slot;

	if (n > RAWTTY_UNDO_MAX)
		n = RAWTTY_UNDO_MAX;
	memcpy(tty.undo[other].bytes, bytes, n);
	tty.undo[other].n = n;
	tty.slot = other;
}
