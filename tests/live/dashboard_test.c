/*
 * The real machine on the real screen: a loop pinned to one CPU raises that CPU's cell and no
 * other's. Other work of the machine moves cells too, so what the kernel says of each CPU over the
 * same second is read beside the screen, and a screen is judged by that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/hostinfo/cpustat.h"
#include "tests/lib/tui.h"

enum {
	NEAR = 25,    /* percent points between a cell and the kernel's word for about that time */
	FRAMES = 120, /* that may pass until the screen shows what is so */
	CPUS = 1024,
};

struct seen {
	struct sysroot *root;
	struct cpustat *last;
	int cell[CPUS];	     /* on the screen; -1 = none */
	double kernel[CPUS]; /* percent between this frame and the one before; -1 = not known */
};

/* The number under (one row below) a CPU's number. */
static void read_cells(struct tui *t, int *cell)
{
	for (int c = 0; c < CPUS; c++)
		cell[c] = -1;
	for (int row = 0; row + 1 < tui_rows(t); row++) {
		cleanup_free char *cpus = strdup(tui_line(t, row)), *util = NULL;
		char *a, *b, *save_a = NULL, *save_b = NULL;

		util = strdup(tui_line(t, row + 1));
		if (!strstr(cpus, "  cpu  ") || !strstr(util, "  util "))
			continue;
		a = strtok_r(strstr(cpus, "cpu") + 3, " |", &save_a);
		b = strtok_r(strstr(util, "util") + 4, " |", &save_b);
		for (; a && b; a = strtok_r(NULL, " |", &save_a), b = strtok_r(NULL, " |", &save_b))
			if (atoi(a) >= 0 && atoi(a) < CPUS && *b != '-')
				cell[atoi(a)] = atoi(b);
	}
}

static void read_kernel(struct seen *s)
{
	struct err e = ERR_INIT;
	struct cpustat *now = cpustat_read(s->root, 0, &e);
	struct cpu_uses *u = s->last ? cpustat_diff(s->last, now) : NULL;

	assert_non_null(now);
	for (int c = 0; c < CPUS; c++)
		s->kernel[c] = -1;
	for (size_t i = 0; u && i < u->ncpus; i++)
		if (u->cpus[i].cpu < CPUS)
			s->kernel[u->cpus[i].cpu] = u->cpus[i].busy * 100;
	cpu_uses_free(u);
	cpustat_free(s->last);
	s->last = now;
}

/* One more snapshot on the screen. */
static void look(struct tui *t, struct seen *s)
{
	tui_next_frame(t);
	read_kernel(s);
	read_cells(t, s->cell);
}

/* Whether every other CPU's cell agrees with the kernel. */
static bool others_agree(const struct seen *s, int but)
{
	for (int c = 0; c < CPUS; c++) {
		if (c == but || s->cell[c] < 0 || s->kernel[c] < 0)
			continue;
		if (s->cell[c] > s->kernel[c] + NEAR || s->cell[c] < s->kernel[c] - NEAR)
			return false;
	}
	return true;
}

static pid_t burn(int cpu)
{
	pid_t pid = fork();

	if (pid == 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			_exit(1);
		for (volatile unsigned long i = 0;; i++)
			;
	}
	assert_true(pid > 0);
	return pid;
}

static int quietest(const struct seen *s)
{
	int best = -1;

	for (int c = 0; c < CPUS; c++)
		if (s->cell[c] >= 0 && (best < 0 || s->cell[c] < s->cell[best]))
			best = c;
	return best;
}

/* Waits for a frame in which `cpu` is at least (or below) a level and all others agree. */
static bool comes(struct tui *t, struct seen *s, int cpu, int level, bool above)
{
	for (int i = 0; i < FRAMES; i++) {
		look(t, s);
		if (s->cell[cpu] >= 0 && (s->cell[cpu] >= level) == above && others_agree(s, cpu))
			return true;
	}
	return false;
}

static void test_burning_cpu(void **state)
{
	static const char *const args[] = {"--delay", "500ms", "--ascii", NULL};
	struct tui *t = tui_start(&(struct tui_options){.rows = 60, .cols = 200, .args = args});
	struct seen s = {.root = sysroot_open(NULL, NULL)};
	int cpu, before;
	pid_t pid;

	(void)state;
	tui_keys(t, "z"); /* no other pane beside the numbers */
	tui_expect(t, " util ");
	do
		look(t, &s);
	while ((cpu = quietest(&s)) < 0);
	print_message("# cpu %d is at %d%%\n", cpu, s.cell[cpu]);
	before = s.cell[cpu];
	pid = burn(cpu);
	assert_true(comes(t, &s, cpu, 90, true));
	print_message(
		"# with the loop at %d%%, the kernel says %.0f%%\n", s.cell[cpu], s.kernel[cpu]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Where the CPU was quiet before it is so again; on a machine that is busy anyway the cell
	 * need not fall, but tell the truth. */
	assert_true(comes(t, &s, cpu, before < 50 ? 60 : 101, false));
	tui_quit(t);
	cpustat_free(s.last);
	sysroot_close(s.root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burning_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
