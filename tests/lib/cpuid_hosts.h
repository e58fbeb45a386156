/* CPUID tables as KVM gives them on hosts of different makers, shortened to what matters here. */
#pragma once

#include <linux/kvm.h>
#include <stddef.h>

struct cpuid_host {
	const char *name;
	const struct kvm_cpuid_entry2 *entry;
	unsigned n;
};

extern const struct cpuid_host cpuid_hosts[];
extern const size_t cpuid_hosts_n;
/* NULL when there is none of this name. */
const struct cpuid_host *cpuid_host(const char *name);
