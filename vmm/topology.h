/*
 * The shape of a guest: nodes that hold last-level caches that hold equal cores, memory-only nodes,
 * how far nodes are apart, and the CPUs that are taken offline before the prompt. Plain data, all 0
 * beyond the counts, so that it is copied by assignment and compared by memcmp().
 *
 * vCPUs are numbered cache by cache (nodes in order, their caches in order), then core by core,
 * then thread by thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct topo; /* a machine: probes/topo/topo.h */

/* vCPUs: what our own monitor can have; engines check their own bounds. Nodes: what kernels are
 * usually built for (CONFIG_NODES_SHIFT=6). */
enum { VM_VCPUS_MAX = 1024, VM_NODES_MAX = 64, VM_LLCS_MAX = VM_VCPUS_MAX };

/* What the kernel calls LOCAL_DISTANCE, REMOTE_DISTANCE, and the value that means unreachable. */
enum { VM_DISTANCE_LOCAL = 10, VM_DISTANCE_REMOTE = 20, VM_DISTANCE_NONE = 255 };

struct vm_llc {
	uint16_t cores, threads; /* of the cache; of each core */
};

struct vm_topology {
	uint16_t nodes, llcs, vcpus;	  /* in all; 0 vcpus = not filled in */
	uint16_t node_llcs[VM_NODES_MAX]; /* caches of a node; 0 = memory only, and all behind it */
	struct vm_llc llc[VM_LLCS_MAX];	  /* those of node 0 first */
	bool distances;			  /* the matrix below was given */
	uint8_t distance[VM_NODES_MAX][VM_NODES_MAX]; /* [from][to]; filled in always */
	uint64_t offline[VM_VCPUS_MAX / 64];	      /* a bit for each CPU to take offline */
};

/* Distances as the kernel takes them where nothing is said: 10 at home, 20 elsewhere. */
void vm_topology_default_distances(struct vm_topology *t);

/* Where a vCPU is. */
struct vm_place {
	unsigned cpu, node, llc; /* llc: of the whole machine */
	unsigned core, thread;	 /* core: of its cache; thread: of its core */
};

/*
 * Reads a shape as people type it. Errors contain the tokens of spec/vmm 1.2 and say which rule is
 * broken. Distances are the kernel's defaults, no CPU is offline.
 *
 *   2,4,2,2              nodes, caches of the whole machine, cores per cache, threads per core
 *   2n4l2c2t             the same
 *   4c2t+4c2t/8c1t/mem   nodes joined by '/', each caches joined by '+'; those that have memory
 *                        only are behind the others
 */
int vm_topology_parse(const char *text, struct vm_topology *out, struct err *e);
/*
 * `host` and `host:CPUS`: the nodes, caches, cores and threads of this machine. With a number of
 * CPUs, and where the machine has more than a guest can have, cores are left out of the largest
 * cache, one by one, until no more are left than that; each cache keeps one. A cache whose cores
 * differ in their threads is given cores of one. -EINVAL with a sentence when that is not possible.
 */
bool vm_topology_wants_host(const char *text);
int vm_topology_parse_host(
	const char *text, const struct topo *host, struct vm_topology *out, struct err *e);
/* The shape of some of a machine's LLCs (those that `in` says, all when NULL), in their nodes;
 * memory-only nodes come along with all of them. Cores are left out as above. */
int vm_topology_of(const struct topo *host, const bool *in, unsigned cpus_max,
	struct vm_topology *out, struct err *e);
/* A row for each node, joined by '/', of distances joined by ',': "10,20/20,10". */
int vm_topology_set_distances(struct vm_topology *t, const char *text, struct err *e);
void vm_topology_spell_distances(const struct vm_topology *t, struct str *out);
/* CPUs to take offline, as a list: "1-3,8". Never CPU 0. */
int vm_topology_set_offline(struct vm_topology *t, const char *list, struct err *e);
void vm_topology_spell_offline(const struct vm_topology *t, struct str *out);
/* For people: "2n4l2c2t", or "4c2t+4c2t/8c1t/mem" where that cannot say it. */
void vm_topology_format(const struct vm_topology *t, struct str *out);
/* As --topology is usually given it: "2,4,2,2", or the notation of unequal shapes. */
void vm_topology_spell(const struct vm_topology *t, struct str *out);
/* Equal shapes: llcs counts the whole machine, and nodes must divide it; the product is at most
 * VM_VCPUS_MAX, nodes at most VM_NODES_MAX. */
struct vm_topology vm_topology_uniform(
	unsigned nodes, unsigned llcs, unsigned cores, unsigned threads);

/* ---- reading one ------------------------------------------------------------------------------
 * vm_place_first() then vm_place_next() while they say true visit every vCPU in order. */
bool vm_place_first(const struct vm_topology *t, struct vm_place *p);
bool vm_place_next(const struct vm_topology *t, struct vm_place *p);
#define vm_topology_foreach(p, t)                                                                  \
	for (bool more_ = vm_place_first((t), (p)); more_; more_ = vm_place_next((t), (p)))
/* One vCPU, cpu < vcpus. */
struct vm_place vm_topology_place(const struct vm_topology *t, unsigned cpu);
/* The first vCPU of a cache, of a node; llc <= llcs, node <= nodes (one past the end counts all).
 */
unsigned vm_topology_llc_first(const struct vm_topology *t, unsigned llc);
unsigned vm_topology_node_first(const struct vm_topology *t, unsigned node);
unsigned vm_topology_max_cores(const struct vm_topology *t);
unsigned vm_topology_max_threads(const struct vm_topology *t);
/* Whether all caches are alike, spread evenly over the nodes, none without: `N,L,C,T` says it all.
 */
bool vm_topology_is_uniform(const struct vm_topology *t);
bool vm_topology_is_offline(const struct vm_topology *t, unsigned cpu);
