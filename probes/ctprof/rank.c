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

/* By the change in proportion; what began at nothing goes before everything that did not. */
static double default_rank(const struct ctp_matched *p, enum ctp_metric m)
{
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);

	if (c.has_pct)
		return fabs(c.pct);
	return c.has_delta ? fabs(c.delta) * 1e9 : -INFINITY;
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

/* The place of each pair. */
static uint32_t *pair_places(const struct ctp_diff *d, const struct ctp_view *v)
{
	cleanup_free double *keys = xcalloc(d->npairs * v->nsort + 1, sizeof(*keys));
	cleanup_free uint32_t *numbers = NULL;
	uint32_t *places = xcalloc(d->npairs + 1, sizeof(*places));

	for (size_t i = 0; i < d->npairs; i++) {
		for (size_t k = 0; k < v->nsort; k++) {
			struct ctp_change c = ctp_change(d->pairs[i].side[CTP_BASE],
				d->pairs[i].side[CTP_CAND], v->sort[k].metric);

			keys[i * v->nsort + k] = sort_value(&v->sort[k], c.has_delta, c.delta);
		}
	}
	numbers = sorted_numbers(keys, d->npairs, v->nsort);
	for (size_t i = 0; i < d->npairs; i++)
		places[numbers[i]] = (uint32_t)i;
	return places;
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
	cleanup_free uint32_t *places = v->nsort ? pair_places(d, v) : NULL;
	struct ctp_rows rows = {0};
	uint32_t metrics[CTP_NMETRICS];
	size_t nmetrics = 0;

	for (unsigned m = from; m < to; m++)
		if (ctp_view_shows(v, m))
			metrics[nmetrics++] = m;
	rows.v = xcalloc(d->npairs * nmetrics + 1, sizeof(*rows.v));
	for (uint32_t i = 0; i < d->npairs; i++)
		for (size_t k = 0; k < nmetrics; k++)
			rows.v[rows.n++] =
				(struct ctp_row){places ? -(double)places[i]
							: default_rank(&d->pairs[i], metrics[k]),
					i, metrics[k]};
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
