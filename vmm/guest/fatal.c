/* Last words: when nothing else works, a line on the serial console and a reboot. */
#include "vmm/guest/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

/* Where the kernel's console is, and what works before devtmpfs is mounted. */
static int serial(void)
{
	int fd = open("/dev/ttyS0", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC) : fd;
}

void say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int fd = serial(), n;

	if (fd < 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	dprintf(fd, "ktstr-init: %.*s\n", n, line);
	tcdrain(fd);
	close(fd);
}

void reboot_now(void)
{
	reboot(RB_AUTOBOOT);
	for (;;) /* only without CAP_SYS_BOOT, which PID 1 has */
		pause();
}

/* Async-signal-safe: open, write, tcdrain, reboot. The number is spelled by hand. */
static void on_fatal(int sig)
{
	char line[] = "PANIC: ktstr-init died of signal 00\n";
	char *digits = strchr(line, '0');
	int fd = serial();

	digits[0] = (char)('0' + sig / 10);
	digits[1] = (char)('0' + sig % 10);
	if (fd >= 0) {
		(void)!write(fd, line, sizeof(line) - 1);
		tcdrain(fd);
	}
	reboot(RB_AUTOBOOT);
}

void fatal_install(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
	struct sigaction sa = {.sa_handler = on_fatal, .sa_flags = SA_RESETHAND};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &sa, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}
