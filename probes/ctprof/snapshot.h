/*
 * A snapshot: every thread of a machine, or those that were asked for, at one time, with the
 * counters that its kernel kept. Immutable once built, shared freely between threads, freed in one
 * go. What stands in a file and what is here are the same thing (spec section 2); the file's rules
 * are in store.h.
 *
 * A thread is an array of 64-bit values, one a row of fields.def. What does not fit 64 bits stands
 * beside it and the value is its number: strings and CPU lists are kept once however often they
 * occur, so that equal numbers are equal things and a loop over threads can work on the few
 * distinct ones first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of the rows: CTP_tid, CTP_tgid, CTP_pcomm, ... */
enum ctp_field {
#define FIELD(key, ...) CTP_##key,
#include "probes/ctprof/fields.def"
	CTP_NFIELDS
};

/* How a value stands in ctp_thread.v, and in the file. */
enum ctp_type {
	CTP_U64,  /* as it is */
	CTP_U32,  /* as it is */
	CTP_I32,  /* sign-extended: (int64_t)v */
	CTP_BOOL, /* 0 or 1 */
	CTP_CHAR, /* Unicode code point; '~' when not known */
	CTP_STR,  /* number of a string: ctp_str(); 0 is the empty one */
	CTP_CPUS, /* number of a CPU list: ctp_cpus(); 0 is the empty one */
	CTP_MAP,  /* number of a map: ctp_map(); 0 is the empty one */
};

enum ctp_source {
	CTP_FROM_WALK, /* the names of the directories and the leader's comm */
	CTP_FROM_STAT,
	CTP_FROM_SCHED,
	CTP_FROM_SCHEDSTAT,
	CTP_FROM_IO,
	CTP_FROM_CGROUP,
	CTP_FROM_SMAPS, /* smaps_rollup, of the leader only */
	CTP_FROM_AFFINITY,
	CTP_FROM_TASKSTATS,
	CTP_FROM_JEMALLOC,
	CTP_FROM_FLAG, /* says whether others were measured; never absent itself */
};

enum ctp_form {
	CTP_PLAIN,
	CTP_DOTTED, /* milliseconds, a dot, six digits; in ns */
	CTP_SLEEP,  /* sum_sleep_runtime less sum_block_runtime, not below 0 */
	CTP_POLICY, /* a number, shown by its name */
	CTP_KIB,    /* times 1024 */
};

/* What a kernel must have been built with for a value to be more than 0. */
enum ctp_gate {
	CTP_GATE_NONE,
	CTP_GATE_SCHED_INFO,
	CTP_GATE_SCHEDSTATS,
	CTP_GATE_SCHED_CORE,
	CTP_GATE_SCHED_CLASS_EXT,
	CTP_GATE_TASK_DELAY_ACCT,
	CTP_GATE_TASK_IO_ACCOUNTING,
	CTP_GATE_TASKSTATS,
	CTP_GATE_TASK_XACCT,
	CTP_NGATES
};
/* "SCHED_INFO", ...: the kernel's symbol without CONFIG_. */
const char *ctp_gate_name(enum ctp_gate g);

/* When a field is absent, besides its source having failed. */
enum ctp_absent_rule {
	CTP_NEVER,     /* there is no thread without it */
	CTP_FILE,      /* its source could not be read */
	CTP_LINE,      /* nor when the line is missing there */
	CTP_FAIR,      /* as LINE; tasks that are not of the fair class have none */
	CTP_LEADER,    /* only the leader has one; on others the value is 0 and present */
	CTP_PROBE,     /* not a program with jemalloc, or it could not be looked into */
	CTP_CPU_DELAY, /* taskstats did not answer, or the kernel has no delay accounting */
	CTP_DELAY,     /* the same, or it is switched off */
	CTP_XACCT,     /* taskstats did not answer, or the kernel keeps no watermarks */
};

struct ctp_field_row {
	const char *key;
	size_t len; /* of key */
	enum ctp_type type;
	enum ctp_source source;
	const char *word;
	int number;
	enum ctp_form form;
	enum ctp_gate gates[2]; /* in the order of their tags; CTP_GATE_NONE fills up */
	enum ctp_absent_rule absent;
};
extern const struct ctp_field_row ctp_fields[CTP_NFIELDS];
/* The row of this key, or -1. */
int ctp_field_find(const char *key, size_t n);
bool ctp_field_is(int f, const char *key, size_t n);

/* Why a value is not there. */
enum ctp_why {
	CTP_PRESENT,
	CTP_NO_CFG,  /* "cfg": the kernel was not built or not set up to keep it */
	CTP_NO_PERM, /* "perm": this process may not read it */
	CTP_NO_APPL, /* "na": there is no such thing for this thread, or it cannot be found */
	CTP_NO_ASK,  /* "skip": left out by an option */
	CTP_NO_TASK, /* "gone": the thread ended while it was being read, or reading failed */
	CTP_NWHYS
};
/* The word on disk ("cfg", ...), NULL for CTP_PRESENT; and a sentence's end for people ("not kept
 * by this kernel"). */
const char *ctp_why_word(enum ctp_why w);
const char *ctp_why_text(enum ctp_why w);

/* What is absent of a thread. Threads that lack the same for the same reasons share one. */
struct ctp_absence {
	uint64_t present[2];	  /* bit f % 64 of word f / 64 */
	uint8_t why[CTP_NFIELDS]; /* enum ctp_why */
};

struct ctp_thread {
	uint64_t v[CTP_NFIELDS];
	const struct ctp_absence *absence; /* NULL: nothing is */
};

static inline bool ctp_has(const struct ctp_thread *t, enum ctp_field f)
{
	return !t->absence || (t->absence->present[f / 64] >> (f % 64) & 1);
}
static inline enum ctp_why ctp_why(const struct ctp_thread *t, enum ctp_field f)
{
	return t->absence ? (enum ctp_why)t->absence->why[f] : CTP_PRESENT;
}

/* CPUs as runs, ascending, not touching each other. */
struct ctp_run {
	uint32_t lo, hi;
};
struct ctp_cpus {
	uint32_t count; /* of CPUs */
	uint32_t nruns;
	const struct ctp_run *runs;
};

/* A map from names to numbers, bytewise ascending. */
struct ctp_pair {
	const char *key;
	uint64_t v;
};
struct ctp_map {
	uint32_t n;
	const struct ctp_pair *pairs;
};
struct ctp_text_pair {
	const char *key, *text;
};
struct ctp_text_map {
	bool present; /* the file has the key at all */
	uint32_t n;
	const struct ctp_text_pair *pairs;
};

/* A number that may be missing. */
struct ctp_opt {
	bool has;
	uint64_t v; /* ctp_cgroup.weight_nice: sign-extended */
};

/* Pressure: averages in hundredths of a percent (12.34 % is 1234), totals in microseconds. */
enum ctp_psi_resource { CTP_PSI_CPU, CTP_PSI_MEMORY, CTP_PSI_IO, CTP_PSI_IRQ, CTP_NPSI };
struct ctp_psi_half {
	uint16_t avg10, avg60, avg300;
	uint64_t total_usec;
};
struct ctp_psi {
	struct {
		struct ctp_psi_half some, full;
	} r[CTP_NPSI];
};

struct ctp_cgroup {
	const char *path;
	uint64_t usage_usec, nr_throttled, throttled_usec;
	struct ctp_opt
		max_quota_us; /* missing: no limit; so with the next that are called max, high */
	uint64_t max_period_us;
	struct ctp_opt weight, weight_nice;
	uint64_t memory_current;
	struct ctp_opt memory_max, memory_high;
	struct ctp_opt memory_low, memory_min; /* UINT64_MAX is the kernel's "max" */
	struct ctp_map memory_stat, memory_events;
	struct ctp_opt pids_current, pids_max;
	struct ctp_psi psi;
	/* Ours: what else the kernel counts, by file and key: "io.stat.rbytes" of all devices,
	 * "memory.peak", "memory.numa_stat.anon.N0". Bytes, microseconds (_usec), else counts. */
	struct ctp_map more;
};

/* The machine. NULL and has == false where the capture could not tell. */
struct ctp_host {
	const char *cpu_model, *cpu_vendor;
	struct ctp_opt total_memory_kib, hugepages_total, hugepages_free, hugepages_size_kib;
	const char *thp_enabled, *thp_defrag;
	struct ctp_text_map sched_tunables;
	struct ctp_opt online_cpus, numa_nodes;
	struct ctp_text_map cpufreq_governor; /* keys are CPU numbers, numerically ascending */
	const char *kernel_name, *kernel_release, *arch, *kernel_cmdline;
	const char *task_delayacct;    /* "config_off", "on", "runtime_off" */
	const char *config_task_xacct; /* "on", "off", "unknown" */
};

struct ctp_sched_ext {
	const char *state;
	uint64_t switch_all, nr_rejected, hotplug_seq, enable_seq;
};

struct ctp_probe_summary {
	uint64_t tgids_walked, jemalloc_detected, probed_ok, failed;
	const char *dominant_failure; /* NULL: none */
	bool privilege_dominant;
};
struct ctp_parse_summary {
	uint64_t tids_walked, read_failures;
	struct ctp_map read_failures_by_file;
	const char *dominant_read_failure; /* NULL: none */
	bool kernel_config_dominant;
	uint64_t negative_dotted_values;
};
struct ctp_taskstats_summary {
	uint64_t ok_count, eperm_count, esrch_count, other_err_count;
};

/* What the capture itself cost and how; a key of our own at the end of the file. */
struct ctp_cost {
	uint64_t wall_ns, cpu_ns;
	uint64_t skew_ns; /* between the first thread read and the last */
	uint32_t workers;
	bool filtered; /* not all threads of the machine were asked for */
};

enum { CTP_CHUNK = 256 };

struct ctp_snapshot {
	uint64_t captured_at_unix_ns; /* when it was begun */
	size_t nthreads; /* by tgid, then by tid, ascending, when ktstr wrote the file */
	struct ctp_thread *const *chunks;
	size_t nstrings, ncpus, nmaps; /* numbers 0 .. n-1 */
	const char *const *strings;
	const struct ctp_cpus *cpus;
	const struct ctp_map *maps;
	const struct ctp_cgroup *cgroups; /* bytewise ascending by path */
	size_t ncgroups;
	struct ctp_psi psi;
	/* NULL: the file says null or nothing */
	const struct ctp_host *host;
	const struct ctp_probe_summary *probe_summary;
	const struct ctp_parse_summary *parse_summary;
	const struct ctp_taskstats_summary *taskstats_summary;
	const struct ctp_sched_ext *sched_ext;
	const struct ctp_cost *cost;
};

void ctp_free(const struct ctp_snapshot *s);

/* for (size_t i = 0; i < s->nthreads; i++) ... ctp_thread_at(s, i) */
static inline const struct ctp_thread *ctp_thread_at(const struct ctp_snapshot *s, size_t i)
{
	return &s->chunks[i / CTP_CHUNK][i % CTP_CHUNK];
}
static inline const char *ctp_str(
	const struct ctp_snapshot *s, const struct ctp_thread *t, enum ctp_field f)
{
	return s->strings[t->v[f]];
}
static inline const struct ctp_cpus *ctp_cpus(
	const struct ctp_snapshot *s, const struct ctp_thread *t, enum ctp_field f)
{
	return &s->cpus[t->v[f]];
}
static inline const struct ctp_map *ctp_map(
	const struct ctp_snapshot *s, const struct ctp_thread *t, enum ctp_field f)
{
	return &s->maps[t->v[f]];
}
