/*
 * What a guest's kernel says of its CPUs and nodes (PROTO_TOPOLOGY in vmm/proto.h), taken apart,
 * and compared with what was asked for. The guest may say anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "vmm/topology.h"

enum readback_list {
	READBACK_SIBLINGS, /* threads of the same core */
	READBACK_L1,	   /* sharers of the first cache of level 1, ... */
	READBACK_L1_OTHER,
	READBACK_L2,
	READBACK_L3,
	READBACK_LISTS,
};

/* Texts are the kernel's lists; "-" = it did not say. NULL cpus/lists: it said nothing at all. */
struct readback_cpu {
	const char *package, *die;
	const char *list[READBACK_LISTS];
};
struct readback_node {
	const char *cpus, *distances;
};
struct readback {
	char *text; /* owned; all others point into it */
	const char *online, *memory;
	struct readback_cpu *cpu; /* owned; VM_VCPUS_MAX of them */
	struct readback_node node[VM_NODES_MAX];
};

/* -EPROTO with a sentence: a line that is none, or a CPU or node beyond what a guest can have. */
int readback_parse(const char *bytes, size_t n, struct readback *out, struct err *e);
void readback_release(struct readback *r);

/* A list as kernels write it: ascending, nothing twice, no CPU (or node) that a guest cannot have.
 * False, and the set is empty: it is none. So the work is bounded whatever a guest writes. */
bool readback_set(const char *list, struct cpuset *out);
/* The shape in the notation of --topology, from nothing but what was read; false, and nothing is
 * written, when the notation cannot say it (CPUs offline, parts that overlap). */
bool readback_shape(const struct readback *r, struct str *out);

/*
 * Whether the guest is what was asked for. If not, `difference` is the first thing that is not:
 * which CPU or node, what is there, what was asked. `lenient` (QEMU): caches of level 1 and 2 and
 * the numbers of dies do not count; the first of them that differs goes to `note`.
 */
bool readback_verify(const struct readback *r, const struct vm_topology *t, bool lenient,
	struct str *difference, struct str *note);
