/*
 * jemalloc's counters of bytes that a thread has allocated and freed, out of another process's
 * memory. A process is looked at once: whether its program or one of its libraries has the
 * allocator, and where a thread's counters then are. A thread is stopped for as long as it takes to
 * ask for its thread pointer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can go wrong, in the order of the words on disk; those at the end are no failures. */
enum jemalloc_fail {
	JEMALLOC_OK,
	JEMALLOC_ARCH_MISMATCH,
	JEMALLOC_DWARF_PARSE_FAILURE,
	JEMALLOC_GET_REGSET,
	JEMALLOC_IN_DSO,
	JEMALLOC_MAPS_READ_FAILURE,
	JEMALLOC_PID_MISSING,
	JEMALLOC_PROCESS_VM_READV,
	JEMALLOC_PTRACE_INTERRUPT,
	JEMALLOC_PTRACE_SEIZE,
	JEMALLOC_TLS_ARITHMETIC,
	JEMALLOC_WAITPID,
	JEMALLOC_NOT_FOUND,
	JEMALLOC_READLINK_FAILURE,
	JEMALLOC_NFAILS
};
/* "ptrace-seize", ... */
const char *jemalloc_fail_word(enum jemalloc_fail f);
/* Whether it counts as a failure, and not as a program that has no jemalloc. */
bool jemalloc_fail_counts(enum jemalloc_fail f);

/* Where a thread's counters are. */
struct jemalloc {
	uint64_t from_tp; /* what to add to the thread pointer, with wrap-around, for tsd_s */
	uint64_t allocated, deallocated; /* offsets in tsd_s */
};

/* What is known of files, by device and inode. Shared by the workers of a capture. */
struct jemalloc_cache;
struct jemalloc_cache *jemalloc_cache_new(void);
void jemalloc_cache_free(struct jemalloc_cache *c);

/* Looks at a process; `proc` is the directory /proc. *denied: not permitted. */
enum jemalloc_fail jemalloc_attach(
	struct jemalloc_cache *c, int proc, uint32_t tgid, struct jemalloc *out, bool *denied);
/* Reads one thread's counters. */
enum jemalloc_fail jemalloc_read(uint32_t tid, const struct jemalloc *j, uint64_t *allocated,
	uint64_t *deallocated, bool *denied);
