#include "vmm/kvm/arch/x86_64/cpuid.h"

#include <errno.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/kvm/arch/x86_64/cpuid_caches.h"

enum leaf {
	BASIC = 0,
	FEATURES = 1,
	CACHES_INTEL = 4,
	PERFORMANCE = 0xA,
	EXTENDED_TOPOLOGY = 0xB,
	EXTENDED_TOPOLOGY_2 = 0x1F,
};
/* Beyond what an int holds. */
#define KVM_SIGNATURE	  0x40000000U
#define KVM_FEATURES	  0x40000001U
#define EXTENDED	  0x80000000U
#define EXTENDED_FEATURES 0x80000001U
#define L2_L3		  0x80000006U
#define ADDRESS_SIZES	  0x80000008U
#define CACHES_AMD	  0x8000001DU
#define TOPOLOGY_AMD	  0x8000001EU
#define EXTENDED_CPU_AMD  0x80000026U
#define KVM_MSI_DEST_BITS (1U << 15) /* KVM_FEATURE_MSI_EXT_DEST_ID */
#define KVM_REALTIME_HINT (1U << 0)  /* EDX: KVM_HINTS_REALTIME */

/* Bits of leaf 1 and of 0x80000001. */
enum {
	ECX_X2APIC = 1 << 21,
	ECX_TSC_DEADLINE = 1 << 24,
	EDX_PAT = 1 << 16,
	EDX_HTT = 1 << 28,
	ECX_CMP_LEGACY = 1 << 1,
	ECX_TOPOLOGY_EXTENSIONS = 1 << 22,
};
#define ECX_HYPERVISOR (1U << 31)

/* Level types of leaves 0xB and 0x1F. */
enum { LEVEL_END = 0, LEVEL_SMT = 1, LEVEL_CORE = 2, LEVEL_DIE = 5 };

/* Written anew for every guest, so the host's are not taken over. Kernels prefer 0x80000026 and
 * 0x1F to 0xB where they are there. */
static const uint32_t rewritten[] = {CACHES_INTEL, EXTENDED_TOPOLOGY, EXTENDED_TOPOLOGY_2,
	CACHES_AMD, TOPOLOGY_AMD, EXTENDED_CPU_AMD};

struct kvm_cpuid_entry2 *cpuid_find(struct cpuid_table *c, uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->entry[i].function == leaf &&
			(!(c->entry[i].flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) ||
				c->entry[i].index == subleaf))
			return &c->entry[i];
	return NULL;
}

struct kvm_cpuid_entry2 *cpuid_add(
	struct cpuid_table *c, uint32_t leaf, uint32_t subleaf, bool has_subleaves)
{
	struct kvm_cpuid_entry2 *n;

	if (c->n == CPUID_ENTRIES_MAX)
		return NULL;
	n = &c->entry[c->n++];
	*n = (struct kvm_cpuid_entry2){
		.function = leaf,
		.index = subleaf,
		.flags = has_subleaves ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
	};
	return n;
}

/* The entry of a leaf without subleaves, made where the host has none. */
static struct kvm_cpuid_entry2 *have(struct cpuid_table *c, uint32_t leaf)
{
	struct kvm_cpuid_entry2 *found = cpuid_find(c, leaf, 0);

	return found ? found : cpuid_add(c, leaf, 0, false);
}

int cpuid_check_memory(struct cpuid_table *c, uint64_t end, struct err *e)
{
	enum { LEAST_BITS = 36, GIB_SHIFT = 30 };
	const struct kvm_cpuid_entry2 *sizes = cpuid_find(c, ADDRESS_SIZES, 0);
	unsigned bits = sizes && (sizes->eax & 0xff) ? sizes->eax & 0xff : LEAST_BITS;

	if (bits >= 64 || end <= 1ULL << bits)
		return 0;
	err_set(e, ENOMEM,
		"the guest's memory would end at %llu GiB, and this host's CPUs reach %llu GiB",
		(unsigned long long)(end >> GIB_SHIFT), 1ULL << (bits - GIB_SHIFT));
	return err_hint(e, "less with --memory-mib");
}

static int take_over(const struct cpuid_request *q, struct cpuid_table *out, struct err *e)
{
	out->n = 0;
	for (unsigned i = 0; i < q->nsupported; i++) {
		const struct kvm_cpuid_entry2 *h = &q->supported[i];
		bool drop = false;

		for (size_t r = 0; r < ARRAY_LEN(rewritten); r++)
			drop |= h->function == rewritten[r];
		if (drop)
			continue;
		if (out->n == CPUID_ENTRIES_MAX)
			return err_set(e, ENOSPC, "the host's CPUID table has more than %d entries",
				CPUID_ENTRIES_MAX);
		out->entry[out->n++] = *h;
	}
	if (!cpuid_find(out, BASIC, 0) || !cpuid_find(out, FEATURES, 0))
		return err_set(e, EINVAL, "KVM's CPUID table has no leaves 0 and 1");
	return 0;
}

/* AMD and its licensee, whose leaves are the same. */
static bool is_amd(struct cpuid_table *c)
{
	const struct kvm_cpuid_entry2 *v = cpuid_find(c, BASIC, 0);
	char name[12];

	memcpy(name, &v->ebx, 4);
	memcpy(name + 4, &v->edx, 4);
	memcpy(name + 8, &v->ecx, 4);
	return !memcmp(name, "AuthenticAMD", 12) || !memcmp(name, "HygonGenuine", 12);
}

static void raise_max(struct cpuid_table *c, uint32_t range, uint32_t leaf)
{
	struct kvm_cpuid_entry2 *max = have(c, range);

	if (max && max->eax < leaf)
		max->eax = leaf;
}

static void features(struct cpuid_table *c, const struct cpuid_request *q)
{
	struct kvm_cpuid_entry2 *f = cpuid_find(c, FEATURES, 0);
	unsigned total = q->topology->vcpus, pow2 = 1U << apic_bits(total);

	f->ebx = (f->ebx & 0xffff) | (pow2 < 255 ? pow2 : 255) << 16;
	f->ecx |= ECX_HYPERVISOR | ECX_X2APIC | (q->tsc_deadline ? ECX_TSC_DEADLINE : 0);
	f->edx &= ~(uint32_t)(EDX_PAT | EDX_HTT); /* PAT: see regs_msrs */
	if (total > 1)
		f->edx |= EDX_HTT;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The counters that every generation has, where the host has them: what a guest sees should not
 * depend on the machine that it happens to run on. */
static void performance(struct cpuid_table *c)
{
	struct kvm_cpuid_entry2 *p = cpuid_find(c, PERFORMANCE, 0);

	if (!p || !(p->eax & 0xff))
		return;
	p->eax = min(p->eax & 0xff, 2) | min(p->eax >> 8 & 0xff, 4) << 8 |
		 min(p->eax >> 16 & 0xff, 48) << 16 | min(p->eax >> 24, 7) << 24;
	p->ebx &= 0x7f;
	p->ecx = 0;
	p->edx = min(p->edx & 0x1f, 3) | min(p->edx >> 5 & 0xff, 48) << 5;
}

static bool level(struct cpuid_table *c, uint32_t leaf, uint32_t subleaf, unsigned type,
	unsigned shift, unsigned cpus)
{
	struct kvm_cpuid_entry2 *l = cpuid_add(c, leaf, subleaf, true);

	if (!l)
		return false;
	l->eax = shift;
	l->ebx = cpus;
	l->ecx = subleaf | type << 8;
	return true;
}

/*
 * Leaf 0xB knows threads and cores only, so its cores are those of the package; 0x1F, which kernels
 * read first, on AMD too, adds the die. Counts are those of the largest part: kernels take the
 * first CPU's word for all.
 */
static int levels(struct cpuid_table *c, const struct vm_topology *t, const struct apic_layout *a,
	struct err *e)
{
	unsigned threads = vm_topology_max_threads(t), die = a->thread_bits + a->core_bits,
		 most = 0;
	bool room;

	for (unsigned l = 0; l < t->llcs; l++)
		if ((unsigned)t->llc[l].cores * t->llc[l].threads > most)
			most = (unsigned)t->llc[l].cores * t->llc[l].threads;
	room = level(c, EXTENDED_TOPOLOGY, 0, LEVEL_SMT, a->thread_bits, threads) &&
	       level(c, EXTENDED_TOPOLOGY, 1, LEVEL_CORE, a->package_shift, t->vcpus) &&
	       level(c, EXTENDED_TOPOLOGY, 2, LEVEL_END, 0, 0) &&
	       level(c, EXTENDED_TOPOLOGY_2, 0, LEVEL_SMT, a->thread_bits, threads) &&
	       level(c, EXTENDED_TOPOLOGY_2, 1, LEVEL_CORE, die, most) &&
	       level(c, EXTENDED_TOPOLOGY_2, 2, LEVEL_DIE, a->package_shift, t->vcpus) &&
	       level(c, EXTENDED_TOPOLOGY_2, 3, LEVEL_END, 0, 0);
	raise_max(c, BASIC, EXTENDED_TOPOLOGY_2);
	return room ? 0 : err_set(e, ENOSPC, "the host's CPUID table leaves no room for levels");
}

/*
 * Linux takes the LLCs of a first-generation Zen (family 17h, models to 1Fh) to be groups of eight
 * ids, whatever CPUID says; the model after it is believed.
 */
static uint32_t after_zen1(uint32_t signature)
{
	enum { FAMILY = 0xff00f00, FAMILY_17H = 0x0800f00, MODEL = 0xf00f0, MODEL_31H = 0x30010 };
	unsigned model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);

	if ((signature & FAMILY) != FAMILY_17H || model > 0x1f)
		return signature;
	return (signature & ~(uint32_t)MODEL) | MODEL_31H;
}

static int amd(struct cpuid_table *c, const struct vm_topology *t, const struct apic_layout *a,
	struct err *e)
{
	struct kvm_cpuid_entry2 *f = have(c, EXTENDED_FEATURES), *l2_l3 = have(c, L2_L3),
				*sizes = have(c, ADDRESS_SIZES),
				*place = cpuid_add(c, TOPOLOGY_AMD, 0, false),
				*first = cpuid_find(c, FEATURES, 0);

	if (!f || !l2_l3 || !sizes || !place)
		return err_set(e, ENOSPC, "the host's CPUID table leaves no room for AMD's leaves");
	first->eax = after_zen1(first->eax);
	f->eax = after_zen1(f->eax);
	f->edx &= ~(uint32_t)EDX_PAT; /* as in leaf 1 */
	f->ecx |= ECX_TOPOLOGY_EXTENSIONS;
	f->ecx = t->vcpus > 1 ? f->ecx | ECX_CMP_LEGACY : f->ecx & ~(uint32_t)ECX_CMP_LEGACY;
	if (!(l2_l3->ecx >> 16))
		l2_l3->ecx = 0x02008140; /* 512 KiB, 16 ways (8), lines of 64 */
	if (!(l2_l3->edx >> 18))
		l2_l3->edx = 0x00808140; /* 16 MiB (32 x 512 KiB); without it kernels see no L3 */
	sizes->ecx = t->vcpus > 1 ? min(a->package_shift, 15) << 12 | min(t->vcpus - 1U, 255) : 0;
	raise_max(c, EXTENDED, TOPOLOGY_AMD);
	return 0;
}

static int paravirtual(struct cpuid_table *c, const struct cpuid_request *q,
	const struct apic_layout *a, struct err *e)
{
	bool known = cpuid_find(c, KVM_SIGNATURE, 0) != NULL;
	struct kvm_cpuid_entry2 *signature = have(c, KVM_SIGNATURE), *f = have(c, KVM_FEATURES);

	if (!signature || !f)
		return err_set(e, ENOSPC, "the host's CPUID table leaves no room for KVM's leaves");
	if (!known) {
		signature->eax = KVM_FEATURES;
		memcpy(&signature->ebx, "KVMK", 4);
		memcpy(&signature->ecx, "VMKV", 4);
		memcpy(&signature->edx, "M\0\0\0", 4);
	}
	if (a->max_id > APIC_ID_MAX_8BIT)
		f->eax |= KVM_MSI_DEST_BITS;
	if (q->dedicated)
		f->edx |= KVM_REALTIME_HINT;
	return 0;
}

/* KVM leaves a CPU's name to whoever makes the guest: without one Linux shows numbers. */
static void brand(struct cpuid_table *c, const char *name)
{
	for (unsigned i = 0; name && i < CPUID_BRAND_LEAVES; i++, name += 16) {
		struct kvm_cpuid_entry2 *l = have(c, CPUID_BRAND_LEAF + i);

		if (!l)
			return;
		memcpy(&l->eax, name, 4);
		memcpy(&l->ebx, name + 4, 4);
		memcpy(&l->ecx, name + 8, 4);
		memcpy(&l->edx, name + 12, 4);
		raise_max(c, EXTENDED, CPUID_BRAND_LEAF + i);
	}
}

int cpuid_common(const struct cpuid_request *q, struct cpuid_table *out, struct err *e)
{
	const struct apic_layout a = apic_layout_of(q->topology);
	int rc = take_over(q, out, e);
	bool is;

	if (rc)
		return rc;
	is = is_amd(out);
	features(out, q);
	performance(out);
	brand(out, q->brand);
	rc = levels(out, q->topology, &a, e);
	if (!rc)
		rc = cpuid_caches(q, is ? CACHES_AMD : CACHES_INTEL, &a, out, e);
	if (!rc && is)
		rc = amd(out, q->topology, &a, e);
	if (!rc)
		rc = paravirtual(out, q, &a, e);
	return rc;
}

/* Cores are numbered through the package; the node field counts to eight. */
static void place_amd(struct kvm_cpuid_entry2 *l, const struct vm_topology *t,
	const struct apic_layout *a, const struct vm_place *p, uint32_t id)
{
	l->eax = id;
	l->ebx = (id >> a->thread_bits & 0xff) | (min(vm_topology_max_threads(t), 256) - 1) << 8;
	l->ecx = p->node | (min(t->nodes, 8) - 1) << 8;
}

void cpuid_set_place(struct cpuid_table *c, const struct vm_topology *t,
	const struct apic_layout *a, const struct vm_place *p)
{
	uint32_t id = apic_id_of(a, p);

	for (uint32_t i = 0; i < c->n; i++) {
		struct kvm_cpuid_entry2 *l = &c->entry[i];

		if (l->function == FEATURES)
			l->ebx = (l->ebx & 0xffffff) | id << 24;
		else if (l->function == EXTENDED_TOPOLOGY || l->function == EXTENDED_TOPOLOGY_2)
			l->edx = id;
		else if (l->function == TOPOLOGY_AMD)
			place_amd(l, t, a, p, id);
	}
}
