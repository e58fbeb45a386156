/*
 * A guest's memory: shared out to its nodes, laid around the hole that devices need below 4 GiB,
 * and mapped here in one piece that begins and ends with pages nobody may touch.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "vmm/kvm/gmem.h"
#include "vmm/topology.h"
#include "vmm/vmctl.h"

/* Each node has one range, and one of them may lie on both sides of the hole. */
enum { RAM_RANGES_MAX = VM_NODES_MAX + 1 };

struct ram_range {
	uint64_t gpa, size;
	unsigned node;
	unsigned char *host; /* NULL before ram_map() */
};

/* Addresses that hold no memory. */
struct ram_hole {
	uint64_t start, end;
};

struct ram {
	struct ram_range range[RAM_RANGES_MAX]; /* ascending */
	unsigned n;
	bool placed;	/* by ram_place(): another mapping would undo that */
	void *reserved; /* guard pages included */
	size_t reserved_size;
};

/* Pure: even shares in steps of 2 MiB, what is left over goes to the last node. */
void ram_layout(
	const struct vm_topology *t, uint64_t bytes, const struct ram_hole *hole, struct ram *out);
/* Maps the ranges, not executable, left out of core dumps, huge pages wanted; fills `mem`. */
int ram_map(struct ram *r, struct gmem *mem, struct err *e);
void ram_unmap(struct ram *r);
/*
 * Where a reservation wants the memory, before anybody has touched it: huge pages of the host's
 * pool, and the nodes that the guest's CPUs run on. A pool that has run dry since it was looked at
 * leaves ordinary pages; a node that the kernel refuses is an error.
 */
int ram_place(struct ram *r, const struct vm_placement *p, struct err *e);
