#include "probes/ctprof/build.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/intern.h"
#include "src/base/str.h"

/* The snapshot and what it owns; in the arena itself. */
struct owner {
	struct ctp_snapshot s;
	struct arena *arena;
	struct ctp_thread **chunks; /* each from the heap: they would leave holes in an arena */
	size_t nchunks;
};

struct ctp_builder {
	struct arena *arena;
	struct owner *owner;
	struct intern strings, cpus, absences;
	VEC(struct ctp_thread *) chunks;
	VEC(struct ctp_map) maps;
	VEC(struct ctp_absence *) absence; /* by their number in absences */
	VEC(struct ctp_cgroup) cgroups;
	struct ctp_host *host;
	struct ctp_sched_ext *sched_ext;
	struct ctp_probe_summary *probe_summary;
	struct ctp_parse_summary *parse_summary;
	struct ctp_taskstats_summary *taskstats_summary;
	struct ctp_cost *cost;
	uint64_t pairs; /* of maps, all together */
};

struct ctp_builder *ctp_builder_new(void)
{
	struct ctp_builder *b = xcalloc(1, sizeof(*b));

	b->arena = arena_new();
	b->owner = arena_alloc(b->arena, sizeof(*b->owner));
	b->owner->arena = b->arena;
	intern_init(&b->strings, b->arena);
	intern_init(&b->cpus, b->arena);
	intern_init(&b->absences, b->arena);
	intern_add(&b->strings, "", 0);
	intern_add(&b->cpus, "", 0);
	vec_push(&b->maps, (struct ctp_map){0});
	return b;
}

/* All but what the snapshot keeps. */
static void release_tools(struct ctp_builder *b)
{
	intern_release(&b->strings);
	intern_release(&b->cpus);
	intern_release(&b->absences);
	free(b->chunks.v);
	free(b->maps.v);
	free(b->absence.v);
	free(b->cgroups.v);
	free(b);
}

void ctp_builder_free(struct ctp_builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->chunks.n; i++)
		free(b->chunks.v[i]);
	arena_free(b->arena);
	release_tools(b);
}

uint32_t ctp_build_str(struct ctp_builder *b, const char *s, size_t n)
{
	return intern_add(&b->strings, s, n);
}

uint32_t ctp_build_cpus(struct ctp_builder *b, const struct ctp_run *runs, size_t n)
{
	return intern_add(&b->cpus, runs, n * sizeof(*runs));
}

const char *ctp_build_text(struct ctp_builder *b, const char *s, size_t n)
{
	uint32_t number = intern_add(&b->strings, s, n); /* may move the list that is read then */

	return b->strings.v[number].bytes;
}

struct ctp_map ctp_build_pairs(struct ctp_builder *b, const struct ctp_pair *pairs, size_t n)
{
	struct ctp_pair *to = arena_alloc(b->arena, n * sizeof(*to));

	for (size_t i = 0; i < n; i++) {
		to[i].key = ctp_build_text(b, pairs[i].key, strlen(pairs[i].key));
		to[i].v = pairs[i].v;
	}
	b->pairs += n;
	return (struct ctp_map){.n = (uint32_t)n, .pairs = to};
}

uint32_t ctp_build_keep_map(struct ctp_builder *b, struct ctp_map map)
{
	if (map.n == 0)
		return 0;
	vec_push(&b->maps, map);
	return (uint32_t)b->maps.n - 1;
}

uint32_t ctp_build_map(struct ctp_builder *b, const struct ctp_pair *pairs, size_t n)
{
	return ctp_build_keep_map(b, ctp_build_pairs(b, pairs, n));
}

struct ctp_text_map ctp_build_texts(
	struct ctp_builder *b, const struct ctp_text_pair *pairs, size_t n)
{
	struct ctp_text_pair *to = arena_alloc(b->arena, n * sizeof(*to));

	for (size_t i = 0; i < n; i++) {
		to[i].key = ctp_build_text(b, pairs[i].key, strlen(pairs[i].key));
		to[i].text = ctp_build_text(b, pairs[i].text, strlen(pairs[i].text));
	}
	b->pairs += n;
	return (struct ctp_text_map){.present = true, .n = (uint32_t)n, .pairs = to};
}

static struct ctp_absence *new_absence(struct ctp_builder *b, const uint8_t *why)
{
	struct ctp_absence *a = arena_alloc(b->arena, sizeof(*a));

	for (unsigned f = 0; f < CTP_NFIELDS; f++)
		if (why[f] == CTP_PRESENT)
			a->present[f / 64] |= 1ULL << (f % 64);
	memcpy(a->why, why, CTP_NFIELDS);
	return a;
}

const struct ctp_absence *ctp_build_absence(
	struct ctp_builder *b, const uint8_t why[static CTP_NFIELDS])
{
	static const uint8_t nothing[CTP_NFIELDS];
	uint32_t number;

	if (memcmp(why, nothing, CTP_NFIELDS) == 0)
		return NULL;
	number = intern_add(&b->absences, why, CTP_NFIELDS);
	if (number == b->absence.n)
		vec_push(&b->absence, new_absence(b, why));
	return b->absence.v[number];
}

struct ctp_thread *ctp_build_thread(struct ctp_builder *b)
{
	size_t i = b->owner->s.nthreads++;
	struct ctp_thread *t;

	if (i / CTP_CHUNK == b->chunks.n)
		vec_push(&b->chunks, xcalloc(CTP_CHUNK, sizeof(struct ctp_thread)));
	t = &b->chunks.v[i / CTP_CHUNK][i % CTP_CHUNK];
	t->v[CTP_state] = '~';
	return t;
}

void ctp_build_drop_thread(struct ctp_builder *b)
{
	size_t i = --b->owner->s.nthreads;

	b->chunks.v[i / CTP_CHUNK][i % CTP_CHUNK] = (struct ctp_thread){0};
}

struct ctp_cgroup *ctp_build_cgroup(struct ctp_builder *b, const char *path, size_t n)
{
	/* cpu_period_us of a cgroup without limits, kernel/sched/core.c */
	vec_push(&b->cgroups,
		(struct ctp_cgroup){.path = ctp_build_text(b, path, n), .max_period_us = 100000});
	return &b->cgroups.v[b->cgroups.n - 1];
}

struct ctp_snapshot *ctp_build_top(struct ctp_builder *b)
{
	return &b->owner->s;
}

void *ctp_build_zeroed(struct ctp_builder *b, size_t size)
{
	return arena_alloc(b->arena, size);
}

#define OBJECT(name)                                                                               \
	struct ctp_##name *ctp_build_##name(struct ctp_builder *b)                                 \
	{                                                                                          \
		if (!b->name)                                                                      \
			b->owner->s.name = b->name = arena_alloc(b->arena, sizeof(*b->name));      \
		return b->name;                                                                    \
	}

OBJECT(host)
OBJECT(sched_ext)
OBJECT(probe_summary)
OBJECT(parse_summary)
OBJECT(taskstats_summary)
OBJECT(cost)

uint64_t ctp_build_held(const struct ctp_builder *b)
{
	return b->strings.held + b->cpus.held + b->absence.n * sizeof(struct ctp_absence) +
	       b->pairs * sizeof(struct ctp_text_pair) + b->maps.n * sizeof(struct ctp_map) +
	       b->chunks.n * CTP_CHUNK * sizeof(struct ctp_thread) +
	       b->cgroups.n * sizeof(struct ctp_cgroup);
}

static void finish_strings(struct ctp_builder *b, struct ctp_snapshot *s)
{
	const char **strings = arena_alloc(b->arena, b->strings.n * sizeof(*strings));

	for (size_t i = 0; i < b->strings.n; i++)
		strings[i] = b->strings.v[i].bytes;
	s->strings = strings;
	s->nstrings = b->strings.n;
}

static void finish_cpus(struct ctp_builder *b, struct ctp_snapshot *s)
{
	struct ctp_cpus *cpus = arena_alloc(b->arena, b->cpus.n * sizeof(*cpus));

	for (size_t i = 0; i < b->cpus.n; i++) {
		cpus[i].runs = b->cpus.v[i].bytes;
		cpus[i].nruns = (uint32_t)(b->cpus.v[i].n / sizeof(struct ctp_run));
		for (uint32_t k = 0; k < cpus[i].nruns; k++)
			cpus[i].count += cpus[i].runs[k].hi - cpus[i].runs[k].lo + 1;
	}
	s->cpus = cpus;
	s->ncpus = b->cpus.n;
}

static void *copied(struct ctp_builder *b, const void *v, size_t n, size_t size)
{
	void *to = arena_alloc(b->arena, n * size);

	if (n)
		memcpy(to, v, n * size);
	return to;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct ctp_cgroup *)a)->path, ((const struct ctp_cgroup *)b)->path);
}

struct ctp_snapshot *ctp_build_finish(struct ctp_builder *b)
{
	struct ctp_snapshot *s = &b->owner->s;

	finish_strings(b, s);
	finish_cpus(b, s);
	s->maps = copied(b, b->maps.v, b->maps.n, sizeof(*b->maps.v));
	s->nmaps = b->maps.n;
	if (b->cgroups.n)
		qsort(b->cgroups.v, b->cgroups.n, sizeof(*b->cgroups.v), by_path);
	s->cgroups = copied(b, b->cgroups.v, b->cgroups.n, sizeof(*b->cgroups.v));
	s->ncgroups = b->cgroups.n;
	b->owner->chunks = copied(b, b->chunks.v, b->chunks.n, sizeof(*b->chunks.v));
	b->owner->nchunks = b->chunks.n;
	s->chunks = b->owner->chunks;
	release_tools(b);
	return s;
}

void ctp_free(const struct ctp_snapshot *s)
{
	const struct owner *o;

	if (!s)
		return;
	o = (const struct owner *)((const char *)s - offsetof(struct owner, s));
	for (size_t i = 0; i < o->nchunks; i++)
		free(o->chunks[i]);
	arena_free(o->arena);
}
