#include "probes/ctprof/diff.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/fudge.h"
#include "src/base/str.h"

/* The start of the newest thread stands for the time of the capture. */
static uint64_t newest_start(const struct ctp_snapshot *s)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < s->nthreads; i++) {
		uint64_t start = ctp_thread_at(s, i)->v[CTP_start_time_clock_ticks];

		newest = start > newest ? start : newest;
	}
	return newest;
}

static uint64_t lifetime(uint64_t now, const struct ctp_sums *s)
{
	return now > s->mean_start ? now - s->mean_start : 0;
}

static const char *last_segment(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct ctp_matched joined(struct arena *arena, const struct ctp_join *j, uint64_t now)
{
	struct ctp_matched p = {.key = j->base->key, .fudged = true};
	const struct ctp_sums *merged = j->cands[0]->side[CTP_CAND];
	unsigned __int128 lifetimes = lifetime(now, merged);

	for (size_t i = 1; i < j->ncands; i++) {
		const struct ctp_sums *next = j->cands[i]->side[CTP_CAND];

		lifetimes += lifetime(now, next);
		merged = ctp_sums_merge(arena, merged, next);
	}
	p.side[CTP_BASE] = j->base->side[CTP_BASE];
	p.side[CTP_CAND] = merged;
	p.mark = last_segment(p.key.part[0]);
	p.lifetime = (uint64_t)(lifetimes / j->ncands);
	return p;
}

static int by_key(const void *a, const void *b)
{
	return ctp_key_compare(
		&((const struct ctp_matched *)a)->key, &((const struct ctp_matched *)b)->key);
}

/* Groups of one side that no join took. */
static void list_unmatched(struct ctp_diff *d, const struct ctp_joins *joins)
{
	struct ctp_groups *g = d->groups;
	cleanup_free bool *taken = xcalloc(g->n + 1, sizeof(*taken));

	for (size_t i = 0; i < joins->v.n; i++) {
		taken[joins->v.v[i].base - g->v] = true;
		for (size_t k = 0; k < joins->v.v[i].ncands; k++) {
			taken[joins->v.v[i].cands[k] - g->v] = true;
			map_add(&d->renamed, joins->v.v[i].cands[k]->key.part[0], NULL);
		}
	}
	for (int side = 0; side < CTP_SIDES; side++) {
		d->only[side] = arena_alloc(g->arena, (g->n + 1) * sizeof(*d->only[side]));
		for (size_t i = 0; i < g->n; i++)
			if (g->v[i].side[side] && !g->v[i].side[!side] && !taken[i])
				d->only[side][d->nonly[side]++] = &g->v[i];
	}
}

static void make_pairs(struct ctp_diff *d, const struct ctp_joins *joins)
{
	struct ctp_groups *g = d->groups;
	uint64_t now = newest_start(d->snap[CTP_CAND]);

	d->pairs = arena_alloc(g->arena, (g->n + 1) * sizeof(*d->pairs));
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].side[CTP_BASE] && g->v[i].side[CTP_CAND])
			d->pairs[d->npairs++] = (struct ctp_matched){.key = g->v[i].key,
				.side = {g->v[i].side[CTP_BASE], g->v[i].side[CTP_CAND]},
				.lifetime = lifetime(now, g->v[i].side[CTP_CAND])};
	for (size_t i = 0; i < joins->v.n; i++)
		d->pairs[d->npairs++] = joined(g->arena, &joins->v.v[i], now);
	qsort(d->pairs, d->npairs, sizeof(*d->pairs), by_key);
	d->longest = 1;
	for (size_t i = 0; i < d->npairs; i++)
		if (d->pairs[i].lifetime > d->longest)
			d->longest = d->pairs[i].lifetime;
}

static bool has_unmatched(const struct ctp_groups *g, int side)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].side[side] && !g->v[i].side[!side])
			return true;
	return false;
}

static int64_t window(const struct ctp_snapshot *a, const struct ctp_snapshot *b)
{
	uint64_t from = a->captured_at_unix_ns, to = b->captured_at_unix_ns;

	if (!from || !to || from > INT64_MAX || to > INT64_MAX)
		return 0;
	return (int64_t)to - (int64_t)from;
}

struct ctp_diff *ctp_diff(
	const struct ctp_snapshot *a, const struct ctp_snapshot *b, const struct ctp_naming *naming)
{
	struct ctp_diff *d = xcalloc(1, sizeof(*d));
	struct ctp_joins joins = {0};

	d->snap[CTP_BASE] = a;
	d->snap[CTP_CAND] = b;
	d->window_ns = window(a, b);
	d->groups = ctp_group(a, b, naming, &d->warnings);
	if (naming->axis == CTP_BY_ALL && has_unmatched(d->groups, CTP_BASE) &&
		has_unmatched(d->groups, CTP_CAND))
		ctp_fudge(d, &joins);
	make_pairs(d, &joins);
	list_unmatched(d, &joins);
	ctp_joins_release(&joins);
	return d;
}

void ctp_diff_free(struct ctp_diff *d)
{
	if (!d)
		return;
	ctp_groups_free(d->groups);
	map_release(&d->renamed);
	strv_release(&d->warnings);
	free(d);
}

struct ctp_change ctp_change(const struct ctp_sums *a, const struct ctp_sums *b, enum ctp_metric m)
{
	struct ctp_change c = {0};
	double from, to;

	if (!ctp_sums_number(a, m, &from) || !ctp_sums_number(b, m, &to))
		return c;
	c.has_delta = true;
	c.delta = to - from;
	c.has_pct = fabs(from) > DBL_EPSILON && !ctp_metric_is_ratio(m);
	if (c.has_pct)
		c.pct = c.delta / from;
	return c;
}

const char *ctp_diff_renamed(const struct ctp_diff *d, const char *cgroup)
{
	const struct ctp_fudge *best = NULL;
	size_t best_n = 0;

	if (!map_has(&d->renamed, cgroup))
		return cgroup;
	for (size_t i = 0; i < d->nfudges; i++) {
		const char *root = d->fudges[i].root[CTP_CAND];
		size_t n = strlen(root);

		if (strncmp(cgroup, root, n) != 0 || (cgroup[n] && cgroup[n] != '/') || n <= best_n)
			continue;
		best = &d->fudges[i];
		best_n = n;
	}
	return best ? arena_printf(d->groups->arena, "%s%s", best->root[CTP_BASE], cgroup + best_n)
		    : cgroup;
}

/* ---- threads that are there on both sides ---------------------------------------------------- */

/* Position of a thread in a snapshot's order of (tgid, tid). */
static int by_number(const struct ctp_thread *a, const struct ctp_thread *b)
{
	if (a->v[CTP_tgid] != b->v[CTP_tgid])
		return a->v[CTP_tgid] < b->v[CTP_tgid] ? -1 : 1;
	return a->v[CTP_tid] < b->v[CTP_tid] ? -1 : a->v[CTP_tid] > b->v[CTP_tid];
}

struct ordered {
	const struct ctp_thread *t;
	uint32_t number;
};

static int ordered_by_number(const void *a, const void *b)
{
	return by_number(((const struct ordered *)a)->t, ((const struct ordered *)b)->t);
}

static struct ordered *in_order(const struct ctp_snapshot *snap, const struct ctp_sums *s)
{
	struct ordered *v = xcalloc(s->threads + 1, sizeof(*v));

	for (size_t i = 0; i < s->threads; i++)
		v[i] = (struct ordered){ctp_thread_at(snap, s->members[i]), s->members[i]};
	qsort(v, s->threads, sizeof(*v), ordered_by_number);
	return v;
}

uint32_t *ctp_match_threads(
	const struct ctp_diff *d, const struct ctp_sums *a, const struct ctp_sums *b)
{
	cleanup_free struct ordered *to = in_order(d->snap[CTP_CAND], b);
	uint32_t *match = xcalloc(a->threads + 1, sizeof(*match));

	for (size_t i = 0; i < a->threads; i++) {
		struct ordered key = {.t = ctp_thread_at(d->snap[CTP_BASE], a->members[i])};
		struct ordered *hit = bsearch(&key, to, b->threads, sizeof(*to), ordered_by_number);

		match[i] = hit && hit->t->v[CTP_start_time_clock_ticks] ==
						   key.t->v[CTP_start_time_clock_ticks]
				   ? hit->number
				   : UINT32_MAX;
	}
	return match;
}

struct ctp_survival ctp_survivors(
	const struct ctp_diff *d, const struct ctp_sums *a, const struct ctp_sums *b)
{
	struct ctp_survival s = {0};
	uint32_t *match;

	if (!a || !b)
		return (struct ctp_survival){
			.gone = a ? a->threads : 0, .born = b ? b->threads : 0};
	match = ctp_match_threads(d, a, b);
	for (size_t i = 0; i < a->threads; i++)
		s.survived += match[i] != UINT32_MAX;
	free(match);
	s.gone = a->threads - s.survived;
	s.born = b->threads > s.survived ? b->threads - s.survived : 0;
	return s;
}
