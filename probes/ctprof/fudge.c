#include "probes/ctprof/fudge.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"

enum { LEAST = 10 }; /* kinds of threads that two cgroups must share */
static const double least_jaccard = 0.90;

/* A kind of thread: the patterns of its process and of itself, kept once each. */
struct kind {
	const char *pcomm, *comm;
};

/* A cgroup key, its groups (contiguous, by key) and the kinds in it, by pointer. */
struct prefix {
	const char *path;
	size_t first, n;
	bool matched, one_sided[CTP_SIDES];
	struct kind *kinds[CTP_SIDES]; /* heap */
	size_t nkinds[CTP_SIDES];
	size_t pair; /* of a candidate: its fudge */
};

struct work {
	struct ctp_diff *d;
	struct ctp_joins *joins;
	VEC(struct prefix) prefixes;
	VEC(struct ctp_fudge) fudges;
	VEC(size_t) base_of, cand_of; /* of each fudge: its prefixes */
	size_t *join_of;	      /* of each group: its join + 1 */
	bool *taken;		      /* a candidate group that was joined */
};

static int kind_order(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (x->pcomm != y->pcomm)
		return x->pcomm < y->pcomm ? -1 : 1;
	return x->comm < y->comm ? -1 : x->comm > y->comm;
}

/* What the prefix has on one side. Names in keys may be literal: kinds never are. */
static void find_kinds(struct work *w, struct prefix *p, int side)
{
	struct ctp_groups *g = w->d->groups;
	size_t n = 0, distinct = 0;
	struct kind *kinds = xcalloc(p->n + 1, sizeof(*kinds));

	for (size_t i = p->first; i < p->first + p->n; i++)
		if (g->v[i].side[side])
			kinds[n++] = (struct kind){ctp_groups_pattern(g, g->v[i].key.part[1]),
				ctp_groups_pattern(g, g->v[i].key.part[2])};
	qsort(kinds, n, sizeof(*kinds), kind_order);
	for (size_t i = 0; i < n; i++)
		if (!i || kind_order(&kinds[i], &kinds[i - 1]))
			kinds[distinct++] = kinds[i];
	p->kinds[side] = kinds;
	p->nkinds[side] = distinct;
}

static void find_prefixes(struct work *w)
{
	const struct ctp_groups *g = w->d->groups;

	for (size_t i = 0; i < g->n; i++) {
		const struct ctp_group *group = &g->v[i];
		struct prefix *p;

		if (!i || group->key.part[0] != g->v[i - 1].key.part[0])
			vec_push(&w->prefixes,
				(struct prefix){.path = group->key.part[0], .first = i});
		p = &w->prefixes.v[w->prefixes.n - 1];
		p->n++;
		p->matched |= group->side[CTP_BASE] && group->side[CTP_CAND];
		p->one_sided[CTP_BASE] |= !group->side[CTP_CAND];
		p->one_sided[CTP_CAND] |= !group->side[CTP_BASE];
	}
	for (size_t i = 0; i < w->prefixes.n; i++)
		for (int side = 0; side < CTP_SIDES; side++)
			if (w->prefixes.v[i].one_sided[side])
				find_kinds(w, &w->prefixes.v[i], side);
}

static bool eligible(const struct prefix *p, int side)
{
	return p->one_sided[side] && !p->matched && p->nkinds[side] >= LEAST;
}

static size_t shared_kinds(const struct prefix *a, const struct prefix *b)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->nkinds[CTP_BASE] && k < b->nkinds[CTP_CAND]) {
		int by = kind_order(&a->kinds[CTP_BASE][i], &b->kinds[CTP_CAND][k]);

		n += by == 0;
		i += by <= 0;
		k += by >= 0;
	}
	return n;
}

/* ---- direct pairs ---------------------------------------------------------------------------- */

/* The groups of two cgroups that hold the same threads otherwise. */
static void join(struct work *w, size_t base, size_t cand)
{
	const struct ctp_groups *g = w->d->groups;
	struct ctp_join *j;

	if (!w->join_of[base]) {
		vec_push(&w->joins->v, (struct ctp_join){.base = &g->v[base]});
		w->join_of[base] = w->joins->v.n;
	}
	j = &w->joins->v.v[w->join_of[base] - 1];
	j->cands = xreallocarray(j->cands, j->ncands + 1, sizeof(*j->cands));
	j->cands[j->ncands++] = &g->v[cand];
	w->taken[cand] = true;
}

static bool is_only(const struct ctp_group *g, int side)
{
	return g->side[side] && !g->side[!side];
}

/* Both lists are sorted by what follows the prefix. */
static void join_directly(struct work *w, const struct prefix *a, const struct prefix *b)
{
	const struct ctp_group *v = w->d->groups->v;
	size_t i = a->first, k = b->first;

	while (i < a->first + a->n && k < b->first + b->n) {
		struct ctp_key x = {{"", v[i].key.part[1], v[i].key.part[2]}};
		struct ctp_key y = {{"", v[k].key.part[1], v[k].key.part[2]}};
		int by = ctp_key_compare(&x, &y);

		if (by == 0 && is_only(&v[i], CTP_BASE) && is_only(&v[k], CTP_CAND))
			join(w, i, k);
		i += by <= 0;
		k += by >= 0;
	}
}

/* What is left of both paths without the segments that they end with alike. */
static void find_roots(struct work *w, struct ctp_fudge *f)
{
	const char *a = f->path[CTP_BASE], *b = f->path[CTP_CAND];
	size_t na = strlen(a), nb = strlen(b), cut_a = na, cut_b = nb;

	while (na && nb && a[na - 1] == b[nb - 1]) {
		na--;
		nb--;
		if (a[na] == '/') {
			cut_a = na;
			cut_b = nb;
		}
	}
	f->root[CTP_BASE] = cut_a && cut_b ? arena_strndup(w->d->groups->arena, a, cut_a) : a;
	f->root[CTP_CAND] = cut_a && cut_b ? arena_strndup(w->d->groups->arena, b, cut_b) : b;
}

static void pair(struct work *w, size_t base, size_t cand, size_t overlap, double jaccard)
{
	struct ctp_fudge f = {.overlap = overlap, .jaccard = jaccard};

	f.path[CTP_BASE] = w->prefixes.v[base].path;
	f.path[CTP_CAND] = w->prefixes.v[cand].path;
	find_roots(w, &f);
	vec_push(&w->fudges, f);
	vec_push(&w->base_of, base);
	vec_push(&w->cand_of, cand);
	join_directly(w, &w->prefixes.v[base], &w->prefixes.v[cand]);
}

/* The nearest baseline of a candidate; the first, bytewise, of several. */
static void find_pair(struct work *w, size_t cand)
{
	const struct prefix *b = &w->prefixes.v[cand];
	size_t best = SIZE_MAX, best_overlap = 0;
	double best_jaccard = 0;

	for (size_t i = 0; i < w->prefixes.n; i++) {
		const struct prefix *a = &w->prefixes.v[i];
		size_t overlap = eligible(a, CTP_BASE) ? shared_kinds(a, b) : 0;
		double jaccard = (double)overlap /
				 (double)(a->nkinds[CTP_BASE] + b->nkinds[CTP_CAND] - overlap);

		if (overlap < LEAST || jaccard < least_jaccard || jaccard <= best_jaccard)
			continue;
		best = i;
		best_overlap = overlap;
		best_jaccard = jaccard;
	}
	if (best != SIZE_MAX)
		pair(w, best, cand, best_overlap, best_jaccard);
}

/* ---- what lies below them -------------------------------------------------------------------- */

static bool below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 && (!path[n] || path[n] == '/');
}

static size_t find_group(const struct ctp_groups *g, const struct ctp_key *key)
{
	size_t lo = 0, hi = g->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ctp_key_compare(&g->v[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->n && ctp_key_compare(&g->v[lo].key, key) == 0 ? lo : SIZE_MAX;
}

static void cascade(struct work *w, struct ctp_fudge *f)
{
	const struct ctp_groups *g = w->d->groups;
	cleanup_str struct str path = STR_INIT;

	for (size_t i = 0; i < g->n; i++) {
		struct ctp_key key = g->v[i].key;
		size_t hit;

		if (!is_only(&g->v[i], CTP_CAND) || w->taken[i] ||
			!below(key.part[0], f->root[CTP_CAND]))
			continue;
		str_clear(&path);
		str_printf(
			&path, "%s%s", f->root[CTP_BASE], key.part[0] + strlen(f->root[CTP_CAND]));
		key.part[0] = str_get(&path);
		hit = find_group(g, &key);
		if (hit == SIZE_MAX || !is_only(&g->v[hit], CTP_BASE) || w->join_of[hit])
			continue;
		join(w, hit, i);
		f->cascaded++;
	}
}

/* ---- what is left over ----------------------------------------------------------------------- */

static bool has_kind(const struct prefix *p, int side, const struct kind *k)
{
	return bsearch(k, p->kinds[side], p->nkinds[side], sizeof(*k), kind_order) != NULL;
}

/* Whether any counterpart of fudge f's `side` has the kind. */
static bool counterpart_has(const struct work *w, size_t f, int side, const struct kind *k)
{
	if (side == CTP_CAND)
		return has_kind(&w->prefixes.v[w->base_of.v[f]], CTP_BASE, k);
	for (size_t i = 0; i < w->fudges.n; i++)
		if (w->base_of.v[i] == w->base_of.v[f] &&
			has_kind(&w->prefixes.v[w->cand_of.v[i]], CTP_CAND, k))
			return true;
	return false;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_residual(struct work *w, size_t f, int side)
{
	size_t number = side == CTP_BASE ? w->base_of.v[f] : w->cand_of.v[f], n = 0;
	const struct prefix *p = &w->prefixes.v[number];
	struct arena *arena = w->d->groups->arena;
	const char **left = arena_alloc(arena, (p->nkinds[side] + 1) * sizeof(*left));

	for (size_t i = 0; i < p->nkinds[side]; i++) {
		const struct kind *k = &p->kinds[side][i];

		if (!counterpart_has(w, f, side, k))
			left[n++] = arena_printf(arena, "%s:%s", k->pcomm, k->comm);
	}
	qsort(left, n, sizeof(*left), text_order);
	w->fudges.v[f].residual[side] = left;
	w->fudges.v[f].nresidual[side] = n;
}

static void hand_over(struct work *w)
{
	struct ctp_diff *d = w->d;

	d->nfudges = w->fudges.n;
	d->fudges = arena_alloc(d->groups->arena, (d->nfudges + 1) * sizeof(*d->fudges));
	if (d->nfudges)
		memcpy(d->fudges, w->fudges.v, d->nfudges * sizeof(*d->fudges));
	for (size_t i = 0; i < w->prefixes.n; i++) {
		free(w->prefixes.v[i].kinds[CTP_BASE]);
		free(w->prefixes.v[i].kinds[CTP_CAND]);
	}
	free(w->prefixes.v);
	free(w->fudges.v);
	free(w->base_of.v);
	free(w->cand_of.v);
	free(w->join_of);
	free(w->taken);
}

void ctp_fudge(struct ctp_diff *d, struct ctp_joins *joins)
{
	struct work w = {.d = d, .joins = joins};

	w.join_of = xcalloc(d->groups->n + 1, sizeof(*w.join_of));
	w.taken = xcalloc(d->groups->n + 1, sizeof(*w.taken));
	find_prefixes(&w);
	for (size_t i = 0; i < w.prefixes.n; i++)
		if (eligible(&w.prefixes.v[i], CTP_CAND))
			find_pair(&w, i);
	for (size_t i = 0; i < w.fudges.n; i++)
		cascade(&w, &w.fudges.v[i]);
	for (size_t i = 0; i < w.fudges.n; i++)
		for (int side = 0; side < CTP_SIDES; side++)
			find_residual(&w, i, side);
	hand_over(&w);
}

void ctp_joins_release(struct ctp_joins *joins)
{
	for (size_t i = 0; i < joins->v.n; i++)
		free(joins->v.v[i].cands);
	free(joins->v.v);
}
