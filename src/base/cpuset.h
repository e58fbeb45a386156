/*
 * Sets of small numbers (CPUs, nodes) of any size, and the kernel's two spellings of them: cpulist
 * ("0-3,8") and cpumap ("ff,0000000f"), see the kernel's Documentation/core-api/printk-formats.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* The largest CPU number accepted: the bound that sched_getaffinity(2) is grown to. */
enum { CPUSET_MAX = 262144 };

struct cpuset {
	uint64_t *words; /* owned */
	size_t n;	 /* words allocated; everything beyond is absent */
};
#define CPUSET_INIT                                                                                \
	{                                                                                          \
		NULL, 0                                                                            \
	}
#define cleanup_cpuset __attribute__((cleanup(cpuset_release)))

void cpuset_release(struct cpuset *s);
void cpuset_clear(struct cpuset *s);
void cpuset_add(struct cpuset *s, unsigned cpu); /* cpu < CPUSET_MAX, else ignored */
void cpuset_del(struct cpuset *s, unsigned cpu);
bool cpuset_has(const struct cpuset *s, unsigned cpu);
unsigned cpuset_count(const struct cpuset *s);
bool cpuset_empty(const struct cpuset *s);
bool cpuset_equal(const struct cpuset *a, const struct cpuset *b);
bool cpuset_subset(const struct cpuset *inner, const struct cpuset *outer);
bool cpuset_intersects(const struct cpuset *a, const struct cpuset *b);
void cpuset_copy(struct cpuset *to, const struct cpuset *from);
void cpuset_or(struct cpuset *to, const struct cpuset *from);
void cpuset_and(struct cpuset *to, const struct cpuset *from);
void cpuset_minus(struct cpuset *to, const struct cpuset *from);
/* The smallest member >= from, or -1. */
int cpuset_next(const struct cpuset *s, int from);
/* Every member, ascending: cpuset_foreach (cpu, &set) { ... }, cpu is an int. */
#define cpuset_foreach(cpu, s)                                                                     \
	for (int cpu = cpuset_next((s), 0); cpu >= 0; cpu = cpuset_next((s), cpu + 1))
/* The same after a written `for`, which clang-format cannot lay out. */
#define cpuset_each(cpu, s)                                                                        \
	(int cpu = cpuset_next((s), 0); cpu >= 0; cpu = cpuset_next((s), cpu + 1))

/* Parses a cpulist: items N or LO-HI, trimmed, empty items skipped, duplicates folded. -EINVAL
 * else. */
int cpuset_parse_list(struct cpuset *s, const char *text, struct err *e);
/* Parses a cpumap: comma-separated 32-bit hexadecimal groups, most significant first. */
int cpuset_parse_map(struct cpuset *s, const char *text, struct err *e);
/* Appends "0-3,8". */
void cpuset_format(const struct cpuset *s, struct str *out);
/* The calling process's affinity; -errno when the kernel refuses. */
int cpuset_affinity(struct cpuset *s);
/* The affinity of a process or thread (0 = the calling one, and what it starts from now on); -errno
 * when the kernel refuses. */
int cpuset_confine(int tid, const struct cpuset *s);
