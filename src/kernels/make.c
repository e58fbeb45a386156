#include "src/kernels/make.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "src/kernels/report.h"

enum { TICK_MS = 100, LINE_MAX_BYTES = 4096, LAST_LINES = 30, WHAT_MAX = 160 };

struct output {
	const struct make_run *m;
	struct str line;
	char *last[LAST_LINES]; /* owned; a ring */
	size_t lines;
	uint64_t objects;
	bool counted;	     /* they say how far it is */
	char what[WHAT_MAX]; /* "building the kernel: CC kernel/sched/core.o" */
};

/* kbuild's own short form: two blanks, a word of capitals, blanks, the file. */
static bool names_object(const char *line, const char **file)
{
	const char *p = line + 2;
	size_t word;

	if (strncmp(line, "  ", 2) != 0)
		return false;
	word = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (!word || p[word] != ' ')
		return false;
	p += word;
	*file = p + strspn(p, " [M]");
	return **file != '\0';
}

static void end_line(struct output *o)
{
	cleanup_str struct str clean = STR_INIT;
	const char *file;
	char **slot = &o->last[o->lines++ % LAST_LINES];

	utf8_sanitize(&clean, str_get(&o->line), o->line.len, false);
	str_clear(&o->line);
	free(*slot);
	*slot = xstrdup(str_get(&clean));
	if (names_object(*slot, &file)) {
		o->objects++;
		snprintf(o->what, sizeof(o->what), "%s: %s", o->m->what, file);
	}
	if (o->m->verbose)
		report_note(o->m->report, "%s", *slot);
}

/* False at the end of it. */
static bool take(struct output *o, int fd)
{
	char buf[16384];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n')
			end_line(o);
		else if (o->line.len < LINE_MAX_BYTES)
			str_addc(&o->line, buf[i]);
	}
	return n > 0;
}

/* The last object of an estimate is never reached before the end: it stays a little short. */
static bool say_progress(const struct output *o)
{
	uint64_t done = o->m->already + o->objects, total = o->m->expected;

	if (!o->counted)
		return report_progress(o->m->report, o->what, 0, 0);
	if (total && done >= total)
		total = done + 1;
	return report_progress(o->m->report, o->what, done, total);
}

static int follow(struct output *o, pid_t pid, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};

	for (;;) {
		if (say_progress(o)) {
			kill(-pid, SIGTERM);
			spawn_wait(pid);
			kill(-pid, SIGKILL); /* whoever did not hear */
			return -ECANCELED;
		}
		if (poll(&p, 1, TICK_MS) > 0 && !take(o, fd))
			return spawn_wait(pid);
	}
}

static void replay(const struct output *o)
{
	size_t from = o->lines > LAST_LINES ? o->lines - LAST_LINES : 0;

	if (o->m->verbose)
		return; /* was seen */
	for (size_t i = from; i < o->lines; i++)
		report_note(o->m->report, "%s", o->last[i % LAST_LINES]);
}

static int verdict(const struct output *o, int status, struct err *e)
{
	cleanup_str struct str call = STR_INIT;

	if (!status)
		return 0;
	if (status == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while %s", o->m->what);
	for (const char *const *a = o->m->args; *a; a++)
		str_printf(&call, " %s", *a);
	replay(o);
	return err_set(
		e, EIO, "make%s failed in %s (status %d)", str_get(&call), o->m->tree, status);
}

static void arguments(const struct make_run *m, struct strv *argv)
{
	strv_push(argv, "make");
	for (const char *const *a = m->args; *a; a++)
		strv_push(argv, *a);
}

int make_run(const struct make_run *m, uint64_t *objects, struct err *e)
{
	cleanup_strv struct strv argv = STRV_INIT;
	struct output o = {.m = m, .counted = objects != NULL};
	int both[2], rc;
	pid_t pid;

	arguments(m, &argv);
	snprintf(o.what, sizeof(o.what), "%s", m->what);
	if (pipe2(both, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe for make");
	pid = spawn_start(
		&(struct spawn){
			.argv = (const char *const *)argv.v,
			.cwd = m->tree,
			.fds = (struct spawn_fd[]){{both[1], 1}, {both[1], 2}},
			.nfds = 2,
			.new_session = true,
			.die_with_parent = true,
		},
		e);
	close(both[1]);
	rc = pid < 0 ? (int)pid : verdict(&o, follow(&o, pid, both[0]), e);
	close(both[0]);
	for (size_t i = 0; i < LAST_LINES; i++)
		free(o.last[i]);
	str_release(&o.line);
	if (objects)
		*objects = o.objects;
	return rc;
}
