/* Which thread belongs to which group. */
#include "probes/ctprof/group.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/namer.h"
#include "probes/ctprof/sums.h"
#include "src/base/str.h"

const char *const ctp_axis_names[CTP_NAXES + 1] = {
	[CTP_BY_PCOMM] = "pcomm",
	[CTP_BY_CGROUP] = "cgroup",
	[CTP_BY_COMM] = "comm",
	[CTP_BY_COMM_EXACT] = "comm-exact",
	[CTP_BY_ALL] = "all",
};

const char *ctp_axis_header(enum ctp_axis a)
{
	static const char *const headers[CTP_NAXES] = {
		"pcomm", "cgroup", "comm-pattern", "comm", "comm"};

	return headers[a];
}

int ctp_key_compare(const struct ctp_key *a, const struct ctp_key *b)
{
	for (int i = 0; i < 3; i++) {
		int by = a->part[i] == b->part[i] ? 0 : strcmp(a->part[i], b->part[i]);

		if (by)
			return by;
	}
	return 0;
}

/* What the strings of one snapshot are called; filled in as they are met. */
struct side_names {
	struct ctp_name **pattern, **literal, **cgroup; /* by number of the string */
};

/* A key before it is a group: three names. */
struct triple {
	struct ctp_name *name[3];
};

struct grouping {
	struct ctp_groups *g;
	struct ctp_namer *namer;
	struct side_names names[CTP_SIDES];
	struct ctp_name *empty;
	VEC(struct triple) keys; /* of the groups so far */
	uint32_t *slots;	 /* hash table: number of a group + 1, 0 = free */
	size_t nslots;		 /* a power of two */
};

static struct ctp_name *thread_name(struct grouping *w, int side, uint64_t number, bool pattern)
{
	struct side_names *names = &w->names[side];
	struct ctp_name **at = pattern ? &names->pattern[number] : &names->literal[number];

	if (!*at) {
		const char *s = w->g->snap[side]->strings[number];

		*at = pattern ? ctp_namer_pattern(w->namer, s) : ctp_namer_literal(w->namer, s);
	}
	return *at;
}

static struct ctp_name *cgroup_name(struct grouping *w, int side, uint64_t number)
{
	struct ctp_name **at = &w->names[side].cgroup[number];

	if (!*at)
		*at = ctp_namer_cgroup(w->namer, w->g->snap[side]->strings[number]);
	return *at;
}

/* The name that the axis takes where a pattern must be shared to be used. */
static int shared_field(const struct ctp_naming *n)
{
	if (n->literal_threads)
		return -1;
	return n->axis == CTP_BY_PCOMM ? CTP_pcomm : n->axis == CTP_BY_COMM ? CTP_comm : -1;
}

static bool kept(const struct grouping *w, int side, size_t i)
{
	return !w->g->naming.keep[side] || w->g->naming.keep[side][i];
}

/* How many threads of both snapshots have each pattern. */
static void count_patterns(struct grouping *w, int field)
{
	for (int side = 0; side < CTP_SIDES; side++) {
		const struct ctp_snapshot *s = w->g->snap[side];

		for (size_t i = 0; s && i < s->nthreads; i++)
			if (kept(w, side, i))
				thread_name(w, side, ctp_thread_at(s, i)->v[field], true)
					->threads++;
	}
}

static struct ctp_name *shared_or_literal(struct grouping *w, int side, uint64_t number)
{
	struct ctp_name *pattern;

	if (w->g->naming.literal_threads)
		return thread_name(w, side, number, false);
	pattern = thread_name(w, side, number, true);
	return pattern->threads >= 2 ? pattern : thread_name(w, side, number, false);
}

static struct triple key_of(struct grouping *w, int side, const struct ctp_thread *t)
{
	bool pattern = !w->g->naming.literal_threads;
	struct triple k = {{w->empty, w->empty, w->empty}};

	switch (w->g->naming.axis) {
	case CTP_BY_PCOMM:
		k.name[0] = shared_or_literal(w, side, t->v[CTP_pcomm]);
		break;
	case CTP_BY_COMM:
		k.name[0] = shared_or_literal(w, side, t->v[CTP_comm]);
		break;
	case CTP_BY_COMM_EXACT:
		k.name[0] = thread_name(w, side, t->v[CTP_comm], false);
		break;
	case CTP_BY_CGROUP:
		k.name[0] = cgroup_name(w, side, t->v[CTP_cgroup]);
		break;
	default:
		k.name[0] = cgroup_name(w, side, t->v[CTP_cgroup]);
		k.name[1] = thread_name(w, side, t->v[CTP_pcomm], pattern);
		k.name[2] = thread_name(w, side, t->v[CTP_comm], pattern);
	}
	return k;
}

static uint64_t hash(const struct triple *k)
{
	uint64_t h = 0;

	for (int i = 0; i < 3; i++)
		h = (h ^ (uint64_t)(uintptr_t)k->name[i] >> 4) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static uint32_t *slot_of(const struct grouping *w, const struct triple *k)
{
	size_t i = hash(k) & (w->nslots - 1);

	while (w->slots[i] && memcmp(&w->keys.v[w->slots[i] - 1], k, sizeof(*k)) != 0)
		i = (i + 1) & (w->nslots - 1);
	return &w->slots[i];
}

static void grow(struct grouping *w)
{
	w->nslots = w->nslots ? w->nslots * 2 : 256;
	free(w->slots);
	w->slots = xcalloc(w->nslots, sizeof(*w->slots));
	for (size_t i = 0; i < w->keys.n; i++)
		*slot_of(w, &w->keys.v[i]) = (uint32_t)i + 1;
}

static uint32_t group_number(struct grouping *w, struct triple k)
{
	uint32_t *slot;

	if (w->keys.n * 2 >= w->nslots)
		grow(w);
	slot = slot_of(w, &k);
	if (!*slot) {
		vec_push(&w->keys, k);
		*slot = (uint32_t)w->keys.n;
	}
	return *slot - 1;
}

static void assign(struct grouping *w, int side)
{
	const struct ctp_snapshot *s = w->g->snap[side];
	uint32_t *of = arena_alloc(w->g->arena, (s->nthreads + 1) * sizeof(*of));

	for (size_t i = 0; i < s->nthreads; i++)
		of[i] = kept(w, side, i) ? group_number(w, key_of(w, side, ctp_thread_at(s, i)))
					 : CTP_NO_GROUP;
	w->g->group_of[side] = of;
}

/* ---- in the order of their keys -------------------------------------------------------------- */

struct numbered {
	struct ctp_key key;
	uint32_t was;
};

static int by_key(const void *a, const void *b)
{
	return ctp_key_compare(
		&((const struct numbered *)a)->key, &((const struct numbered *)b)->key);
}

static void sort_groups(struct grouping *w)
{
	struct ctp_groups *g = w->g;
	cleanup_free struct numbered *order = xcalloc(w->keys.n + 1, sizeof(*order));
	cleanup_free uint32_t *now = xcalloc(w->keys.n + 1, sizeof(*now));

	for (size_t i = 0; i < w->keys.n; i++) {
		order[i].was = (uint32_t)i;
		for (int p = 0; p < 3; p++)
			order[i].key.part[p] = w->keys.v[i].name[p]->s;
	}
	qsort(order, w->keys.n, sizeof(*order), by_key);
	g->n = w->keys.n;
	g->v = arena_alloc(g->arena, (g->n + 1) * sizeof(*g->v));
	for (size_t i = 0; i < g->n; i++) {
		now[order[i].was] = (uint32_t)i;
		g->v[i].key = order[i].key;
	}
	for (int side = 0; side < CTP_SIDES; side++)
		for (size_t i = 0; g->snap[side] && i < g->snap[side]->nthreads; i++)
			if (g->group_of[side][i] != CTP_NO_GROUP)
				g->group_of[side][i] = now[g->group_of[side][i]];
}

/* Threads group by group, in their order within each. first[n] is the number of all. */
static void list_members(struct ctp_groups *g, int side, size_t *first)
{
	size_t nthreads = g->snap[side]->nthreads;
	uint32_t *members = arena_alloc(g->arena, (nthreads + 1) * sizeof(*members));

	for (size_t i = 0; i < nthreads; i++)
		if (g->group_of[side][i] != CTP_NO_GROUP)
			first[g->group_of[side][i] + 1]++;
	for (size_t i = 0; i < g->n; i++)
		first[i + 1] += first[i];
	for (size_t i = 0; i < nthreads; i++)
		if (g->group_of[side][i] != CTP_NO_GROUP)
			members[first[g->group_of[side][i]]++] = (uint32_t)i;
	memmove(first + 1, first, g->n * sizeof(*first));
	first[0] = 0;
	g->members[side] = members;
}

static void add_up(struct ctp_groups *g, int side)
{
	cleanup_free size_t *first = xcalloc(g->n + 2, sizeof(*first));

	list_members(g, side, first);
	for (size_t i = 0; i < g->n; i++)
		if (first[i + 1] > first[i])
			g->v[i].side[side] =
				ctp_sums_of(g, (unsigned)side, first[i], first[i + 1] - first[i]);
}

static void names_init(struct side_names *n, const struct ctp_snapshot *s)
{
	n->pattern = xcalloc(s->nstrings + 1, sizeof(struct ctp_name *));
	n->literal = xcalloc(s->nstrings + 1, sizeof(struct ctp_name *));
	n->cgroup = xcalloc(s->nstrings + 1, sizeof(struct ctp_name *));
}

/* Every cgroup of a side once. */
static void learn_cgroups(struct ctp_namer *namer, const struct ctp_snapshot *s)
{
	cleanup_free bool *seen = xcalloc(s->nstrings + 1, sizeof(*seen));

	for (size_t i = 0; i < s->nthreads; i++) {
		uint64_t number = ctp_thread_at(s, i)->v[CTP_cgroup];

		if (!seen[number])
			ctp_namer_learn(namer, s->strings[number]);
		seen[number] = true;
	}
	for (size_t i = 0; i < s->ncgroups; i++)
		ctp_namer_learn(namer, s->cgroups[i].path);
}

static void grouping_release(struct grouping *w)
{
	for (int side = 0; side < CTP_SIDES; side++) {
		free(w->names[side].pattern);
		free(w->names[side].literal);
		free(w->names[side].cgroup);
	}
	free(w->keys.v);
	free(w->slots);
}

struct ctp_groups *ctp_group(const struct ctp_snapshot *a, const struct ctp_snapshot *b,
	const struct ctp_naming *naming, struct strv *warnings)
{
	struct ctp_groups *g = xcalloc(1, sizeof(*g));
	struct grouping w = {.g = g, .namer = ctp_namer_new(naming, warnings)};
	int sides = b ? 2 : 1;

	*g = (struct ctp_groups){
		.arena = arena_new(), .naming = *naming, .namer = w.namer, .snap = {a, b}};
	g->naming.flatten = NULL; /* the namer has its own */
	w.empty = ctp_namer_literal(w.namer, "");
	for (int side = 0; side < sides; side++)
		names_init(&w.names[side], g->snap[side]);
	for (int side = 0; side < sides && naming->tight; side++)
		learn_cgroups(w.namer, g->snap[side]);
	if (shared_field(naming) >= 0)
		count_patterns(&w, shared_field(naming));
	for (int side = 0; side < sides; side++)
		assign(&w, side);
	sort_groups(&w);
	for (int side = 0; side < sides; side++)
		add_up(g, side);
	g->naming.keep[CTP_BASE] = g->naming.keep[CTP_CAND] = NULL;
	grouping_release(&w);
	return g;
}

void ctp_groups_free(struct ctp_groups *g)
{
	if (!g)
		return;
	ctp_namer_free(g->namer);
	arena_free(g->arena);
	free(g);
}

const char *ctp_groups_cgroup(struct ctp_groups *g, const char *path)
{
	return ctp_namer_cgroup(g->namer, path)->s;
}

const char *ctp_groups_pattern(struct ctp_groups *g, const char *name)
{
	return ctp_namer_pattern(g->namer, name)->s;
}
