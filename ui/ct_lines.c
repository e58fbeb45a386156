/* What stands in which line of the profile pane. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/text.h"
#include "ui/ct_view.h"

enum { MOST_THREADS = 200 }; /* of an opened row */

const char *const ct_filter_names[] = {"group", "metric", "section"};

bool ct_is_open(const struct ct_view *w, uint32_t pair, uint32_t metric)
{
	for (size_t i = 0; i < w->opened.n; i++)
		if (w->opened.v[i].pair == pair && w->opened.v[i].metric == metric)
			return true;
	return false;
}

void ct_open(struct ct_view *w, uint32_t pair, uint32_t metric, bool open)
{
	if (open && !ct_is_open(w, pair, metric))
		vec_push(&w->opened, (struct ct_opened){pair, metric});
	for (size_t i = 0; !open && i < w->opened.n; i++)
		if (w->opened.v[i].pair == pair && w->opened.v[i].metric == metric)
			w->opened.v[i] = w->opened.v[--w->opened.n];
}

/* ---- threads of a row ------------------------------------------------------------------------ */

struct moved {
	uint32_t thread[CTP_SIDES];
	double by; /* how much the metric changed, either way */
};

static double thread_number(const struct ctp_snapshot *s, uint32_t number, unsigned m)
{
	int f = ctp_metrics[m].field;

	return number == UINT32_MAX || f < 0 ? 0 : (double)ctp_thread_at(s, number)->v[f];
}

static int by_change(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;

	if (x->by != y->by)
		return x->by > y->by ? -1 : 1;
	return memcmp(x->thread, y->thread, sizeof(x->thread));
}

/* Threads of both sides: those that stayed once, those that went and came. Heap. */
static struct moved *moved_threads(
	const struct ct_view *w, const struct ctp_matched *p, unsigned m, size_t *n)
{
	const struct ctp_sums *a = p->side[CTP_BASE], *b = p->side[CTP_CAND];
	cleanup_free uint32_t *match = ctp_match_threads(w->diff, a, b);
	cleanup_free bool *met = xcalloc(w->diff->snap[CTP_CAND]->nthreads + 1, sizeof(*met));
	struct moved *v = xcalloc(a->threads + b->threads + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < a->threads; i++) {
		v[(*n)++] = (struct moved){.thread = {a->members[i], match[i]}};
		if (match[i] != UINT32_MAX)
			met[match[i]] = true;
	}
	for (size_t i = 0; i < b->threads; i++)
		if (!met[b->members[i]])
			v[(*n)++] = (struct moved){.thread = {UINT32_MAX, b->members[i]}};
	for (size_t i = 0; i < *n; i++)
		v[i].by = fabs(thread_number(w->diff->snap[CTP_CAND], v[i].thread[CTP_CAND], m) -
			       thread_number(w->diff->snap[CTP_BASE], v[i].thread[CTP_BASE], m));
	qsort(v, *n, sizeof(*v), by_change);
	return v;
}

static void thread_lines(struct ct_view *w, uint32_t pair, uint32_t metric)
{
	size_t n;
	cleanup_free struct moved *v = moved_threads(w, &w->diff->pairs[pair], metric, &n);

	for (size_t i = 0; i < n && i < MOST_THREADS; i++)
		vec_push(&w->lines,
			(struct ct_line){.kind = CT_THREAD,
				.pair = pair,
				.metric = metric,
				.thread = {v[i].thread[CTP_BASE], v[i].thread[CTP_CAND]}});
	if (n > MOST_THREADS)
		vec_push(&w->lines, (struct ct_line){.kind = CT_MORE,
					    .pair = pair,
					    .metric = metric,
					    .n = n - MOST_THREADS});
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void group_text(const struct ct_view *w, const struct ctp_key *k, struct str *out)
{
	ctp_key_text(k, w->naming.axis, out);
}

static bool filter_row(const struct ct_view *w, const struct ctp_key *k, unsigned metric)
{
	cleanup_str struct str group = STR_INIT;
	struct filter_column columns[CT_FILTER_NAMES];

	if (!w->filter)
		return true;
	group_text(w, k, &group);
	columns[0] = (struct filter_column){ct_filter_names[0], str_get(&group)};
	columns[1] = (struct filter_column){ct_filter_names[1], ctp_metrics[metric].name};
	columns[2] = (struct filter_column){
		ct_filter_names[2], ctp_sections[ctp_metrics[metric].section].name};
	return filter_lets(w->filter, columns, CT_FILTER_NAMES);
}

static bool wanted(const struct ct_view *w, const struct ctp_row *r)
{
	const struct ctp_matched *p = &w->diff->pairs[r->pair];
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], r->metric);

	if (w->which == CT_CHANGED && !(c.has_delta && c.delta != 0))
		return false;
	if (w->which == CT_BEYOND && !ctp_noise_beyond(w->noise, &p->key, r->metric))
		return false;
	return filter_row(w, &p->key, r->metric);
}

/* What a row is ranked by in this order; larger first. */
static double rank(const struct ct_view *w, const struct ctp_row *r)
{
	const struct ctp_matched *p = &w->diff->pairs[r->pair];
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], r->metric);
	double v = 0;

	switch (w->order) {
	case CT_BY_DELTA:
		return c.has_delta ? fabs(c.delta) : -INFINITY;
	case CT_BY_A:
	case CT_BY_B:
		return ctp_sums_number(
			       p->side[w->order == CT_BY_A ? CTP_BASE : CTP_CAND], r->metric, &v)
			       ? v
			       : -INFINITY;
	case CT_BY_NAME:
		return -(double)r->pair;
	default:
		return r->rank;
	}
}

static int by_rank(const void *a, const void *b)
{
	const struct ctp_row *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->pair != y->pair)
		return x->pair < y->pair ? -1 : 1;
	return x->metric < y->metric ? -1 : x->metric > y->metric;
}

/* Keeps the rows that are shown, in the order that was asked for. */
static void choose(struct ct_view *w, struct ctp_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (wanted(w, &rows->v[i]))
			rows->v[n++] = rows->v[i];
	rows->n = n;
	for (size_t i = 0; i < n; i++)
		rows->v[i].rank = rank(w, &rows->v[i]);
	qsort(rows->v, n, sizeof(*rows->v), by_rank);
	for (size_t i = 0; w->inverted && i < n / 2; i++) {
		struct ctp_row swap = rows->v[i];

		rows->v[i] = rows->v[n - 1 - i];
		rows->v[n - 1 - i] = swap;
	}
}

static void row_lines(struct ct_view *w, bool derived)
{
	struct ctp_view view = w->view;
	struct ctp_rows rows;

	view.order = w->order == CT_BY_TIME ? CTP_ORDER_TIME : CTP_ORDER_PERCENT;
	rows = ctp_rank(w->diff, &view, derived, 0);
	choose(w, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const struct ctp_row *r = &rows.v[i];

		w->nrows++;
		w->nbeyond += w->noise &&
			      ctp_noise_beyond(w->noise, &w->diff->pairs[r->pair].key, r->metric);
		vec_push(&w->lines,
			(struct ct_line){.kind = CT_ROW, .pair = r->pair, .metric = r->metric});
		if (ct_is_open(w, r->pair, r->metric))
			thread_lines(w, r->pair, r->metric);
	}
	free(rows.v);
}

static void only_lines(struct ct_view *w)
{
	for (int i = CTP_SIDES - 1; i >= 0 && w->which != CT_BEYOND; i--)
		for (size_t k = 0; k < w->diff->nonly[i]; k++)
			if (filter_row(w, &w->diff->only[i][k]->key, CTM_run_time_ns))
				vec_push(&w->lines, (struct ct_line){.kind = CT_ONLY,
							    .side = (unsigned)i,
							    .n = k,
							    .metric = CTM_run_time_ns});
}

/* ---- tables that are no metrics -------------------------------------------------------------- */

static bool has_metrics(const struct ct_view *w)
{
	return ctp_view_has(&w->view, CTP_SEC_PRIMARY) ||
	       ctp_view_has(&w->view, CTP_SEC_TASKSTATS_DELAY) ||
	       ctp_view_has(&w->view, CTP_SEC_DERIVED);
}

static void text_lines(struct ct_view *w)
{
	struct ctp_text_options o = {.view = &w->view};
	cleanup_str struct str all = STR_INIT;
	char *line, *rest;

	str_clear(&w->text);
	ctp_text_compare(w->diff, &o, &all);
	rest = all.s;
	while ((line = strsep(&rest, "\n"))) {
		struct ct_line l = {.kind = CT_TEXT, .n = w->text.len};
		size_t n = strlen(line);

		while (n && line[n - 1] == ' ')
			n--;
		if (strstr(line, "group(s) only in"))
			break; /* they have lines of their own */
		str_append(&w->text, line, n);
		str_append(&w->text, "", 1);
		vec_push(&w->lines, l);
	}
}

void ct_lines(struct ct_view *w)
{
	w->lines.n = 0;
	w->nrows = w->nbeyond = 0;
	if (!w->diff)
		return;
	if (has_metrics(w)) {
		row_lines(w, false);
		row_lines(w, true);
		only_lines(w);
	} else {
		text_lines(w);
	}
	if (w->cursor >= w->lines.n)
		w->cursor = w->lines.n ? w->lines.n - 1 : 0;
}

bool ct_line_matches(const struct ct_view *w, const struct ct_line *l, const char *text)
{
	cleanup_str struct str line = STR_INIT;

	if (l->kind == CT_TEXT) {
		return strcasestr(w->text.s + l->n, text) != NULL;
	} else if (l->kind == CT_ROW) {
		group_text(w, &w->diff->pairs[l->pair].key, &line);
		str_printf(&line, " %s", ctp_metrics[l->metric].name);
	} else if (l->kind == CT_ONLY) {
		group_text(w, &w->diff->only[l->side][l->n]->key, &line);
	}
	return strcasestr(str_get(&line), text) != NULL;
}
