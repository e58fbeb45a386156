/*
 * What the CPUs have been doing: counters of one moment (a sample, immutable), and the shares of
 * time between two of them. Counters of a CPU that is not there are absent, never zero.
 *
 * Sources: /proc/stat (Documentation/filesystems/proc.rst 1.7), /proc/schedstat
 * (Documentation/scheduler/sched-stats.rst), /proc/loadavg, cpufreq's scaling_cur_freq
 * (Documentation/admin-guide/pm/cpufreq.rst) and the nodes' meminfo.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/mem.h"
#include "src/base/sysroot.h"

/* What is read besides /proc/stat and /proc/loadavg. */
enum cpustat_want {
	CPUSTAT_FREQUENCY = 1 << 0, /* one file a CPU */
	CPUSTAT_DELAY = 1 << 1,	    /* one file; needs a kernel with CONFIG_SCHEDSTATS */
	CPUSTAT_MEMORY = 1 << 2,    /* one file a node */
	CPUSTAT_ALL = (1 << 3) - 1,
};

/* Kinds of time in the order of /proc/stat. The kernel counts guest time inside user and nice too,
 * so it is not listed again. */
enum cpustat_time {
	CPUSTAT_USER,
	CPUSTAT_NICE,
	CPUSTAT_SYSTEM,
	CPUSTAT_IDLE,
	CPUSTAT_IOWAIT,
	CPUSTAT_IRQ,
	CPUSTAT_SOFTIRQ,
	CPUSTAT_STEAL,
	CPUSTAT_TIMES,
};

struct cpustat_cpu {
	unsigned cpu;
	bool has_khz, has_delay;
	uint64_t ticks[CPUSTAT_TIMES]; /* since boot, USER_HZ */
	uint64_t khz;		       /* current frequency */
	uint64_t run_ns, delay_ns;     /* since boot: tasks ran, tasks waited to run */
};

struct cpustat_node {
	unsigned node;
	uint64_t mem_total, mem_free; /* bytes */
};

struct cpustat {
	uint64_t at_ns;		  /* clock_mono_ns() of the reading */
	struct cpustat_cpu *cpus; /* online CPUs, ascending */
	size_t ncpus;
	bool has_load;
	double load[3];		    /* averages over 1, 5 and 15 minutes */
	unsigned runnable, tasks;   /* scheduling entities now; with has_load */
	struct cpustat_node *nodes; /* ascending; those whose memory is known */
	size_t nnodes;
	struct arena *arena;
};

/* NULL with a sentence when there is no usable /proc/stat. `want` is a set of enum cpustat_want;
 * what the kernel does not give is left absent without complaint. */
struct cpustat *cpustat_read(const struct sysroot *r, unsigned want, struct err *e);
void cpustat_free(struct cpustat *s);
/* NULL when the CPU was not online. */
const struct cpustat_cpu *cpustat_cpu(const struct cpustat *s, unsigned cpu);

/* Shares of the time between two samples, 0 to 1. */
struct cpu_use {
	unsigned cpu;
	double busy; /* user, nice, system, irq and softirq; guests of this host are in it */
	double user, system, irq, iowait, steal;
	bool has_delay;
	double waiting; /* tasks that waited for this CPU, on average */
};

struct cpu_uses {
	struct cpu_use *cpus; /* CPUs in both samples whose clocks moved, ascending */
	size_t ncpus;
	bool has_all;
	struct cpu_use all; /* of all of those together; waiting is their sum */
	struct arena *arena;
};

struct cpu_uses *cpustat_diff(const struct cpustat *before, const struct cpustat *after);
void cpu_uses_free(struct cpu_uses *u);
/* NULL when the CPU was not in both samples. */
const struct cpu_use *cpu_use_of(const struct cpu_uses *u, unsigned cpu);

/* The parsers by themselves, for tests: they append CPUs to, or fill CPUs of, an empty sample. */
struct cpustat *cpustat_parse(const char *proc_stat, struct err *e);
void cpustat_parse_schedstat(struct cpustat *s, const char *text);
