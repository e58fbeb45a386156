#include "src/kernels/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/parse.h"
#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "src/kernels/report.h"

enum { LINE_MAX_BYTES = 4096, TICK_MS = 100 };

/* What the other process has said so far. */
struct listener {
	const char *what;
	const struct kernel_report *report;
	uint64_t done, total;
	struct str line, complaint;
};

static void on_line(struct listener *l)
{
	const char *text = str_get(&l->line);

	if (*text == '!')
		utf8_sanitize(&l->complaint, text + 1, strlen(text + 1), false);
	else
		parse_u64(text, &l->done, NULL);
	str_clear(&l->line);
}

/* False at the end of what it says. */
static bool listen(struct listener *l, int fd)
{
	char buf[1024];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n')
			on_line(l);
		else if (l->line.len < LINE_MAX_BYTES)
			str_addc(&l->line, buf[i]);
	}
	return n > 0;
}

/* To its end, or until somebody has enough. */
static int follow(struct listener *l, pid_t pid, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	for (;;) {
		if (report_progress(l->report, l->what, l->done, l->total)) {
			kill(pid, SIGKILL);
			spawn_wait(pid);
			return -ECANCELED;
		}
		if (poll(&p, 1, TICK_MS) > 0 && !listen(l, fd))
			return spawn_wait(pid);
	}
}

static int verdict(const struct listener *l, int status, const char *name, struct err *e)
{
	if (!status)
		return 0;
	if (status == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while unpacking %s", name);
	if (l->complaint.len)
		return err_set(e, EBADMSG, "cannot unpack %s: %s", name, str_get(&l->complaint));
	return err_set(e, EBADMSG,
		"cannot unpack %s: the process that unpacked it was ended (status %d)", name,
		status);
}

int untar(const char *program, int archive_fd, const char *name, const char *folder,
	const struct kernel_report *report, struct err *e)
{
	static const char *const argv[] = {"ktstr", "__untar", NULL};
	cleanup_free char *what = xasprintf("unpacking %s", name);
	struct listener l = {.what = what, .report = report};
	struct stat st;
	int status[2], rc;
	pid_t pid;

	if (fstat(archive_fd, &st) || lseek(archive_fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read %s", name);
	if (pipe2(status, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe to unpack %s", name);
	l.total = (uint64_t)st.st_size;
	pid = spawn_start(
		&(struct spawn){
			.argv = argv,
			.program = program ? program : "/proc/self/exe",
			.cwd = folder,
			.fds = (struct spawn_fd[]){{archive_fd, 0}, {status[1], 1}},
			.nfds = 2,
			.new_session = true,
			.die_with_parent = true,
		},
		e);
	close(status[1]);
	rc = pid < 0 ? (int)pid : verdict(&l, follow(&l, pid, status[0]), name, e);
	close(status[0]);
	str_release(&l.line);
	str_release(&l.complaint);
	return rc;
}
