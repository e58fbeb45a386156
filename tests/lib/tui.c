#include "tests/lib/tui_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

static void dump(struct tui *t)
{
	cleanup_str struct str screen = STR_INIT;

	tui_screen(t, &screen);
	fprintf(stderr, "# the screen (%dx%d), frame %llu, %llu of %llu bytes handled:\n", t->cols,
		t->rows, (unsigned long long)t->frame, (unsigned long long)t->bytes,
		(unsigned long long)t->sent);
	for (char *s = screen.s; s && *s;) {
		char *end = strchr(s, '\n');

		fprintf(stderr, "# |%.*s\n", (int)(end - s), s);
		s = end + 1;
	}
	if (t->ended)
		fprintf(stderr,
			"# the program ended with status %d; it wrote %zu bytes, the last: %.*s\n",
			t->status, t->output.len,
			(int)(t->output.len < 2000 ? t->output.len : 2000),
			str_get(&t->output) + (t->output.len < 2000 ? 0 : t->output.len - 2000));
}

_Noreturn void tui_die(struct tui *t, const char *what, const char *arg)
{
	fprintf(stderr, "not ok - tui: %s%s%s\n", what, arg ? ": " : "", arg ? arg : "");
	if (t)
		dump(t);
	if (t && !t->ended)
		kill(-t->pid, SIGKILL);
	abort();
}

/* ---- the program ----------------------------------------------------------------------------- */

static void child_env(const struct tui_options *o, int sync_fd)
{
	static const char *const keep[] = {"PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"TSAN_OPTIONS", "TMPDIR", "XDG_CACHE_HOME", "KTSTR_CACHE_DIR", "KTSTR_KERNEL",
		"KTSTR_LOCK_DIR", NULL};
	char *kept[ARRAY_LEN(keep)] = {0}, text[32];

	for (int i = 0; keep[i]; i++)
		kept[i] = getenv(keep[i]) ? strdup(getenv(keep[i])) : NULL;
	clearenv();
	for (int i = 0; keep[i]; i++)
		if (kept[i])
			setenv(keep[i], kept[i], 1);
	setenv("TERM", o->term ? o->term : "tmux-256color", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	snprintf(text, sizeof(text), "%d", sync_fd);
	setenv("KTSTR_SYNC_FD", text, 1);
	for (int i = 0; o->env && o->env[i]; i++)
		putenv(strdup(o->env[i]));
}

static _Noreturn void exec_program(const struct tui_options *o, int sync_fd)
{
	const char *program = getenv("KTSTR");
	const char *argv[64] = {program ? program : "./ktstr"};

	argv[0] = strdup(argv[0]);
	for (int i = 0; o->args && o->args[i] && i < 62; i++)
		argv[i + 1] = o->args[i];
	child_env(o, sync_fd);
	execv(argv[0], (char **)argv);
	perror(argv[0]);
	_exit(127);
}

/* What a shell does for its jobs: the program in a group of its own in the foreground, and a parent
 * in the same session, without which a stop would be ignored. It stops itself with the program and
 * continues it. */
static _Noreturn void run_job(const struct tui_options *o, int sync_fd)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
		exec_program(o, sync_fd);
	}
	close(sync_fd);
	while (waitpid(pid, &status, WUNTRACED) >= 0) {
		if (!WIFSTOPPED(status))
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		raise(SIGSTOP);
		kill(-pid, SIGCONT);
	}
	_exit(126);
}

/* On its own terminal; sync[1] is the end of the pipe on which it tells what it has handled. */
static void fork_program(struct tui *t, const struct tui_options *o, const int *sync)
{
	const struct winsize w = {
		.ws_row = (unsigned short)t->rows, .ws_col = (unsigned short)t->cols};
	int slave;

	if (openpty(&t->master, &slave, NULL, NULL, &w))
		tui_die(NULL, "openpty", strerror(errno));
	tcgetattr(t->master, &t->before);
	t->pid = fork();
	if (t->pid < 0)
		tui_die(NULL, "fork", strerror(errno));
	if (t->pid == 0) {
		close(t->master);
		login_tty(slave);
		if (o->job)
			run_job(o, sync[1]);
		exec_program(o, sync[1]);
	}
	close(slave);
}

static struct tui *start(const struct tui_options *o)
{
	struct tui *t = xcalloc(1, sizeof(*t));
	int sync[2];

	t->rows = o->rows ? o->rows : 24;
	t->cols = o->cols ? o->cols : 80;
	t->job = o->job;
	if (pipe(sync))
		tui_die(NULL, "pipe", strerror(errno));
	fcntl(sync[0], F_SETFD, FD_CLOEXEC);
	tui_screen_open(t);
	fork_program(t, o, sync);
	close(sync[1]);
	t->sync = sync[0];
	fcntl(t->master, F_SETFL, O_NONBLOCK);
	fcntl(t->sync, F_SETFL, O_NONBLOCK);
	return t;
}

struct tui *tui_start(const struct tui_options *o)
{
	struct tui *t = start(o);

	tui_next_frame(t);
	return t;
}

int tui_run_refused(const char *term, const char *why)
{
	struct tui *t = start(&(struct tui_options){.term = term});
	int status = tui_wait(t);

	if (!strstr(str_get(&t->output), why))
		tui_die(t, "the refusal does not say", why);
	tui_free(t);
	return status;
}

void tui_free(struct tui *t)
{
	if (!t->ended) {
		kill(-t->pid, SIGKILL);
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	if (t->master >= 0)
		close(t->master);
	close(t->sync);
	tui_screen_close(t);
	str_release(&t->output);
	str_release(&t->line);
	str_release(&t->sync_line);
	free(t);
}

/* ---- the end --------------------------------------------------------------------------------- */

int tui_pid(const struct tui *t)
{
	return t->pid;
}

int tui_master(const struct tui *t)
{
	return t->master;
}

const struct str *tui_output(const struct tui *t)
{
	return &t->output;
}

const struct termios *tui_modes_before(const struct tui *t)
{
	return &t->before;
}

void tui_modes(const struct tui *t, struct termios *out)
{
	tcgetattr(t->master, out);
}

int tui_wait(struct tui *t)
{
	uint64_t until = tui_deadline();
	int status;

	/* Its end of the terminal closes with it; what it wrote before is read first. */
	while (tui_turn(t, until))
		;
	if (clock_mono_ns() >= until)
		tui_die(t, "the program does not end", NULL);
	if (waitpid(t->pid, &status, 0) != t->pid)
		tui_die(t, "waitpid", strerror(errno));
	t->ended = true;
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return t->status;
}

void tui_quit(struct tui *t)
{
	tui_keys(t, "q");
	if (tui_wait(t) != 0)
		tui_die(t, "q did not end it well", NULL);
	tui_free(t);
}

int tui_hang_up(struct tui *t)
{
	int status;

	close(t->master);
	t->master = -1;
	if (waitpid(t->pid, &status, 0) != t->pid)
		tui_die(t, "waitpid", strerror(errno));
	t->ended = true;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void tui_wait_stop(struct tui *t)
{
	int status;

	if (!t->job || waitpid(t->pid, &status, WUNTRACED) != t->pid || !WIFSTOPPED(status))
		tui_die(t, "the program did not stop", NULL);
	while (tui_read_output(t) && errno != EAGAIN)
		errno = 0;
}

void tui_continue(struct tui *t)
{
	kill(t->pid, SIGCONT);
	tui_next_frame(t);
}
