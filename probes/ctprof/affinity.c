#include "probes/ctprof/affinity.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/cpuset.h"

/* In bytes: 8192 CPUs to begin with, as many as a kernel can be built for, and CPUSET_MAX. */
enum { FIRST = 8192 / 8, MOST = CPUSET_MAX / 8 };

void ctp_affinity_release(struct ctp_affinity *a)
{
	free(a->mask);
	free(a->last);
	free(a->runs.v);
}

static void add_cpu(struct ctp_affinity *a, uint32_t cpu)
{
	size_t n = a->runs.n;

	if (n && a->runs.v[n - 1].hi + 1 == cpu)
		a->runs.v[n - 1].hi = cpu;
	else
		vec_push(&a->runs, (struct ctp_run){cpu, cpu});
	a->cpus.count++;
}

static void begin(struct ctp_affinity *a)
{
	a->runs.n = 0;
	a->cpus.count = 0;
}

static void finish(struct ctp_affinity *a)
{
	a->cpus.nruns = (uint32_t)a->runs.n;
	a->cpus.runs = a->runs.v;
}

void ctp_affinity_runs(struct ctp_affinity *a, const uint64_t *words, size_t n)
{
	begin(a);
	for (size_t i = 0; i < n; i++)
		for (uint64_t left = words[i]; left; left &= left - 1)
			add_cpu(a, (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left));
	finish(a);
}

static void grow(struct ctp_affinity *a)
{
	a->size = a->size ? a->size * 2 : FIRST;
	free(a->mask);
	a->mask = xmalloc(a->size);
	a->last = xreallocarray(a->last, a->size, 1);
}

int ctp_affinity_ask(struct ctp_affinity *a, uint32_t tid)
{
	long n;

	if (!a->size)
		grow(a);
	while ((n = syscall(SYS_sched_getaffinity, tid, a->size, a->mask)) < 0) {
		if (errno != EINVAL || a->size >= MOST)
			return -errno;
		grow(a);
	}
	if (a->used != (size_t)n || memcmp(a->last, a->mask, (size_t)n) != 0) {
		ctp_affinity_runs(a, a->mask, (size_t)n / sizeof(*a->mask));
		memcpy(a->last, a->mask, (size_t)n);
		a->used = (size_t)n;
	}
	return a->cpus.count ? 0 : -ENODATA;
}

int ctp_affinity_list(struct ctp_affinity *a, struct scan list)
{
	cleanup_cpuset struct cpuset set = CPUSET_INIT;
	cleanup_free char *text = list.p ? xstrndup(list.p, (size_t)(list.end - list.p)) : NULL;
	int rc = text ? cpuset_parse_list(&set, text, NULL) : -ENODATA;

	a->used = 0;
	begin(a);
	if (rc == 0)
		cpuset_foreach (cpu, &set)
			add_cpu(a, (uint32_t)cpu);
	finish(a);
	return rc < 0 || a->cpus.count ? rc : -ENODATA;
}
