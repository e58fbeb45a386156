/*
 * Interrupt ids (APIC ids) of a guest's vCPUs. The whole machine is one package in which each
 * last-level cache is a die: an id is the bits of the cache, of the core in it, of the thread in
 * that. Fields are as wide as the largest part needs, so ids have gaps where counts are no powers
 * of two, or unequal.
 */
#pragma once

#include <stdint.h>

#include "vmm/topology.h"

/* Ids above this one need x2APIC, and with it a split interrupt chip (255 means everybody). */
enum { APIC_ID_MAX_8BIT = 254 };

struct apic_layout {
	unsigned thread_bits, core_bits, llc_bits; /* widths */
	unsigned package_shift;			   /* their sum */
	uint32_t max_id;			   /* the highest one in use */
};

struct apic_layout apic_layout_of(const struct vm_topology *t);
uint32_t apic_id_of(const struct apic_layout *a, const struct vm_place *p);
/* Bits that hold n different values. */
unsigned apic_bits(unsigned n);
