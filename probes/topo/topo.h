/*
 * The topology of a machine, read once from sysfs through a sysroot. Immutable after
 * topo_collect(); everything is owned by the model and freed in one go.
 *
 * Sources: Documentation/ABI/testing/sysfs-devices-system-cpu, sysfs-devices-node, and
 * Documentation/admin-guide/cputopology.rst. Numbering is over all online CPUs: affinity is
 * recorded
 * (`allowed`), never baked in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/json_out.h"
#include "src/base/mem.h"
#include "src/base/sysroot.h"

enum topo_cache_type { TOPO_CACHE_UNIFIED, TOPO_CACHE_DATA, TOPO_CACHE_INSTRUCTION };

/* One cache, shared by `cpus`. */
struct topo_cache {
	unsigned level;
	enum topo_cache_type type;
	struct cpuset cpus;
	int id;			   /* sysfs id, -1 = not given */
	uint64_t size;		   /* bytes, 0 = not given */
	unsigned line, ways, sets; /* 0 = not given */
};

struct topo_core {
	struct cpuset cpus; /* SMT siblings, online */
	int id;		    /* core_id as sysfs gives it, else the CPU number */
	unsigned llc;	    /* index into llcs */
};

/* A last-level cache: the CPUs that share the deepest cache of level 2 or more. Its index is the
 * number that `ktstr topo` prints and that the lock files carry. */
struct topo_llc {
	struct cpuset cpus;
	unsigned node;	/* number of the node of its first CPU */
	int id;		/* sysfs id of the cache, -1 = not given */
	unsigned level; /* 0 = no cache was described */
	uint64_t size;	/* bytes, 0 = unknown */
	unsigned ncores;
	unsigned threads; /* of its largest core */
};

struct topo_node {
	unsigned id;
	struct cpuset cpus;	      /* online CPUs; empty = memory-only */
	bool has_memory;	      /* mem_total and mem_free were given */
	uint64_t mem_total, mem_free; /* bytes */
};

struct topo_cpu {
	unsigned id;
	bool online, allowed;
	unsigned node, llc, core;   /* node number; indices into llcs, cores (online CPUs only) */
	int package, die, cluster;  /* -1 = not given */
	uint64_t max_khz, base_khz; /* 0 = not given */
	unsigned capacity;	    /* cpu_capacity, 0 = not given */
	const char *kind; /* "core", "atom", or a capacity class; NULL on uniform machines */
	bool isolated, nohz_full;
};

struct topo {
	struct topo_cpu *cpus; /* ascending id: online and offline, present in sysfs */
	unsigned ncpus;
	struct topo_core *cores;
	unsigned ncores;
	struct topo_llc *llcs; /* ascending index */
	unsigned nllcs;
	struct topo_node *nodes; /* ascending id, memory-only ones included */
	unsigned nnodes;
	struct topo_cache *caches; /* every level, ordered by level, type, first CPU */
	unsigned ncaches;
	unsigned npackages;
	unsigned *distance; /* nnodes x nnodes by index; 10/20 where the kernel gave none */
	bool distance_given;
	struct cpuset online, offline, allowed; /* allowed: online and in this process's affinity */
	unsigned max_cores, max_threads; /* cores of the largest LLC, threads of the largest core */
	bool symmetric;	      /* LLCs spread evenly over nodes, all LLCs and all cores are alike */
	char notation[48];    /* "1n4l8c2t"; a trailing '*' = asymmetric, then the largest cores,
				 threads */
	char *model_name;     /* of the CPU, from /proc/cpuinfo; NULL = not given */
	struct strv warnings; /* sentences about contradictions and fall-backs */
	struct arena *arena;
};

/* NULL with a sentence when nothing can be described (no online CPU). */
struct topo *topo_collect(const struct sysroot *r, struct err *e);
/*
 * The same CPUs, LLCs, cores, nodes, distances and notation, and warnings about them, for half of
 * the reads: what the short text and the numbers of locks need. Absent are caches of level 1,
 * shapes and sizes of caches, memory, clusters, kinds, capacities, frequencies, isolation and the
 * model name.
 */
struct topo *topo_collect_shape(const struct sysroot *r, struct err *e);
void topo_free(struct topo *t);
/* NULL when there is no such CPU. */
const struct topo_cpu *topo_cpu(const struct topo *t, unsigned cpu);
const struct topo_node *topo_node(const struct topo *t, unsigned id);
/* The node that most CPUs of an LLC are on (0 when several have as many), and that of the LLC which
 * a CPU is in; -1 when there is no such LLC or CPU. */
int topo_llc_node(const struct topo *t, unsigned llc);
int topo_cpu_llc_node(const struct topo *t, unsigned cpu);
/* Caches that this CPU shares in, at a level and type; NULL when there is none. */
const struct topo_cache *topo_cache_of(
	const struct topo *t, unsigned cpu, unsigned level, enum topo_cache_type type);

/* A guest of this shape, as `ktstr shell --topology` takes it: its nodes must divide its LLCs. */
void topo_shell_shape(const struct topo *t, struct str *out);
/* The three renderings. Text is exactly spec/host 1.5; verbose adds tables after it. */
void topo_text(const struct topo *t, bool verbose, struct str *out);
void topo_json(const struct topo *t, struct json_out *j);
