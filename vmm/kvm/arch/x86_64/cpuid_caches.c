#include "vmm/kvm/arch/x86_64/cpuid_caches.h"

#include <errno.h>

enum { DATA = 1, INSTRUCTION = 2, UNIFIED = 3, SELF_INITIALIZING = 1 << 8 };
/* Fields of EAX, the same in both leaves but for the last, which AMD reserves. */
enum { TYPE_MASK = 0x1f, LEVEL_SHIFT = 5, SHARERS_SHIFT = 14, CORES_SHIFT = 26 };
enum { LEAF_INTEL = 4, SHARERS_BITS = 12, CORES_BITS = 6 };

/* What is written where the host says nothing of such a cache (emulated CPUs often have no L3). */
static const struct cache {
	unsigned level, type;
	unsigned ways, sets; /* lines of 64 bytes */
} caches[] = {
	{1, DATA, 8, 64},
	{1, INSTRUCTION, 8, 64},
	{2, UNIFIED, 16, 512},
	{3, UNIFIED, 16, 16384},
};

static const struct kvm_cpuid_entry2 *of_host(
	const struct cpuid_request *q, uint32_t leaf, const struct cache *c)
{
	for (unsigned i = 0; i < q->nsupported; i++) {
		const struct kvm_cpuid_entry2 *h = &q->supported[i];

		if (h->function == leaf && (h->eax & TYPE_MASK) == c->type &&
			(h->eax >> LEVEL_SHIFT & 7) == c->level)
			return h;
	}
	return NULL;
}

/* The largest value of a field that counts from 0: n things in so many bits. */
static uint32_t count_field(unsigned n_bits, unsigned field_bits)
{
	return (1U << (n_bits < field_bits ? n_bits : field_bits)) - 1;
}

static void describe(const struct cpuid_request *q, const struct apic_layout *a,
	const struct cache *c, struct kvm_cpuid_entry2 *out)
{
	enum { KEPT = 1 << 9 | SELF_INITIALIZING }; /* fully associative: the geometry's part */
	const struct kvm_cpuid_entry2 *h = of_host(q, out->function, c);
	unsigned shift = a->thread_bits + (c->level == 3 ? a->core_bits : 0);

	out->eax = h ? h->eax & KEPT : SELF_INITIALIZING;
	out->eax |= c->type | c->level << LEVEL_SHIFT |
		    count_field(shift, SHARERS_BITS) << SHARERS_SHIFT;
	if (out->function == LEAF_INTEL)
		out->eax |= count_field(a->core_bits + a->llc_bits, CORES_BITS) << CORES_SHIFT;
	out->ebx = h ? h->ebx : 63 | (c->ways - 1) << 22;
	out->ecx = h ? h->ecx : c->sets - 1;
	out->edx = h ? h->edx : 0;
}

int cpuid_caches(const struct cpuid_request *q, uint32_t leaf, const struct apic_layout *a,
	struct cpuid_table *out, struct err *e)
{
	struct kvm_cpuid_entry2 *c;

	/* The one behind the last stays 0: the end. */
	for (uint32_t i = 0; i <= ARRAY_LEN(caches); i++) {
		c = cpuid_add(out, leaf, i, true);
		if (!c)
			return err_set(
				e, ENOSPC, "the host's CPUID table leaves no room for caches");
		if (i < ARRAY_LEN(caches))
			describe(q, a, &caches[i], c);
	}
	return 0;
}
