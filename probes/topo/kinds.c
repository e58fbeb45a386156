/* How CPUs differ from each other: hybrid kinds, capacity, frequency; and which are set apart. */
#include <stdlib.h>

#include "probes/topo/collect.h"

/* One PMU per kind of core, named by the kernel where a machine has several (arch/x86/events). */
static const struct {
	const char *path, *kind;
} pmus[] = {
	{"/sys/devices/cpu_core/cpus", "core"},
	{"/sys/devices/cpu_atom/cpus", "atom"},
	{"/sys/devices/cpu_lowpower/cpus", "lowpower"},
};

static unsigned kinds_by_pmu(struct collect *c)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	unsigned kinds = 0;

	for (size_t k = 0; k < ARRAY_LEN(pmus); k++) {
		if (sysroot_cpulist(c->r, pmus[k].path, &cpus))
			continue;
		cpuset_foreach (cpu, &cpus) {
			int i = collect_index(c, (unsigned)cpu);

			if (i >= 0)
				c->t->cpus[i].kind = pmus[k].kind;
		}
		kinds++;
	}
	return kinds;
}

/*
 * Kinds by a measure of strength. Cores of one kind differ a little (binning, favoured cores),
 * kinds by much: a new class begins where the next value is below 85 % of the one before.
 */
enum { MAX_CLASSES = 3, GAP_PERCENT = 85 };

static int descending(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return (*a < *b) - (*a > *b);
}

/* Where classes end, strongest first: a CPU of class k has at least floors[k]. Returns their
 * number, 0 when some CPU's value is not known. */
static unsigned find_classes(const struct topo *t, uint64_t (*get)(const struct topo_cpu *),
	uint64_t floors[MAX_CLASSES])
{
	uint64_t *v = xcalloc(t->ncpus, sizeof(*v));
	unsigned n = 0, classes = 1;

	for (unsigned i = 0; i < t->ncpus; i++)
		if (t->cpus[i].online)
			v[n++] = get(&t->cpus[i]);
	qsort(v, n, sizeof(*v), descending);
	floors[0] = v[0];
	for (unsigned i = 1; i < n; i++) {
		if ((double)v[i] * 100 < (double)v[i - 1] * GAP_PERCENT && classes < MAX_CLASSES)
			classes++;
		floors[classes - 1] = v[i];
	}
	if (!v[n - 1])
		classes = 0;
	free(v);
	return classes;
}

static bool kinds_by_strength(struct collect *c, uint64_t (*get)(const struct topo_cpu *))
{
	uint64_t floors[MAX_CLASSES] = {0};
	unsigned classes = find_classes(c->t, get, floors);

	if (classes < 2)
		return false;
	for (unsigned i = 0; i < c->t->ncpus; i++) {
		unsigned k = 0;

		if (!c->t->cpus[i].online)
			continue;
		while (k + 1 < classes && get(&c->t->cpus[i]) < floors[k])
			k++;
		c->t->cpus[i].kind = k == 0 ? "big" : k + 1 == classes ? "little" : "mid";
	}
	return true;
}

static uint64_t get_capacity(const struct topo_cpu *cpu)
{
	return cpu->capacity;
}

static uint64_t get_frequency(const struct topo_cpu *cpu)
{
	return cpu->max_khz;
}

static uint64_t number_or_0(const struct collect *c, unsigned cpu, const char *name)
{
	uint64_t v;

	return sysroot_u64(c->r, PATHF(SYS_CPU "/cpu%u/%s", cpu, name), &v) ? 0 : v;
}

static void read_strength(struct collect *c)
{
	for (unsigned i = 0; i < c->t->ncpus; i++) {
		struct topo_cpu *cpu = &c->t->cpus[i];
		uint64_t capacity;

		if (!cpu->online)
			continue;
		capacity = number_or_0(c, cpu->id, "cpu_capacity");
		cpu->capacity = capacity > UINT32_MAX ? 0 : (unsigned)capacity;
		cpu->max_khz = number_or_0(c, cpu->id, "cpufreq/cpuinfo_max_freq");
		cpu->base_khz = number_or_0(c, cpu->id, "cpufreq/base_frequency");
	}
}

/* Boot parameters isolcpus= and nohz_full=; "(null)" stands where the latter was not given. */
static void read_isolation(struct collect *c)
{
	cleanup_cpuset struct cpuset isolated = CPUSET_INIT, nohz = CPUSET_INIT;

	if (sysroot_cpulist(c->r, SYS_CPU "/isolated", &isolated))
		cpuset_clear(&isolated);
	if (sysroot_cpulist(c->r, SYS_CPU "/nohz_full", &nohz))
		cpuset_clear(&nohz);
	for (unsigned i = 0; i < c->t->ncpus; i++) {
		c->t->cpus[i].isolated = cpuset_has(&isolated, c->t->cpus[i].id);
		c->t->cpus[i].nohz_full = cpuset_has(&nohz, c->t->cpus[i].id);
	}
}

void collect_kinds(struct collect *c)
{
	read_strength(c);
	read_isolation(c);
	if (!kinds_by_pmu(c) && !kinds_by_strength(c, get_capacity))
		kinds_by_strength(c, get_frequency);
}
