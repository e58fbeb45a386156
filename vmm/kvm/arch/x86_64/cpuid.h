/*
 * What a guest's CPUs say of themselves: the host's table (KVM_GET_SUPPORTED_CPUID) with the leaves
 * that tell of threads, cores, caches and packages written anew (spec/vmm 3.7). Pure: no descriptor
 * is touched, so that tables of any vendor can be tried anywhere.
 */
#pragma once

#include <linux/kvm.h>
#include <stdbool.h>

#include "src/base/err.h"
#include "vmm/kvm/arch/x86_64/apicid.h"
#include "vmm/topology.h"

/* KVM itself has no more (KVM_MAX_CPUID_ENTRIES). */
enum { CPUID_ENTRIES_MAX = 256 };
/* The leaf of the extended states: which there are, in EAX and EDX of subleaf 0. */
enum { CPUID_STATES = 0xD };
/* A CPU's name: EAX to EDX of the leaves from 0x80000002 to 0x80000004, filled up with zeros. */
#define CPUID_BRAND_LEAF 0x80000002U
enum { CPUID_BRAND = 48, CPUID_BRAND_LEAVES = 3 };

/* As KVM_SET_CPUID2 takes it: a struct kvm_cpuid2 with its entries. */
struct cpuid_table {
	uint32_t n, padding;
	struct kvm_cpuid_entry2 entry[CPUID_ENTRIES_MAX];
};

struct cpuid_request {
	const struct vm_topology *topology;
	const struct kvm_cpuid_entry2 *supported;
	unsigned nsupported;
	const char *brand; /* CPUID_BRAND bytes: the host CPU's own name; NULL = none */
	bool dedicated;	   /* vCPUs have CPUs of their own: KVM_HINTS_REALTIME */
	bool tsc_deadline; /* KVM_CAP_TSC_DEADLINE_TIMER: some kernels support it unannounced */
};

/* The table of all vCPUs but for their ids. -EINVAL with a sentence: no host table to speak of, or
 * more entries than there is room for. */
int cpuid_common(const struct cpuid_request *q, struct cpuid_table *out, struct err *e);
/* Puts the ids of one vCPU into a copy of that table, in place; may be repeated with the next one.
 */
void cpuid_set_place(struct cpuid_table *c, const struct vm_topology *t,
	const struct apic_layout *a, const struct vm_place *p);

/* The entry of a leaf, NULL when there is none; subleaf 0 where the leaf has no subleaves. */
struct kvm_cpuid_entry2 *cpuid_find(struct cpuid_table *c, uint32_t leaf, uint32_t subleaf);
/* Whether memory up to `end` has guest physical addresses: leaf 0x80000008 says how many bits they
 * have, 36 when it does not. -ENOMEM with a sentence. */
int cpuid_check_memory(struct cpuid_table *c, uint64_t end, struct err *e);
