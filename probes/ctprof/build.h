/*
 * Builds a snapshot piece by piece: what loading, capturing and tests have in common. Everything
 * given is copied. One thread at a time may use a builder.
 */
#pragma once

#include "probes/ctprof/snapshot.h"

struct ctp_builder;

struct ctp_builder *ctp_builder_new(void);
void ctp_builder_free(struct ctp_builder *b);

/* Numbers for ctp_thread.v: the same for the same text, or CPU list. */
uint32_t ctp_build_str(struct ctp_builder *b, const char *s, size_t n);
/* Runs ascending and not touching. */
uint32_t ctp_build_cpus(struct ctp_builder *b, const struct ctp_run *runs, size_t n);
/* Pairs bytewise ascending by key. */
uint32_t ctp_build_map(struct ctp_builder *b, const struct ctp_pair *pairs, size_t n);
/* A copy that lives as long as the snapshot, kept once: "" is not NULL. */
const char *ctp_build_text(struct ctp_builder *b, const char *s, size_t n);
uint32_t ctp_build_keep_map(struct ctp_builder *b, struct ctp_map map); /* from ctp_build_pairs() */
/* A map of its own, for host, cgroups and summaries. */
struct ctp_map ctp_build_pairs(struct ctp_builder *b, const struct ctp_pair *pairs, size_t n);
struct ctp_text_map ctp_build_texts(
	struct ctp_builder *b, const struct ctp_text_pair *pairs, size_t n);
/* The shared copy of this absence; NULL when nothing is absent. `present` is worked out from why.
 */
const struct ctp_absence *ctp_build_absence(
	struct ctp_builder *b, const uint8_t why[static CTP_NFIELDS]);

/* The next thread, zeroed, state '~'; to be filled in before the next call. */
struct ctp_thread *ctp_build_thread(struct ctp_builder *b);
/* Takes the last one back. */
void ctp_build_drop_thread(struct ctp_builder *b);
/* The next cgroup, zeroed but for its path and the default period; they are sorted at the end. */
struct ctp_cgroup *ctp_build_cgroup(struct ctp_builder *b, const char *path, size_t n);

/* The snapshot's own members (captured_at_unix_ns, psi): writable until ctp_build_finish(). */
struct ctp_snapshot *ctp_build_top(struct ctp_builder *b);
/* Memory that lives as long as the snapshot. */
void *ctp_build_zeroed(struct ctp_builder *b, size_t size);
/* Objects that are NULL in a fresh snapshot: zeroed on the first call, then the same. */
struct ctp_host *ctp_build_host(struct ctp_builder *b);
struct ctp_sched_ext *ctp_build_sched_ext(struct ctp_builder *b);
struct ctp_probe_summary *ctp_build_probe_summary(struct ctp_builder *b);
struct ctp_parse_summary *ctp_build_parse_summary(struct ctp_builder *b);
struct ctp_taskstats_summary *ctp_build_taskstats_summary(struct ctp_builder *b);
struct ctp_cost *ctp_build_cost(struct ctp_builder *b);

/* Bytes that the snapshot takes so far, for a bound on what a hostile file can make of it. */
uint64_t ctp_build_held(const struct ctp_builder *b);

/* Hands the snapshot over and frees the builder. */
struct ctp_snapshot *ctp_build_finish(struct ctp_builder *b);
