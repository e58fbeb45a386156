/*
 * How fast the guest pane takes a flood of output, beside tmux: the same command writes into a pane
 * of the same size in each, on a terminal that somebody reads. Measured is how long the command
 * takes, since it can write no faster than its terminal reads.
 *
 *   vt_pane RUNS DIR     the comparison; DIR holds what is written
 *   vt_pane --pane CMD   the dashboard on this terminal, with CMD in its only pane
 */
#include <poll.h>
#include <stdbool.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "tests/lib/fake_vm.h"
#include "ui/dashboard.h"
#include "ui/panes.h"

enum { ROWS = 40, COLS = 120, RUNS_MAX = 101 };

/* Three rows of the dashboard and one of tmux are not the pane's. */
enum { PANE_CHROME = 3, TMUX_CHROME = 1 };

static int run_pane(const char *command)
{
	const struct vm_config guest = {
		.kernel = command, .topology = {1, 1, 1, 1}, .rows = ROWS, .cols = COLS};
	const struct dashboard_options o = {
		.session = {.delay_ns = NS_PER_SEC, .guest = &pane_vm, .boot = &guest},
		.tty = {.colours = -1, .mouse = false},
	};
	struct err e = ERR_INIT;

	return dashboard_run(&o, &e) < 0;
}

/* Runs argv on a terminal that is read to its end. */
static void on_terminal(const char *const *argv, int rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = COLS};
	static char buf[65536];
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		unsetenv("TMUX");
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
	}
	close(fd);
	waitpid(pid, NULL, 0);
}

static uint64_t stamp(const char *dir, const char *name)
{
	cleanup_free char *path = file_join(dir, name);
	cleanup_str struct str text = STR_INIT;

	if (file_read(path, 64, &text, NULL)) {
		fprintf(stderr, "vt_pane: the command did not run (%s)\n", path);
		exit(1);
	}
	unlink(path);
	return strtoull(str_get(&text), NULL, 10);
}

/* Nanoseconds that the command took in there. */
static uint64_t measure(const char *self, const char *dir, const char *command, bool tmux)
{
	/* The last line tells the dashboard, which would stay otherwise, to end. */
	cleanup_free char *wrapped = xasprintf("date +%%s%%N >%s/a; %s; date +%%s%%N >%s/b%s", dir,
		command, dir, tmux ? "" : "; kill -TERM $PPID");
	cleanup_free char *socket = file_join(dir, "tmux"); /* a server of our own */
	const char *const in_tmux[] = {
		"tmux", "-S", socket, "-f", "/dev/null", "new-session", wrapped, NULL};
	const char *const in_pane[] = {self, "--pane", wrapped, NULL};
	uint64_t from;

	on_terminal(tmux ? in_tmux : in_pane, ROWS + (tmux ? TMUX_CHROME : PANE_CHROME));
	from = stamp(dir, "a");
	return stamp(dir, "b") - from;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint64_t *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[n / 2];
}

/* True when the pane is at least as fast. */
static bool compare(const char *self, const char *dir, const char *what, const char *command,
	double mb, int runs)
{
	uint64_t pane[RUNS_MAX], tmux[RUNS_MAX], a, b;

	for (int i = 0; i < runs; i++) {
		tmux[i] = measure(self, dir, command, true);
		pane[i] = measure(self, dir, command, false);
	}
	a = median(pane, runs);
	b = median(tmux, runs);
	printf("%-28s pane %6.1f MB/s, tmux %6.1f MB/s, ratio %.2f (at least 1.00)\n", what,
		mb * 1e9 / (double)a, mb * 1e9 / (double)b, (double)b / (double)a);
	fflush(stdout);
	return a <= b;
}

static void write_colours(const char *path)
{
	FILE *f = fopen(path, "w");
	long size = 0;

	for (unsigned i = 0; f && size < 10 * 1000 * 1000; i++)
		size += fprintf(f,
			"\x1b[3%um%08u\x1b[0m: some \x1b[1;4%umtext\x1b[m of a line %03u\n", i % 8,
			i, i % 7, i % 1000);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	cleanup_free char *colours = NULL, *cat = NULL;
	bool ok;
	int runs;

	if (argc == 3 && !strcmp(argv[1], "--pane"))
		return run_pane(argv[2]);
	if (argc != 3)
		return 2;
	runs = atoi(argv[1]);
	runs = runs < 1 ? 1 : runs > RUNS_MAX ? RUNS_MAX : runs;
	colours = file_join(argv[2], "colours");
	write_colours(colours);
	cat = xasprintf("cat %s", colours);
	ok = compare(argv[0], argv[2], "seq 1 2700000", "seq 1 2700000", 20.5, runs);
	ok &= compare(argv[0], argv[2], "10 MB of coloured lines", cat, 10, runs);
	return !ok;
}
