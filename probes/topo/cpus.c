/* Which CPUs there are, and what each says of its place. */
#include <errno.h>

#include "probes/topo/collect.h"

/* Kernels write this where a CPU has no cluster: 16 bits of ones (x86), or -1. */
enum { NO_CLUSTER = 65535 };

/* Captured trees and old kernels have no list: then a CPU is online unless its own file says 0. */
static void online_by_directory(struct collect *c, const struct cpuset *dirs)
{
	cpuset_foreach (cpu, dirs) {
		int online;

		if (sysroot_int(c->r, PATHF(SYS_CPU "/cpu%d/online", cpu), &online) || online)
			cpuset_add(&c->t->online, (unsigned)cpu);
	}
}

static void find_online(struct collect *c, const struct cpuset *dirs)
{
	cleanup_cpuset struct cpuset lost = CPUSET_INIT;
	struct topo *t = c->t;
	int rc = sysroot_cpulist(c->r, SYS_CPU "/online", &t->online);

	if (rc) {
		cpuset_clear(&t->online);
		online_by_directory(c, dirs);
		if (rc != -ENOENT)
			collect_warn(c, "the list of online CPUs cannot be read; every CPU counts "
					"that does not say that it is offline");
	}
	cpuset_copy(&lost, &t->online);
	cpuset_minus(&lost, dirs);
	if (!cpuset_empty(&lost))
		collect_warn(c, "%s left out: online, but without a directory in " SYS_CPU,
			collect_cpus_text(c, &lost));
	cpuset_and(&t->online, dirs);
	cpuset_copy(&t->offline, dirs);
	cpuset_minus(&t->offline, &t->online);
}

/* A captured machine has no affinity, and a kernel that refuses to tell restricts nothing. */
static void find_allowed(struct collect *c)
{
	struct topo *t = c->t;

	if (!sysroot_is_host(c->r) || cpuset_affinity(&t->allowed))
		cpuset_copy(&t->allowed, &t->online);
	cpuset_and(&t->allowed, &t->online);
}

static int id_or_none(const struct collect *c, const char *dir, const char *name)
{
	int id;

	return sysroot_int(c->r, PATHF("%s/%s", dir, name), &id) || id < 0 ? -1 : id;
}

static bool find_siblings(const struct collect *c, const char *dir, struct cpuset *out)
{
	if (collect_set(c->r, dir, "core_cpus_list", "core_cpus", out) &&
		collect_set(c->r, dir, "thread_siblings_list", "thread_siblings", out))
		return false;
	cpuset_and(out, &c->t->online);
	return true;
}

static void read_place(struct collect *c, struct topo_cpu *cpu, struct cpu_facts *f)
{
	struct sysroot_pathbuf buf;
	const char *dir = sysroot_pathf(&buf, SYS_CPU "/cpu%u/topology", cpu->id);

	f->core_id = id_or_none(c, dir, "core_id");
	f->has_core_id = f->core_id >= 0;
	f->has_siblings = find_siblings(c, dir, &f->siblings);
	cpu->package = id_or_none(c, dir, "physical_package_id");
	cpu->die = id_or_none(c, dir, "die_id");
	if (c->shape_only)
		return;
	cpu->cluster = id_or_none(c, dir, "cluster_id");
	if (cpu->cluster == NO_CLUSTER)
		cpu->cluster = -1;
}

static void read_places(struct collect *c)
{
	cleanup_cpuset struct cpuset unplaced = CPUSET_INIT;

	for (unsigned i = 0; i < c->t->ncpus; i++) {
		struct topo_cpu *cpu = &c->t->cpus[i];

		if (!cpu->online)
			continue;
		read_place(c, cpu, &c->facts[i]);
		if (!c->facts[i].has_core_id && !c->facts[i].has_siblings)
			cpuset_add(&unplaced, cpu->id);
	}
	if (!cpuset_empty(&unplaced))
		collect_warn(c, "no core is described for %s: each counts as a core of its own",
			collect_cpus_text(c, &unplaced));
}

int collect_cpus(struct collect *c, struct err *e)
{
	cleanup_cpuset struct cpuset dirs = CPUSET_INIT;
	struct topo *t = c->t;
	int rc = sysroot_numbers(c->r, SYS_CPU, "cpu", &dirs);

	if (rc)
		return err_sys(e, rc, "cannot read '" SYS_CPU "' under '%s'", sysroot_path(c->r));
	find_online(c, &dirs);
	if (cpuset_empty(&t->online))
		return err_set(e, ENODEV, "no online CPUs found in '" SYS_CPU "' under '%s'",
			sysroot_path(c->r));
	find_allowed(c);
	t->cpus = arena_alloc(t->arena, cpuset_count(&dirs) * sizeof(*t->cpus));
	c->facts = arena_alloc(t->arena, cpuset_count(&dirs) * sizeof(*c->facts));
	cpuset_foreach (id, &dirs) {
		unsigned cpu = (unsigned)id;

		t->cpus[t->ncpus++] = (struct topo_cpu){.id = cpu,
			.online = cpuset_has(&t->online, cpu),
			.allowed = cpuset_has(&t->allowed, cpu),
			.package = -1,
			.die = -1,
			.cluster = -1};
	}
	read_places(c);
	return 0;
}
