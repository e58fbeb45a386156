#include "src/cli/bisect_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"

/* The words of the command as one line for the guest's shell. */
static char *command_line(const struct strv *words)
{
	struct str line = STR_INIT;

	if (words->n == 1)
		return xstrdup(words->v[0]);
	for (size_t i = 0; i < words->n; i++) {
		str_add(&line, i ? " '" : "'");
		for (const char *c = words->v[i]; *c; c++)
			*c == '\'' ? str_add(&line, "'\\''") : str_addc(&line, *c);
		str_addc(&line, '\'');
	}
	return str_steal(&line);
}

static void arguments(const struct bisect_guest *g, struct strv *argv)
{
	cleanup_free char *line = command_line(g->command);

	strv_push(argv, "ktstr");
	strv_push(argv, "shell");
	for (size_t i = 0; i < g->words->n; i++)
		strv_push(argv, g->words->v[i]);
	strv_push(argv, "--timings");
	strv_push(argv, "--json");
	strv_push(argv, "--kernel");
	strv_push(argv, g->kernel);
	strv_push(argv, "--exec");
	strv_push(argv, line);
}

static pid_t start(const struct bisect_guest *g, int said, struct err *e)
{
	cleanup_strv struct strv argv = STRV_INIT;

	arguments(g, &argv);
	return spawn_start(
		&(struct spawn){
			.argv = (const char *const *)argv.v,
			.program = "/proc/self/exe",
			.fds = (struct spawn_fd[]){{-1, 0}, {STDERR_FILENO, 1}, {said, 2}},
			.nfds = 3,
			.die_with_parent = true,
		},
		e);
}

/* Whether the command was started in the guest, as the report (the last line on stderr) says. */
static bool was_started(const char *report, size_t n)
{
	struct json *root = json_parse(report, n, NULL);
	const struct json *prompt = root ? json_get(json_get(root, "timings"), "prompt") : NULL;
	bool started = prompt && !json_is_null(prompt);

	json_free(root);
	return started;
}

/* ---- while it runs -------------------------------------------------------------------------- */

struct talk {
	pid_t pid;
	int said, signals;
	struct str line;
	bool started, interrupted;
};

/* Passes on what the guest's command and ktstr say, but for the report; false at the end. */
static bool relay(struct talk *t)
{
	char buf[4096];
	ssize_t n = read(t->said, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		str_addc(&t->line, buf[i]);
		if (buf[i] != '\n')
			continue;
		if (str_starts(str_get(&t->line), "{\"status\":"))
			t->started = was_started(t->line.s, t->line.len);
		else
			file_write_fd(STDERR_FILENO, t->line.s, t->line.len);
		str_clear(&t->line);
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* The guest is asked to end, and what it still says is passed on. A terminal tells it itself. */
static void interrupt(struct talk *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return;
	t->interrupted = true;
	kill(t->pid, SIGTERM);
}

static void follow(struct talk *t)
{
	struct pollfd p[] = {{t->said, POLLIN, 0}, {t->signals, POLLIN, 0}};
	bool more = true;

	while (more) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			interrupt(t);
		if (p[0].revents)
			more = relay(t);
	}
}

static int converse(struct talk *t, const struct bisect_guest *g, struct err *e)
{
	int said[2], status;

	if (pipe2(said, O_CLOEXEC))
		return err_sys(e, errno, "cannot create a pipe to a guest");
	t->said = said[0];
	t->pid = start(g, said[1], e);
	close(said[1]);
	if (t->pid > 0)
		follow(t);
	close(said[0]);
	status = t->pid > 0 ? spawn_wait(t->pid) : (int)t->pid;
	if (t->interrupted || status == 128 + SIGINT || status == 128 + SIGTERM)
		return err_set(e, ECANCELED, "interrupted");
	return status;
}

int bisect_guest_run(const struct bisect_guest *g, bool *started, struct err *e)
{
	struct talk t = {.line = STR_INIT};
	sigset_t ending, before;
	int status;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &before);
	t.signals = signalfd(-1, &ending, SFD_CLOEXEC);
	status = t.signals < 0 ? err_sys(e, errno, "cannot hear signals") : converse(&t, g, e);
	if (t.signals >= 0)
		close(t.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	*started = t.started;
	str_release(&t.line);
	return status;
}
