#include "tests/lib/cpuid_hosts.h"

#include <string.h>

/* The twelve letters of a vendor as leaf 0 has them: EBX, EDX, ECX. */
#define INTEL .ebx = 0x756e6547, .edx = 0x49656e69, .ecx = 0x6c65746e
#define AMD   .ebx = 0x68747541, .edx = 0x69746e65, .ecx = 0x444d4163
#define SUB   .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX

/* A server with 0x1F, a hybrid's counters, and its L2 shared by two threads. */
static const struct kvm_cpuid_entry2 intel[] = {
	{.function = 0, .eax = 0x20, INTEL},
	{.function = 1, .eax = 0x806f8, .ebx = 0x12400800, .ecx = 0x76fa3223, .edx = 0x1f8bfbff},
	{.function = 4, .index = 0, SUB, .eax = 0xfc004121, .ebx = 0x02c0003f, .ecx = 63},
	{.function = 4, .index = 1, SUB, .eax = 0xfc004122, .ebx = 0x01c0003f, .ecx = 63},
	{.function = 4, .index = 2, SUB, .eax = 0xfc004143, .ebx = 0x03c0003f, .ecx = 2047},
	{.function = 4,
		.index = 3,
		SUB,
		.eax = 0xfc1fc163,
		.ebx = 0x0380003f,
		.ecx = 114687,
		.edx = 4},
	{.function = 4, .index = 4, SUB},
	{.function = 7, .index = 0, SUB, .eax = 2, .ebx = 0xf1bf07ab, .ecx = 0x1b415f6e},
	{.function = 0xa, .eax = 0x07300805, .ebx = 0, .ecx = 0xf, .edx = 0x8604},
	{.function = 0xb, .index = 0, SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 18},
	{.function = 0xb, .index = 1, SUB, .eax = 7, .ebx = 112, .ecx = 0x201, .edx = 18},
	{.function = 0x1f, .index = 0, SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 18},
	{.function = 0x1f, .index = 1, SUB, .eax = 7, .ebx = 112, .ecx = 0x201, .edx = 18},
	{.function = 0x40000000,
		.eax = 0x40000001,
		.ebx = 0x4b4d564b,
		.ecx = 0x564b4d56,
		.edx = 0x4d},
	{.function = 0x40000001, .eax = 0x01007efb},
	{.function = 0x80000000, .eax = 0x80000008},
	{.function = 0x80000001, .ecx = 0x121, .edx = 0x2c100800},
	{.function = 0x80000008, .eax = 0x3934},
};

/* A first-generation EPYC: 17h, model 1. */
static const struct kvm_cpuid_entry2 zen1[] = {
	{.function = 0, .eax = 0xd, AMD},
	{.function = 1, .eax = 0x800f12, .ebx = 0x00100800, .ecx = 0xfef83203, .edx = 0x178bfbff},
	{.function = 7, .index = 0, SUB, .ebx = 0x209c01a9},
	{.function = 0x40000000,
		.eax = 0x40000001,
		.ebx = 0x4b4d564b,
		.ecx = 0x564b4d56,
		.edx = 0x4d},
	{.function = 0x40000001, .eax = 0x01007efb},
	{.function = 0x80000000, .eax = 0x8000001f, AMD},
	{.function = 0x80000001, .eax = 0x800f12, .ecx = 0x004003f3, .edx = 0x2fd3fbff},
	{.function = 0x80000006, .ecx = 0x02006140, .edx = 0x00808140},
	{.function = 0x80000008, .eax = 0x3030, .ebx = 0x1007, .ecx = 0x603f},
	{.function = 0x8000001d, .index = 0, SUB, .eax = 0x4121, .ebx = 0x01c0003f, .ecx = 63},
	{.function = 0x8000001d, .index = 1, SUB, .eax = 0x4122, .ebx = 0x00c0003f, .ecx = 255},
	{.function = 0x8000001d, .index = 2, SUB, .eax = 0x4143, .ebx = 0x01c0003f, .ecx = 1023},
	{.function = 0x8000001d, .index = 3, SUB, .eax = 0x1c163, .ebx = 0x03c0003f, .ecx = 8191},
	{.function = 0x8000001e, .eax = 0, .ebx = 0x100, .ecx = 0x300},
};

/* A fourth-generation EPYC, which has the extended topology leaf of its own. */
static const struct kvm_cpuid_entry2 zen4[] = {
	{.function = 0, .eax = 0x10, AMD},
	{.function = 1, .eax = 0xa10f11, .ebx = 0x00600800, .ecx = 0xfefa3203, .edx = 0x178bfbff},
	{.function = 0xb, .index = 0, SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 3},
	{.function = 0x40000000,
		.eax = 0x40000001,
		.ebx = 0x4b4d564b,
		.ecx = 0x564b4d56,
		.edx = 0x4d},
	{.function = 0x40000001, .eax = 0x01007efb},
	{.function = 0x80000000, .eax = 0x80000028, AMD},
	{.function = 0x80000001, .eax = 0xa10f11, .ecx = 0x75c237ff, .edx = 0x2fd3fbff},
	{.function = 0x80000006, .ecx = 0x04006140, .edx = 0x00800140},
	{.function = 0x80000008, .eax = 0x3934, .ecx = 0x70bf},
	{.function = 0x8000001d, .index = 3, SUB, .eax = 0x3c163, .ebx = 0x03c0003f, .ecx = 32767},
	{.function = 0x80000026, .index = 0, SUB, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 3},
};

/* A CPU of an emulator: a vendor, features, and nothing that tells of caches or of KVM. */
static const struct kvm_cpuid_entry2 bare_amd[] = {
	{.function = 0, .eax = 1, AMD},
	{.function = 1, .eax = 0x60fb1, .ecx = 0x80002001, .edx = 0x178bfbff},
};
static const struct kvm_cpuid_entry2 bare_intel[] = {
	{.function = 0, .eax = 1, INTEL},
	{.function = 1, .eax = 0x60fb1, .ecx = 0x80002001, .edx = 0x178bfbff},
};

#define HOST(which)                                                                                \
	{                                                                                          \
#which, which, sizeof(which) / sizeof((which)[0])                                  \
	}
const struct cpuid_host cpuid_hosts[] = {
	HOST(intel), HOST(zen1), HOST(zen4), HOST(bare_amd), HOST(bare_intel)};
const size_t cpuid_hosts_n = sizeof(cpuid_hosts) / sizeof(cpuid_hosts[0]);

const struct cpuid_host *cpuid_host(const char *name)
{
	for (size_t i = 0; i < cpuid_hosts_n; i++)
		if (!strcmp(cpuid_hosts[i].name, name))
			return &cpuid_hosts[i];
	return NULL;
}
