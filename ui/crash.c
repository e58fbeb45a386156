#include "ui/crash.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "src/base/mem.h"

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGQUIT, SIGSYS, SIGTRAP};

/* A handler has no other way to find its data: filled before the handlers are installed, not
 * changed while they are. */
struct guard {
	volatile sig_atomic_t armed;
	int fd;
	struct termios modes;
	char bytes[1024];
	size_t n;
	struct sigaction before[sizeof(fatal) / sizeof(fatal[0])];
};
static struct guard guard;

static void restore_handlers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &guard.before[i], NULL);
}

/* A fault happens again when this returns, and then meets the handler that was there before (the
 * default one, a sanitizer's); a signal that was sent has to be sent again. */
static void on_fatal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	if (guard.armed) {
		guard.armed = 0;
		(void)!write(guard.fd, guard.bytes, guard.n);
		tcsetattr(guard.fd, TCSANOW, &guard.modes);
		restore_handlers();
	}
	if (info->si_code <= 0)
		raise(signo);
}

void crash_guard(int fd, const struct termios *modes, const char *bytes, size_t n)
{
	struct sigaction sa = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (guard.armed)
		return;
	guard.fd = fd;
	guard.modes = *modes;
	guard.n = n < sizeof(guard.bytes) ? n : sizeof(guard.bytes);
	memcpy(guard.bytes, bytes, guard.n);
	sigemptyset(&sa.sa_mask);
	guard.armed = 1;
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &sa, &guard.before[i]);
}

void crash_unguard(void)
{
	if (!guard.armed)
		return;
	restore_handlers();
	guard.armed = 0;
}
