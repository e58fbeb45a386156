/* Between the files of this folder: how topo_collect() puts a model together, theme by theme. Each
 * step fills its part of `t`; what it must forgive becomes a warning. */
#pragma once

#include "probes/topo/topo.h"

#define SYS_CPU	 "/sys/devices/system/cpu"
#define SYS_NODE "/sys/devices/system/node"

/* A cache of level 1 is nobody's last level: only from 2 on do CPUs meet in one. */
enum { LLC_LEVEL = 2 };

/* Facts of an online CPU that later steps compare. */
struct cpu_facts {
	bool has_core_id;
	int core_id;
	bool has_siblings;
	struct cpuset siblings; /* SMT siblings by its own word */
	bool has_caches;	/* some cache is described, of whatever level */
};

struct collect {
	const struct sysroot *r;
	struct topo *t;
	struct cpu_facts *facts; /* by index into t->cpus */
	bool shape_only;	 /* topo_collect_shape() */
};

/* A sentence for the person who asked; its CPUs come as a set. */
void collect_warn(struct collect *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "CPU 3" or "CPUs 0-2,8", in the model's arena. */
const char *collect_cpus_text(struct collect *c, const struct cpuset *cpus);
/* Index into t->cpus, -1 when there is no such CPU. */
int collect_index(const struct collect *c, unsigned cpu);
/* DIR/LIST as a cpulist, else DIR/MAP as a cpumap. 0 or -errno. */
int collect_set(const struct sysroot *r, const char *dir, const char *list, const char *map,
	struct cpuset *out);

int collect_cpus(struct collect *c, struct err *e); /* online, offline, allowed; ids */
void collect_nodes(struct collect *c);		    /* nodes, memory, distances, node of a CPU */
void collect_caches(struct collect *c);		    /* caches of every level */
void collect_llcs(struct collect *c);		    /* after caches and nodes */
void collect_cores(struct collect *c);		    /* after llcs */
void collect_kinds(struct collect *c);		    /* hybrid kinds, frequencies, isolation */
void collect_notation(struct collect *c);	    /* after cores */
void collect_model(struct collect *c);		    /* of the CPU */
