#include "probes/hostinfo/cpustat.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/topo/meminfo.h"
#include "src/base/clock.h"

typedef VEC(struct cpustat_cpu) cpu_vec;

/* Reads up to n decimal numbers of this line; returns how many there were. */
static size_t numbers(const char *p, uint64_t *out, size_t n)
{
	size_t found = 0;

	while (found < n) {
		char *end;

		p += strspn(p, " \t");
		if (!isdigit((unsigned char)*p))
			break;
		out[found++] = strtoull(p, &end, 10);
		p = end;
	}
	return found;
}

static const char *next_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

/* "cpu12 ...": the number, and where the rest begins; NULL for every other line ("cpu  ..." is the
 * sum, which keeps what CPUs did that are offline now). */
static const char *cpu_line(const char *p, unsigned *cpu)
{
	unsigned long n;
	char *end;

	if (!str_starts(p, "cpu") || !isdigit((unsigned char)p[3]))
		return NULL;
	n = strtoul(p + 3, &end, 10);
	if (n >= CPUSET_MAX || (*end != ' ' && *end != '\t'))
		return NULL;
	*cpu = (unsigned)n;
	return end;
}

static int by_number(const void *a, const void *b)
{
	const struct cpustat_cpu *x = a, *y = b;

	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static void keep_cpus(struct cpustat *s, cpu_vec *cpus)
{
	qsort(cpus->v, cpus->n, sizeof(*cpus->v), by_number);
	s->cpus = arena_alloc(s->arena, cpus->n * sizeof(*s->cpus));
	for (size_t i = 0; i < cpus->n; i++)
		if (!s->ncpus || s->cpus[s->ncpus - 1].cpu != cpus->v[i].cpu)
			s->cpus[s->ncpus++] = cpus->v[i];
}

struct cpustat *cpustat_parse(const char *proc_stat, struct err *e)
{
	struct cpustat *s;
	cpu_vec cpus = {0};

	for (const char *p = proc_stat; *p; p = next_line(p)) {
		struct cpustat_cpu c = {0};
		const char *rest = cpu_line(p, &c.cpu);

		/* The first four are as old as the file; later kinds are 0 where a kernel lacks
		 * them. */
		if (rest && numbers(rest, c.ticks, CPUSTAT_TIMES) > CPUSTAT_IDLE)
			vec_push(&cpus, c);
	}
	if (!cpus.n) {
		err_set(e, EINVAL, "/proc/stat describes no CPU");
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->arena = arena_new();
	keep_cpus(s, &cpus);
	free(cpus.v);
	return s;
}

static struct cpustat_cpu *find_cpu(const struct cpustat *s, unsigned cpu)
{
	const struct cpustat_cpu key = {.cpu = cpu};

	return s->ncpus ? bsearch(&key, s->cpus, s->ncpus, sizeof(key), by_number) : NULL;
}

const struct cpustat_cpu *cpustat_cpu(const struct cpustat *s, unsigned cpu)
{
	return find_cpu(s, cpu);
}

/* Since version 15 (Linux 2.6.27) numbers 7 and 8 of a CPU's nine are the nanoseconds that tasks
 * ran and that they waited. */
void cpustat_parse_schedstat(struct cpustat *s, const char *text)
{
	uint64_t version;

	if (!str_starts(text, "version ") || !numbers(text + 8, &version, 1) || version < 15)
		return;
	for (const char *p = text; *p; p = next_line(p)) {
		unsigned cpu;
		const char *rest = cpu_line(p, &cpu);
		struct cpustat_cpu *c = rest ? find_cpu(s, cpu) : NULL;
		uint64_t n[9];

		if (!c || numbers(rest, n, 9) != 9)
			continue;
		c->run_ns = n[6];
		c->delay_ns = n[7];
		c->has_delay = true;
	}
}

/* "0.50 1.25 2.00 3/456 789": averages, runnable and all tasks, the latest PID. */
static bool parse_load(const char *p, struct cpustat *s)
{
	uint64_t runnable, tasks;
	char *end;

	for (int i = 0; i < 3; i++) {
		s->load[i] = strtod(p, &end);
		if (end == p)
			return false;
		p = end;
	}
	if (!numbers(p, &runnable, 1) || !(p = strchr(p, '/')) || !numbers(p + 1, &tasks, 1))
		return false;
	s->runnable = (unsigned)runnable;
	s->tasks = (unsigned)tasks;
	return true;
}

static void read_load(const struct sysroot *r, struct cpustat *s)
{
	char line[128];

	s->has_load =
		sysroot_line(r, "/proc/loadavg", line, sizeof(line)) == 0 && parse_load(line, s);
}

static void read_frequencies(const struct sysroot *r, struct cpustat *s)
{
	for (size_t i = 0; i < s->ncpus; i++) {
		struct cpustat_cpu *c = &s->cpus[i];

		c->has_khz = !sysroot_u64(r,
				     PATHF("/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq",
					     c->cpu),
				     &c->khz) &&
			     c->khz;
	}
}

static void read_delays(const struct sysroot *r, struct cpustat *s)
{
	cleanup_str struct str text = STR_INIT;

	if (!sysroot_read(r, "/proc/schedstat", &text))
		cpustat_parse_schedstat(s, str_get(&text));
}

/* A kernel without NUMA has no node directory: its memory is that of node 0. */
static void read_memory(const struct sysroot *r, struct cpustat *s)
{
	cleanup_cpuset struct cpuset ids = CPUSET_INIT;
	bool nodes = sysroot_numbers(r, "/sys/devices/system/node", "node", &ids) == 0;

	if (!nodes || cpuset_empty(&ids)) {
		nodes = false;
		cpuset_add(&ids, 0);
	}
	s->nodes = arena_alloc(s->arena, cpuset_count(&ids) * sizeof(*s->nodes));
	cpuset_foreach (id, &ids) {
		struct cpustat_node n = {.node = (unsigned)id};
		const char *path = nodes ? PATHF("/sys/devices/system/node/node%d/meminfo", id)
					 : "/proc/meminfo";

		if (meminfo_read(r, path, &n.mem_total, &n.mem_free))
			s->nodes[s->nnodes++] = n;
	}
}

struct cpustat *cpustat_read(const struct sysroot *r, unsigned want, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	struct cpustat *s;
	int rc = sysroot_read(r, "/proc/stat", &text);
	uint64_t now = clock_mono_ns();

	if (rc) {
		err_sys(e, rc, "cannot read /proc/stat");
		return NULL;
	}
	s = cpustat_parse(str_get(&text), e);
	if (!s)
		return NULL;
	s->at_ns = now;
	read_load(r, s);
	if (want & CPUSTAT_FREQUENCY)
		read_frequencies(r, s);
	if (want & CPUSTAT_DELAY)
		read_delays(r, s);
	if (want & CPUSTAT_MEMORY)
		read_memory(r, s);
	return s;
}

void cpustat_free(struct cpustat *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	free(s);
}

/* ---- between two samples --------------------------------------------------------------------- */

/* Time and waiting of one CPU, or of all, between two samples. */
struct change {
	uint64_t ticks[CPUSTAT_TIMES];
	bool has_delay;
	double waiting;
};

/* A counter that went backwards (idle and iowait may, by proc.rst) has not moved. */
static uint64_t moved(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

static bool all_ticks(const struct change *d, uint64_t *sum)
{
	*sum = 0;
	for (int i = 0; i < CPUSTAT_TIMES; i++)
		*sum += d->ticks[i];
	return *sum != 0;
}

static bool shares(const struct change *d, struct cpu_use *u)
{
	uint64_t sum;
	double all;

	if (!all_ticks(d, &sum))
		return false;
	all = (double)sum;
	u->user = (double)(d->ticks[CPUSTAT_USER] + d->ticks[CPUSTAT_NICE]) / all;
	u->system = (double)d->ticks[CPUSTAT_SYSTEM] / all;
	u->irq = (double)(d->ticks[CPUSTAT_IRQ] + d->ticks[CPUSTAT_SOFTIRQ]) / all;
	u->iowait = (double)d->ticks[CPUSTAT_IOWAIT] / all;
	u->steal = (double)d->ticks[CPUSTAT_STEAL] / all;
	u->busy = u->user + u->system + u->irq;
	u->has_delay = d->has_delay;
	u->waiting = d->waiting;
	return true;
}

static struct change change_of(
	const struct cpustat_cpu *a, const struct cpustat_cpu *b, uint64_t elapsed_ns)
{
	struct change d = {.has_delay = a->has_delay && b->has_delay && elapsed_ns};

	for (int i = 0; i < CPUSTAT_TIMES; i++)
		d.ticks[i] = moved(a->ticks[i], b->ticks[i]);
	if (d.has_delay)
		d.waiting = (double)moved(a->delay_ns, b->delay_ns) / (double)elapsed_ns;
	return d;
}

static void add_change(struct change *to, const struct change *d)
{
	for (int i = 0; i < CPUSTAT_TIMES; i++)
		to->ticks[i] += d->ticks[i];
	to->has_delay |= d->has_delay;
	to->waiting += d->waiting;
}

struct cpu_uses *cpustat_diff(const struct cpustat *before, const struct cpustat *after)
{
	struct cpu_uses *u = xcalloc(1, sizeof(*u));
	uint64_t elapsed = moved(before->at_ns, after->at_ns);
	struct change all = {0};

	u->arena = arena_new();
	u->cpus = arena_alloc(u->arena, after->ncpus * sizeof(*u->cpus));
	for (size_t i = 0; i < after->ncpus; i++) {
		const struct cpustat_cpu *b = &after->cpus[i], *a = find_cpu(before, b->cpu);
		struct cpu_use *use = &u->cpus[u->ncpus];
		struct change d;

		if (!a)
			continue;
		d = change_of(a, b, elapsed);
		if (!shares(&d, use))
			continue;
		use->cpu = b->cpu;
		u->ncpus++;
		add_change(&all, &d);
	}
	u->has_all = shares(&all, &u->all);
	return u;
}

void cpu_uses_free(struct cpu_uses *u)
{
	if (!u)
		return;
	arena_free(u->arena);
	free(u);
}

const struct cpu_use *cpu_use_of(const struct cpu_uses *u, unsigned cpu)
{
	size_t lo = 0, hi = u->ncpus;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (u->cpus[mid].cpu == cpu)
			return &u->cpus[mid];
		if (u->cpus[mid].cpu < cpu)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
