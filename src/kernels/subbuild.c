#include "src/kernels/subbuild.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "src/kernels/report.h"

enum { TICK_MS = 100, LINE_MAX_BYTES = 4096 };

struct talk {
	const struct kernel_report *report;
	struct str line, last; /* `last`: the last error */
	char *image;	       /* owned */
	struct str what;       /* it is doing now */
	uint64_t done, total;
};

/* "DONE TOTAL WHAT" */
static void on_progress(struct talk *t, const char *text)
{
	char *end;

	t->done = strtoull(text, &end, 10);
	t->total = strtoull(end, &end, 10);
	str_clear(&t->what);
	str_add(&t->what, *end == ' ' ? end + 1 : end);
}

/* "ktstr: TEXT"; the image's path is for us, an error for the end, all else for people. */
static void on_line(struct talk *t)
{
	cleanup_str struct str clean = STR_INIT;
	const char *text;

	utf8_sanitize(&clean, str_get(&t->line), t->line.len, false);
	str_clear(&t->line);
	text = str_get(&clean);
	text += str_starts(text, "ktstr: ") ? strlen("ktstr: ") : 0;
	if (str_starts(text, SUBBUILD_PROGRESS)) {
		on_progress(t, text + strlen(SUBBUILD_PROGRESS));
	} else if (str_starts(text, "image: ")) {
		free(t->image);
		t->image = xstrdup(text + strlen("image: "));
	} else if (str_starts(text, "kernel build: ")) {
		str_clear(&t->last);
		str_add(&t->last, text + strlen("kernel build: "));
	} else if (*text) {
		report_note(t->report, "%s", text);
	}
}

static bool listen(struct talk *t, int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n')
			on_line(t);
		else if (t->line.len < LINE_MAX_BYTES)
			str_addc(&t->line, buf[i]);
	}
	return n > 0;
}

/* Asked to end it puts away what is half done. */
static int follow(struct talk *t, pid_t pid, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	for (;;) {
		if (report_progress(t->report, str_get(&t->what), t->done, t->total)) {
			kill(pid, SIGTERM);
			spawn_wait(pid);
			return -ECANCELED;
		}
		if (poll(&p, 1, TICK_MS) > 0 && !listen(t, fd))
			return spawn_wait(pid);
	}
}

static int verdict(struct talk *t, int status, const char *id, char **image, struct err *e)
{
	if (status == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while kernel %s was built",
			id ? id : "of kernel.org");
	if (status == 0 && t->image) {
		*image = take_ptr(t->image);
		return 0;
	}
	if (t->last.len)
		return err_set(e, EIO, "%s", str_get(&t->last));
	return err_set(e, EIO, "kernel %s could not be built (status %d)",
		id ? id : "of kernel.org", status);
}

static int run(struct talk *t, const char *program, const char *id, char **image, struct err *e)
{
	const char *const argv[] = {"ktstr", "kernel", "build", "--color=never", "--progress-lines",
		id ? "--kernel" : NULL, id, NULL};
	int said[2], rc;
	pid_t pid;

	if (pipe2(said, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe to build a kernel");
	pid = spawn_start(
		&(struct spawn){
			.argv = argv,
			.program = program,
			.fds = (struct spawn_fd[]){{said[1], 2}},
			.nfds = 1,
			.new_session = true, /* and it outlives us for as long as it tidies up */
		},
		e);
	close(said[1]);
	rc = pid < 0 ? (int)pid : verdict(t, follow(t, pid, said[0]), id, image, e);
	close(said[0]);
	return rc;
}

int subbuild(const char *program, const char *id, const struct kernel_report *report, char **image,
	struct err *e)
{
	struct talk t = {.report = report};
	int rc;

	str_add(&t.what, "building the kernel");
	/* whoever only wants what is at hand stops us here */
	if (report_progress(report, str_get(&t.what), 0, 0))
		rc = verdict(&t, -ECANCELED, id, image, e);
	else
		rc = run(&t, program, id, image, e);
	str_release(&t.line);
	str_release(&t.what);
	str_release(&t.last);
	free(t.image);
	return rc;
}
