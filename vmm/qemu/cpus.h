/* CPUs of a guest: how many, and in which cache and core each is. */
#pragma once

#include "src/base/str.h"
#include "vmm/topology.h"

/*
 * Appends -smp, and for unequal shapes a -device for each CPU: the grid is as large as the largest
 * cache and core, and only the places that are asked for are taken. `model` is the value of -cpu.
 */
void qemu_cpus(const struct vm_topology *t, const char *model, struct strv *out);
/* Whether interrupt ids, which are bit fields of cache, core and thread, leave some numbers out. */
bool qemu_ids_have_gaps(const struct vm_topology *t);
/* The highest id of the grid, which QEMU numbers whole. */
unsigned qemu_id_max(const struct vm_topology *t);
/* Bits that hold n different values. */
unsigned qemu_bits(unsigned n);
