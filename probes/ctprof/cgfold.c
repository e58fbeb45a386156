#include "probes/ctprof/cgfold.h"

#include <stdlib.h>
#include <string.h>

/* What memory.stat has the present amount of rather than a count so far. */
static const char *const gauges[] = {"active_anon", "active_file", "anon", "anon_thp", "file",
	"file_dirty", "file_mapped", "file_thp", "file_writeback", "hugetlb", "inactive_anon",
	"inactive_file", "kernel", "kernel_stack", "pagetables", "percpu", "sec_pagetables",
	"shmem", "shmem_thp", "slab", "slab_reclaimable", "slab_unreclaimable", "sock",
	"swapcached", "unevictable", "vmalloc", "zswap", "zswapped"};

static int by_text(const void *key, const void *at)
{
	return strcmp(key, *(const char *const *)at);
}

static bool stat_is_gauge(const char *key)
{
	return bsearch(key, gauges, ARRAY_LEN(gauges), sizeof(gauges[0]), by_text) != NULL;
}

static bool event_is_gauge(const char *key)
{
	(void)key;
	return false;
}

static bool more_is_gauge(const char *key)
{
	return !str_starts(key, "io.stat.") && !str_starts(key, "cpu.stat.");
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* A limit that one of them lacks is lacking of both. */
static struct ctp_opt highest(struct ctp_opt a, struct ctp_opt b)
{
	return (struct ctp_opt){a.has && b.has, a.has && b.has ? most(a.v, b.v) : 0};
}

static struct ctp_opt highest_signed(struct ctp_opt a, struct ctp_opt b)
{
	return a.has && b.has && (int64_t)b.v > (int64_t)a.v ? b
	       : a.has && b.has				     ? a
							     : (struct ctp_opt){0};
}

static struct ctp_opt lowest(struct ctp_opt a, struct ctp_opt b)
{
	return (struct ctp_opt){a.has && b.has, !a.has || !b.has ? 0 : a.v < b.v ? a.v : b.v};
}

static struct ctp_opt total(struct ctp_opt a, struct ctp_opt b)
{
	return a.has && b.has ? (struct ctp_opt){true, plus(a.v, b.v)} : a.has ? a : b;
}

static struct ctp_map merge_maps(struct arena *arena, const struct ctp_map *a,
	const struct ctp_map *b, bool (*is_gauge)(const char *key))
{
	struct ctp_pair *pairs = arena_alloc(arena, (a->n + b->n + 1) * sizeof(*pairs));
	uint32_t n = 0, i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int by = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->pairs[i].key, b->pairs[k].key);

		pairs[n] = by <= 0 ? a->pairs[i++] : b->pairs[k++];
		if (by == 0) {
			uint64_t v = b->pairs[k++].v;

			pairs[n].v =
				is_gauge(pairs[n].key) ? most(pairs[n].v, v) : plus(pairs[n].v, v);
		}
		n++;
	}
	return (struct ctp_map){n, pairs};
}

static void merge_half(struct ctp_psi_half *to, const struct ctp_psi_half *b)
{
	to->avg10 = to->avg10 > b->avg10 ? to->avg10 : b->avg10;
	to->avg60 = to->avg60 > b->avg60 ? to->avg60 : b->avg60;
	to->avg300 = to->avg300 > b->avg300 ? to->avg300 : b->avg300;
	to->total_usec = plus(to->total_usec, b->total_usec);
}

static void merge(struct arena *arena, struct ctp_cgroup *to, const struct ctp_cgroup *b)
{
	to->usage_usec = plus(to->usage_usec, b->usage_usec);
	to->nr_throttled = plus(to->nr_throttled, b->nr_throttled);
	to->throttled_usec = plus(to->throttled_usec, b->throttled_usec);
	to->max_quota_us = highest(to->max_quota_us, b->max_quota_us);
	to->max_period_us = most(to->max_period_us, b->max_period_us);
	to->weight = highest(to->weight, b->weight);
	to->weight_nice = highest_signed(to->weight_nice, b->weight_nice);
	to->memory_current = most(to->memory_current, b->memory_current);
	to->memory_max = highest(to->memory_max, b->memory_max);
	to->memory_high = highest(to->memory_high, b->memory_high);
	to->memory_low = lowest(to->memory_low, b->memory_low);
	to->memory_min = lowest(to->memory_min, b->memory_min);
	to->memory_stat = merge_maps(arena, &to->memory_stat, &b->memory_stat, stat_is_gauge);
	to->memory_events =
		merge_maps(arena, &to->memory_events, &b->memory_events, event_is_gauge);
	to->more = merge_maps(arena, &to->more, &b->more, more_is_gauge);
	to->pids_current = total(to->pids_current, b->pids_current);
	to->pids_max = highest(to->pids_max, b->pids_max);
	for (int r = 0; r < CTP_NPSI; r++) {
		merge_half(&to->psi.r[r].some, &b->psi.r[r].some);
		merge_half(&to->psi.r[r].full, &b->psi.r[r].full);
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct ctp_cgroup *)a)->path, ((const struct ctp_cgroup *)b)->path);
}

struct ctp_cgroups ctp_merge_cgroups(struct ctp_groups *g, unsigned side)
{
	const struct ctp_snapshot *s = g->snap[side];
	struct ctp_cgroups out = {0};
	struct ctp_cgroup *v;

	if (!s || !s->ncgroups)
		return out;
	v = arena_alloc(g->arena, s->ncgroups * sizeof(*v));
	for (size_t i = 0; i < s->ncgroups; i++) {
		v[i] = s->cgroups[i];
		v[i].path = ctp_groups_cgroup(g, v[i].path);
	}
	qsort(v, s->ncgroups, sizeof(*v), by_path);
	for (size_t i = 0; i < s->ncgroups; i++) {
		if (out.n && strcmp(v[out.n - 1].path, v[i].path) == 0)
			merge(g->arena, &v[out.n - 1], &v[i]);
		else
			v[out.n++] = v[i];
	}
	out.v = v;
	return out;
}

struct ctp_cgroup_pairs ctp_pair_cgroups(struct ctp_groups *g)
{
	struct ctp_cgroups a = ctp_merge_cgroups(g, CTP_BASE), b = ctp_merge_cgroups(g, CTP_CAND);
	struct ctp_cgroup_pairs out = {
		.v = arena_alloc(g->arena, (a.n + b.n + 1) * sizeof(*out.v))};
	size_t i = 0, k = 0;

	while (i < a.n || k < b.n) {
		int by = i == a.n ? 1 : k == b.n ? -1 : strcmp(a.v[i].path, b.v[k].path);
		struct ctp_cgroup_pair p = {.path = by <= 0 ? a.v[i].path : b.v[k].path};

		if (by <= 0)
			p.side[CTP_BASE] = &a.v[i++];
		if (by >= 0)
			p.side[CTP_CAND] = &b.v[k++];
		out.v[out.n++] = p;
	}
	return out;
}
