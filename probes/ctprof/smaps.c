#include "probes/ctprof/smaps.h"

#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/namer.h"

/* One process of one side, under its key. */
struct entry {
	const char *cgroup, *process;
	unsigned side;
	const struct ctp_map *map;
};

struct entries {
	VEC(struct entry) v;
};

static const char *process_key(
	struct ctp_groups *g, const struct ctp_snapshot *s, const struct ctp_thread *t)
{
	const char *name = ctp_str(s, t, CTP_pcomm);

	if (g->naming.literal_threads)
		return arena_printf(g->arena, "%s[%llu]", name, (unsigned long long)t->v[CTP_tgid]);
	return ctp_groups_pattern(g, name);
}

static void collect(
	struct ctp_groups *g, const struct ctp_diff *d, unsigned side, struct entries *out)
{
	const struct ctp_snapshot *s = g->snap[side];

	for (size_t i = 0; s && i < s->nthreads; i++) {
		const struct ctp_thread *t = ctp_thread_at(s, i);
		struct entry e = {
			.cgroup = "", .side = side, .map = ctp_map(s, t, CTP_smaps_rollup_kib)};

		if (!e.map->n || g->group_of[side][i] == CTP_NO_GROUP)
			continue;
		if (g->naming.axis == CTP_BY_ALL)
			e.cgroup = ctp_groups_cgroup(g, ctp_str(s, t, CTP_cgroup));
		if (d && side == CTP_CAND && *e.cgroup)
			e.cgroup = ctp_diff_renamed(d, e.cgroup);
		e.process = process_key(g, s, t);
		vec_push(&out->v, e);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int by = strcmp(x->cgroup, y->cgroup);

	by = by ? by : strcmp(x->process, y->process);
	return by ? by : x->side < y->side ? -1 : x->side > y->side;
}

static struct ctp_map sum_maps(
	struct arena *arena, const struct ctp_map *a, const struct ctp_map *b)
{
	struct ctp_pair *pairs = arena_alloc(arena, (a->n + b->n + 1) * sizeof(*pairs));
	uint32_t n = 0, i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int by = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->pairs[i].key, b->pairs[k].key);

		pairs[n] = by <= 0 ? a->pairs[i++] : b->pairs[k++];
		if (by == 0 && __builtin_add_overflow(pairs[n].v, b->pairs[k++].v, &pairs[n].v))
			pairs[n].v = UINT64_MAX;
		n++;
	}
	return (struct ctp_map){n, pairs};
}

struct ctp_smaps_list ctp_smaps(struct ctp_groups *g, const struct ctp_diff *d)
{
	struct entries entries = {0};
	struct ctp_smaps_list out = {0};

	collect(g, d, CTP_BASE, &entries);
	collect(g, d, CTP_CAND, &entries);
	if (entries.v.n)
		qsort(entries.v.v, entries.v.n, sizeof(*entries.v.v), by_key);
	out.v = arena_alloc(g->arena, (entries.v.n + 1) * sizeof(*out.v));
	for (size_t i = 0; i < entries.v.n; i++) {
		const struct entry *e = &entries.v.v[i];
		struct ctp_smaps *s = out.n ? &out.v[out.n - 1] : NULL;

		if (!s || strcmp(s->cgroup, e->cgroup) != 0 ||
			strcmp(s->process, e->process) != 0) {
			s = &out.v[out.n++];
			s->cgroup = e->cgroup;
			s->process = e->process;
		}
		s->side[e->side] =
			s->has[e->side] ? sum_maps(g->arena, &s->side[e->side], e->map) : *e->map;
		s->has[e->side] = true;
	}
	free(entries.v.v);
	return out;
}

static int pair_order(const void *key, const void *at)
{
	return strcmp(key, ((const struct ctp_pair *)at)->key);
}

struct ctp_opt ctp_smaps_bytes(const struct ctp_smaps *s, unsigned side, const char *kind)
{
	const struct ctp_map *m = &s->side[side];
	const struct ctp_pair *p =
		m->n ? bsearch(kind, m->pairs, m->n, sizeof(*m->pairs), pair_order) : NULL;
	uint64_t bytes;

	if (!p)
		return (struct ctp_opt){0};
	if (__builtin_mul_overflow(p->v, 1024, &bytes))
		bytes = UINT64_MAX;
	return (struct ctp_opt){true, bytes};
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t size(const struct ctp_smaps *s, unsigned side, const char *kind)
{
	return ctp_smaps_bytes(s, side, kind).v;
}

/* Larger first. */
static int descending(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

static int by_name(const struct ctp_smaps *x, const struct ctp_smaps *y)
{
	int by = strcmp(x->cgroup, y->cgroup);

	return by ? by : strcmp(x->process, y->process);
}

static int by_change(const void *a, const void *b)
{
	const struct ctp_smaps *x = a, *y = b;
	uint64_t x0 = size(x, CTP_BASE, "Rss"), x1 = size(x, CTP_CAND, "Rss");
	uint64_t y0 = size(y, CTP_BASE, "Rss"), y1 = size(y, CTP_CAND, "Rss");
	int by = descending(distance(x0, x1), distance(y0, y1));

	by = by ? by : descending(x0 > x1 ? x0 : x1, y0 > y1 ? y0 : y1);
	return by ? by : by_name(x, y);
}

static int by_size(const void *a, const void *b)
{
	int by = descending(size(a, CTP_BASE, "Rss"), size(b, CTP_BASE, "Rss"));

	by = by ? by : descending(size(a, CTP_BASE, "Pss"), size(b, CTP_BASE, "Pss"));
	return by ? by : by_name(a, b);
}

void ctp_smaps_rank_change(struct ctp_smaps_list *l)
{
	qsort(l->v, l->n, sizeof(*l->v), by_change);
}

void ctp_smaps_rank_size(struct ctp_smaps_list *l)
{
	qsort(l->v, l->n, sizeof(*l->v), by_size);
}
