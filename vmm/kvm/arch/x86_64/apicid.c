#include "vmm/kvm/arch/x86_64/apicid.h"

unsigned apic_bits(unsigned n)
{
	unsigned b = 0;

	while (b < 31 && 1U << b < n)
		b++;
	return b;
}

struct apic_layout apic_layout_of(const struct vm_topology *t)
{
	struct apic_layout a = {
		.thread_bits = apic_bits(vm_topology_max_threads(t)),
		.core_bits = apic_bits(vm_topology_max_cores(t)),
		.llc_bits = apic_bits(t->llcs),
	};
	struct vm_place last = vm_topology_place(t, t->vcpus - 1U);

	a.package_shift = a.thread_bits + a.core_bits + a.llc_bits;
	a.max_id = apic_id_of(&a, &last);
	return a;
}

uint32_t apic_id_of(const struct apic_layout *a, const struct vm_place *p)
{
	return p->llc << (a->core_bits + a->thread_bits) | p->core << a->thread_bits | p->thread;
}
