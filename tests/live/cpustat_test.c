/*
 * A busy loop pinned to one CPU must raise that CPU's utilisation and no other's. The loop says on
 * a pipe whenever it has used up some time, and two of these words bound a reading. It runs at a
 * nice value of its own, so that its time can be told from what other programs do meanwhile.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes/hostinfo/cpustat.h"
#include "src/base/clock.h"

enum { BURST_MS = 50, BURSTS = 400, ENOUGH_TICKS = 10 };

static _Noreturn void burn(unsigned cpu, int fd)
{
	cpu_set_t *set = CPU_ALLOC(CPUSET_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUSET_MAX);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nice(1) < 0)
		_exit(1);
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	if (sched_setaffinity(0, size, set))
		_exit(1);
	for (;;) {
		uint64_t end = clock_cpu_ns() + BURST_MS * NS_PER_MS;

		/* Mostly outside of the kernel: only user time is told apart by nice value. */
		while (clock_cpu_ns() < end)
			for (volatile unsigned i = 0; i < 100000; i++)
				;
		if (write(fd, "x", 1) != 1)
			_exit(0);
	}
}

static uint64_t nice_ticks(const struct cpustat *a, const struct cpustat *b, unsigned cpu)
{
	const struct cpustat_cpu *x = cpustat_cpu(a, cpu), *y = cpustat_cpu(b, cpu);

	return x && y ? y->ticks[CPUSTAT_NICE] - x->ticks[CPUSTAT_NICE] : 0;
}

struct seen {
	bool busy;  /* the CPU never idled */
	bool here;  /* enough of the loop's time was counted there */
	bool alone; /* and next to nothing elsewhere */
};

static struct seen judge(const struct cpustat *a, const struct cpustat *b, unsigned cpu)
{
	struct cpu_uses *u = cpustat_diff(a, b);
	const struct cpu_use *use = cpu_use_of(u, cpu);
	uint64_t elsewhere = 0;
	struct seen seen;

	for (size_t i = 0; i < b->ncpus; i++)
		if (b->cpus[i].cpu != cpu)
			elsewhere += nice_ticks(a, b, b->cpus[i].cpu);
	seen.busy = use && use->busy + use->steal > 0.9 && use->busy > 0;
	seen.here = nice_ticks(a, b, cpu) >= ENOUGH_TICKS;
	seen.alone = elsewhere <= ENOUGH_TICKS / 5;
	cpu_uses_free(u);
	return seen;
}

static struct cpustat *after_word(const struct sysroot *r, int fd)
{
	char word;

	return read(fd, &word, 1) == 1 ? cpustat_read(r, CPUSTAT_ALL, NULL) : NULL;
}

/* Somebody else's time at the same nice value spoils a reading, not the test: a later one counts.
 */
static struct seen watch(const struct sysroot *r, unsigned cpu, int fd)
{
	struct cpustat *first = after_word(r, fd);
	struct seen seen = {false, false, false};

	for (int i = 0; i < BURSTS && first && !(seen.here && seen.alone); i++) {
		struct cpustat *now = after_word(r, fd);

		if (!now)
			break;
		if (seen.here) {
			cpustat_free(first);
			first = now;
			seen.here = false;
			continue;
		}
		seen = judge(first, now, cpu);
		cpustat_free(now);
	}
	cpustat_free(first);
	return seen;
}

static void try_cpu(const struct sysroot *r, unsigned cpu, unsigned *number)
{
	struct seen seen;
	int fds[2];
	pid_t pid;

	if (pipe(fds) || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		close(fds[0]);
		burn(cpu, fds[1]);
	}
	close(fds[1]);
	seen = watch(r, cpu, fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	printf("%s %u - a loop pinned to CPU %u keeps it busy\n", seen.busy ? "ok" : "not ok",
		++*number, cpu);
	printf("%s %u - its time is counted there\n", seen.here ? "ok" : "not ok", ++*number);
	printf("%s %u - and nowhere else\n", seen.alone ? "ok" : "not ok", ++*number);
}

int main(void)
{
	cleanup_cpuset struct cpuset allowed = CPUSET_INIT;
	struct sysroot *r = sysroot_open(NULL, NULL);
	unsigned number = 0;
	int tried = 0;

	if (!r || cpuset_affinity(&allowed))
		return 1;
	if (getpriority(PRIO_PROCESS, 0) != 0) {
		printf("ok 1 - a pinned loop is seen # SKIP this runs at a nice value itself\n");
		sysroot_close(r);
		return 0;
	}
	setvbuf(stdout, NULL, _IONBF, 0);
	cpuset_foreach (cpu, &allowed)
		if (tried++ < 2)
			try_cpu(r, (unsigned)cpu, &number);
	sysroot_close(r);
	return 0;
}
