/* The caches that a guest's CPUs describe: leaf 4 (Intel) and leaf 0x8000001D (AMD). */
#pragma once

#include "vmm/kvm/arch/x86_64/cpuid.h"

/*
 * Writes L1d, L1i, L2 and L3 in the host's sizes where it gives them: the first three belong to a
 * core, the last to an LLC of the topology. Numbers of sharers are powers of two, since both
 * vendors define them by bits of the interrupt id.
 */
int cpuid_caches(const struct cpuid_request *q, uint32_t leaf, const struct apic_layout *a,
	struct cpuid_table *out, struct err *e);
/* Room for one more entry, zeroed but for what names it. */
struct kvm_cpuid_entry2 *cpuid_add(
	struct cpuid_table *c, uint32_t leaf, uint32_t subleaf, bool has_subleaves);
