#include "src/cli/pager.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"

/* F: leave when it fits the screen, R: keep bold, X: do not clear. As git sets it. */
static const char less_default[] = "FRX";

static const char *pager_command(const struct cli_context *cx)
{
	const char *pager = getenv("PAGER");

	if (cx->common.no_pager || cx->batch || !isatty(STDOUT_FILENO))
		return NULL;
	if (!pager || !*pager) {
		cleanup_free char *less = spawn_find("less");

		return less ? "less" : NULL;
	}
	return strcmp(pager, "cat") == 0 ? NULL : pager;
}

/* The text travels in a memory file, so that nobody has to feed a pipe that the pager may leave. */
static int text_fd(const struct str *out)
{
	int fd = file_memfd("help");

	if (fd < 0)
		return fd;
	if (file_write_fd(fd, str_get(out), out->len) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Ctrl-C belongs to the pager while it runs. 0, or -1 when there was none to run. */
static int run_pager(const char *command, int fd)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	const struct spawn_fd fds[] = {{fd, STDIN_FILENO}, {STDOUT_FILENO, STDOUT_FILENO}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = ARRAY_LEN(fds)};
	void (*old)(int);
	pid_t pid;
	int status;

	setenv("LESS", less_default, 0);
	pid = spawn_start(&s, NULL);
	if (pid < 0)
		return -1;
	old = signal(SIGINT, SIG_IGN);
	status = spawn_wait(pid);
	signal(SIGINT, old);
	return status == 126 || status == 127 ? -1 : 0;
}

int pager_show(const struct cli_context *cx, const struct str *out)
{
	const char *command = pager_command(cx);
	cleanup_close int fd = command ? text_fd(out) : -1;

	if (fd >= 0 && run_pager(command, fd) == 0)
		return EXIT_OK;
	return cli_print(cx, out);
}
