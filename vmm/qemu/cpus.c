#include "vmm/qemu/cpus.h"

#include <string.h>

unsigned qemu_bits(unsigned n)
{
	unsigned b = 0;

	while (1U << b < n)
		b++;
	return b;
}

static unsigned id(const struct vm_topology *t, unsigned llc, unsigned core, unsigned thread)
{
	unsigned thread_bits = qemu_bits(vm_topology_max_threads(t));

	return llc << (qemu_bits(vm_topology_max_cores(t)) + thread_bits) | core << thread_bits |
	       thread;
}

unsigned qemu_id_max(const struct vm_topology *t)
{
	return id(t, t->llcs - 1U, vm_topology_max_cores(t) - 1, vm_topology_max_threads(t) - 1);
}

bool qemu_ids_have_gaps(const struct vm_topology *t)
{
	struct vm_place last = vm_topology_place(t, t->vcpus - 1U);

	return id(t, last.llc, last.core, last.thread) + 1 != t->vcpus;
}

static void plug(const struct vm_place *p, const char *model, struct strv *out)
{
	int kind = (int)strcspn(model, ",");

	strv_push(out, "-device");
	strv_pushf(out, "%.*s-x86_64-cpu,socket-id=0,die-id=%u,core-id=%u,thread-id=%u", kind,
		model, p->llc, p->core, p->thread);
}

/* The first CPU of the grid is there from the start; -cpu's features hold for all of its kind. */
void qemu_cpus(const struct vm_topology *t, const char *model, struct strv *out)
{
	unsigned cores = vm_topology_max_cores(t), threads = vm_topology_max_threads(t);
	bool full = t->vcpus == t->llcs * cores * threads;
	struct vm_place p;

	strv_push(out, "-smp");
	if (full)
		strv_pushf(out, "%u,sockets=1,dies=%u,cores=%u,threads=%u", t->vcpus, t->llcs,
			cores, threads);
	else
		strv_pushf(out, "1,maxcpus=%u,sockets=1,dies=%u,cores=%u,threads=%u",
			t->llcs * cores * threads, t->llcs, cores, threads);
	vm_topology_foreach(&p, t) if (!full && p.cpu) plug(&p, model, out);
}
