/*
 * A busy loop pinned to one CPU must raise that CPU's utilisation and no other's. The loop says on
 * a pipe whenever it has used up some time, and two of these words bound a reading. Where other
 * programs keep the other CPUs busy throughout, the second half cannot be seen and is skipped.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probes/hostinfo/cpustat.h"
#include "src/base/clock.h"

enum { BURST_MS = 50, ROUNDS = 100 };

static uint64_t used_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static _Noreturn void burn(unsigned cpu, int fd)
{
	cpu_set_t *set = CPU_ALLOC(CPUSET_MAX);
	size_t size = CPU_ALLOC_SIZE(CPUSET_MAX);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	if (sched_setaffinity(0, size, set))
		_exit(1);
	for (;;) {
		uint64_t end = used_ns() + BURST_MS * NS_PER_MS;

		while (used_ns() < end)
			;
		if (write(fd, "x", 1) != 1)
			_exit(0);
	}
}

/* What one reading says: whether the burning CPU never idled, and whether the others mostly did. */
static void judge(const struct cpu_uses *u, unsigned cpu, bool *burning, bool *others_quiet)
{
	*burning = false;
	*others_quiet = true;
	for (size_t i = 0; i < u->ncpus; i++) {
		const struct cpu_use *c = &u->cpus[i];

		if (c->cpu == cpu)
			*burning = c->busy + c->steal > 0.9 && c->busy > c->steal;
		else if (c->busy > 0.4)
			*others_quiet = false;
	}
}

struct seen {
	bool burning, alone;
};

static struct seen watch(const struct sysroot *r, unsigned cpu, int fd)
{
	struct cpustat *before = NULL;
	struct seen seen = {false, false};
	char word;

	for (int i = 0; i < ROUNDS && !seen.alone && read(fd, &word, 1) == 1; i++) {
		struct cpustat *now = cpustat_read(r, CPUSTAT_ALL, NULL);

		if (before && now) {
			struct cpu_uses *u = cpustat_diff(before, now);
			bool burning, quiet;

			judge(u, cpu, &burning, &quiet);
			seen.burning |= burning;
			seen.alone |= burning && quiet;
			cpu_uses_free(u);
		}
		cpustat_free(before);
		before = now;
	}
	cpustat_free(before);
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
	printf("%s %u - a loop pinned to CPU %u is seen there\n", seen.burning ? "ok" : "not ok",
		++*number, cpu);
	printf("ok %u - and nowhere else%s\n", ++*number,
		seen.alone ? "" : " # SKIP other programs keep the other CPUs busy");
}

int main(void)
{
	cleanup_cpuset struct cpuset allowed = CPUSET_INIT;
	struct sysroot *r = sysroot_open(NULL, NULL);
	unsigned number = 0;
	int tried = 0;

	if (!r || cpuset_affinity(&allowed))
		return 1;
	setvbuf(stdout, NULL, _IONBF, 0);
	cpuset_foreach (cpu, &allowed)
		if (tried++ < 2)
			try_cpu(r, (unsigned)cpu, &number);
	sysroot_close(r);
	return 0;
}
