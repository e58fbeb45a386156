/* Which rows of a comparison come first (spec 4.6). */
#include <math.h>
#include <stdlib.h>

#include "probes/ctprof/view.h"

static int by_rank(const void *a, const void *b)
{
	const struct ctp_row *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	return x->metric < y->metric ? -1 : x->metric > y->metric;
}

static struct ctp_change change_of(const struct ctp_matched *p, enum ctp_metric m)
{
	return ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);
}

/* By the change in proportion; what began at nothing goes before everything that did not. */
static double by_percent(const struct ctp_change *c)
{
	if (c->has_pct)
		return fabs(c->pct);
	return c->has_delta ? fabs(c->delta) * 1e9 : -INFINITY;
}

/* ---- by named metrics ------------------------------------------------------------------------ */

/* A group and what it is sorted by: one number a key, larger first. */
struct ranked {
	const double *keys;
	size_t nkeys;
	uint32_t number;
};

static int by_keys(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	for (size_t i = 0; i < x->nkeys; i++)
		if (x->keys[i] != y->keys[i])
			return x->keys[i] > y->keys[i] ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* What is missing comes last in both directions. */
static double sort_value(const struct ctp_sort *key, bool has, double v)
{
	if (!has)
		return -INFINITY;
	return key->ascending ? -v : v;
}

/* Numbers of n things sorted by keys[n][nsort]; heap. */
static uint32_t *sorted_numbers(const double *keys, size_t n, size_t nkeys)
{
	cleanup_free struct ranked *order = xcalloc(n + 1, sizeof(*order));
	uint32_t *numbers = xcalloc(n + 1, sizeof(*numbers));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct ranked){keys + i * nkeys, nkeys, (uint32_t)i};
	qsort(order, n, sizeof(*order), by_keys);
	for (size_t i = 0; i < n; i++)
		numbers[i] = order[i].number;
	return numbers;
}

/* The place of each pair when they are sorted by keys[npairs][nkeys]. */
static uint32_t *places_by(const struct ctp_diff *d, const double *keys, size_t nkeys)
{
	cleanup_free uint32_t *numbers = sorted_numbers(keys, d->npairs, nkeys);
	uint32_t *places = xcalloc(d->npairs + 1, sizeof(*places));

	for (size_t i = 0; i < d->npairs; i++)
		places[numbers[i]] = (uint32_t)i;
	return places;
}

static uint32_t *places_by_metrics(const struct ctp_diff *d, const struct ctp_view *v)
{
	cleanup_free double *keys = xcalloc(d->npairs * v->nsort + 1, sizeof(*keys));

	for (size_t i = 0; i < d->npairs; i++) {
		for (size_t k = 0; k < v->nsort; k++) {
			struct ctp_change c = change_of(&d->pairs[i], v->sort[k].metric);

			keys[i * v->nsort + k] = sort_value(&v->sort[k], c.has_delta, c.delta);
		}
	}
	return places_by(d, keys, v->nsort);
}

/* ---- by time --------------------------------------------------------------------------------- */

static double moved(const struct ctp_matched *p, enum ctp_metric m)
{
	struct ctp_change c = change_of(p, m);

	return c.has_delta ? fabs(c.delta) : 0;
}

/* In ns; by ticks where the kernel keeps nothing finer. */
static double time_moved(const struct ctp_matched *p)
{
	double ns = moved(p, CTM_run_time_ns) + moved(p, CTM_wait_time_ns);
	double ticks = moved(p, CTM_utime_clock_ticks) + moved(p, CTM_stime_clock_ticks);

	return ns > 0 ? ns : ticks * 1e7;
}

static uint32_t *places_by_time(const struct ctp_diff *d)
{
	cleanup_free double *keys = xcalloc(d->npairs + 1, sizeof(*keys));

	for (size_t i = 0; i < d->npairs; i++)
		keys[i] = time_moved(&d->pairs[i]);
	return places_by(d, keys, 1);
}

/* places: of the pairs, where groups are ranked and not rows. */
static double rank_of(const struct ctp_view *v, const uint32_t *places, const struct ctp_diff *d,
	uint32_t pair, unsigned m)
{
	struct ctp_change c;

	if (v->nsort)
		return -(double)places[pair];
	c = change_of(&d->pairs[pair], m);
	if (v->order == CTP_ORDER_PERCENT)
		return by_percent(&c);
	if (!c.has_delta || c.delta == 0)
		return -INFINITY;
	return v->order == CTP_ORDER_TIME ? -(double)places[pair] : fabs(c.delta);
}

/* ---- the first of many ----------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x > y ? -1 : x < y;
}

/* The rank that the place `most` has: between what surely comes before it and what may not. Works
 * in place; quickselect, which sorting all of a large profile would be ten times of. */
static double rank_at(double *v, size_t n, size_t most)
{
	size_t lo = 0, hi = n;

	while (hi - lo > 32) {
		double pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, k = hi - 1;

		for (;;) {
			while (v[i] > pivot)
				i++;
			while (v[k] < pivot)
				k--;
			if (i >= k)
				break;
			double swap = v[i];

			v[i++] = v[k];
			v[k--] = swap;
		}
		if (most <= k)
			hi = k + 1;
		else
			lo = k + 1;
	}
	qsort(v + lo, hi - lo, sizeof(*v), descending);
	return v[most];
}

/* Leaves the first `most` rows, and all of fudged groups. Rows stand in the order of ties. */
static void keep_first(const struct ctp_diff *d, struct ctp_rows *rows, size_t most)
{
	cleanup_free double *ranks = xcalloc(rows->n + 1, sizeof(*ranks));
	double last;
	size_t above = 0, n = 0;

	for (size_t i = 0; i < rows->n; i++)
		ranks[i] = rows->v[i].rank;
	last = rank_at(ranks, rows->n, most - 1);
	for (size_t i = 0; i < rows->n; i++)
		above += rows->v[i].rank > last;
	for (size_t i = 0; i < rows->n; i++) {
		const struct ctp_row *r = &rows->v[i];
		bool tie = r->rank == last && above < most;

		above += tie;
		if (r->rank > last || tie || d->pairs[r->pair].fudged)
			rows->v[n++] = *r;
	}
	rows->n = n;
}

struct ctp_rows ctp_rank(
	const struct ctp_diff *d, const struct ctp_view *v, bool derived, size_t most)
{
	unsigned from = derived ? CTP_NPRIMARY : 0, to = derived ? CTP_NMETRICS : CTP_NPRIMARY;
	cleanup_free uint32_t *places = v->nsort		     ? places_by_metrics(d, v)
					: v->order == CTP_ORDER_TIME ? places_by_time(d)
								     : NULL;
	struct ctp_rows rows = {0};
	uint32_t metrics[CTP_NMETRICS];
	size_t nmetrics = 0;

	for (unsigned m = from; m < to; m++)
		if (ctp_view_shows(v, m))
			metrics[nmetrics++] = m;
	rows.v = xcalloc(d->npairs * nmetrics + 1, sizeof(*rows.v));
	for (uint32_t i = 0; i < d->npairs; i++)
		for (size_t k = 0; k < nmetrics; k++)
			rows.v[rows.n++] = (struct ctp_row){
				rank_of(v, places, d, i, metrics[k]), i, metrics[k]};
	if (most && most < rows.n)
		keep_first(d, &rows, most);
	qsort(rows.v, rows.n, sizeof(*rows.v), by_rank);
	return rows;
}

uint32_t *ctp_rank_groups(const struct ctp_groups *g, const struct ctp_view *v)
{
	cleanup_free double *keys = xcalloc(g->n * v->nsort + 1, sizeof(*keys));

	for (size_t i = 0; i < g->n; i++) {
		for (size_t k = 0; k < v->nsort; k++) {
			double number = 0;
			bool has =
				ctp_sums_number(g->v[i].side[CTP_BASE], v->sort[k].metric, &number);

			keys[i * v->nsort + k] = sort_value(&v->sort[k], has, fabs(number));
		}
	}
	return sorted_numbers(keys, g->n, v->nsort);
}
