/* Where there is room: how the threads' values are spread, and between which caches threads moved.
 */
#include <stdlib.h>

#include "probes/ctprof/cells.h"
#include "ui/ct_view.h"

enum { BUCKETS = 7, LLCS = 6, LABEL = 13, CELL = 7, LEFT = 58 };

/* ---- spread ---------------------------------------------------------------------------------- */

/* Each bucket reaches twice as far as the one before, the last to the largest value. */
static uint64_t bound(uint64_t most, int bucket)
{
	return most >> (BUCKETS - 1 - bucket);
}

static uint64_t thread_value(
	const struct ct_view *w, const struct ctp_sums *s, unsigned side, size_t i, unsigned m)
{
	return ctp_thread_at(w->diff->snap[side], s->members[i])->v[ctp_metrics[m].field];
}

static uint64_t largest(const struct ct_view *w, const struct ctp_matched *p, unsigned m)
{
	uint64_t most = 0;

	for (unsigned side = 0; side < CTP_SIDES; side++) {
		for (size_t i = 0; i < p->side[side]->threads; i++) {
			uint64_t v = thread_value(w, p->side[side], side, i, m);

			most = v > most ? v : most;
		}
	}
	return most;
}

static void count(const struct ct_view *w, const struct ctp_sums *s, unsigned side, unsigned m,
	uint64_t most, size_t out[BUCKETS])
{
	for (size_t i = 0; i < s->threads; i++) {
		uint64_t v = thread_value(w, s, side, i, m);
		int b = 0;

		while (b < BUCKETS - 1 && v > bound(most, b))
			b++;
		out[b]++;
	}
}

static void bar(
	const struct paint *p, struct view v, int row, int col, int width, size_t n, size_t most)
{
	int len = most ? (int)(((double)n * width + (double)most - 1) / (double)most) : 0;

	view_fill(v, row, col, 1, len, theme_style(p->theme, THEME_STRONG), p->glyphs->bar);
	if (n)
		view_printf(v, row, col + len + 1, theme_style(p->theme, THEME_DIM), "%zu", n);
}

static void spread(const struct ct_view *w, const struct ctp_matched *pair, unsigned m,
	const struct paint *p, struct view v)
{
	struct ui_style dim = theme_style(p->theme, THEME_DIM);
	int width = (v.at.cols - LABEL - 2) / 2, bars = width - 7;
	size_t n[CTP_SIDES][BUCKETS] = {{0}}, tallest = 0;
	uint64_t most = largest(w, pair, m);

	for (unsigned side = 0; side < CTP_SIDES; side++)
		count(w, pair->side[side], side, m, most, n[side]);
	for (int b = 0; b < 2 * BUCKETS; b++)
		tallest = n[b / BUCKETS][b % BUCKETS] > tallest ? n[b / BUCKETS][b % BUCKETS]
								: tallest;
	view_text(v, 0, 1, dim, "threads up to");
	for (unsigned side = 0; side < CTP_SIDES; side++)
		view_text(v, 0, LABEL + 3 + (int)side * width, dim, side == CTP_BASE ? "A" : "B");
	for (int b = 0; b < BUCKETS && b + 1 < v.at.rows; b++) {
		cleanup_str struct str label = STR_INIT;

		ctp_cell_u64(&label, bound(most, b), ctp_metrics[m].ladder);
		view_printf(v, b + 1, 1, dim, "%*s", LABEL, str_get(&label));
		for (unsigned side = 0; side < CTP_SIDES; side++)
			bar(p, v, b + 1, LABEL + 3 + (int)side * width, bars, n[side][b], tallest);
	}
}

/* ---- moves ----------------------------------------------------------------------------------- */

struct moves {
	double weight[LLCS][LLCS], row[LLCS];
};

static int llc_of(const struct ct_view *w, unsigned side, uint32_t number)
{
	int llc = ct_llc(w, ctp_thread_at(w->diff->snap[side], number)->v[CTP_processor]);

	return llc < LLCS ? llc : -1;
}

/* A thread counts by what it ran in between; where none ran or that is not known, all alike. */
static double ran(const struct ct_view *w, uint32_t a, uint32_t b)
{
	uint64_t from = ctp_thread_at(w->diff->snap[CTP_BASE], a)->v[CTP_run_time_ns];
	uint64_t to = ctp_thread_at(w->diff->snap[CTP_CAND], b)->v[CTP_run_time_ns];

	return to > from ? (double)(to - from) : 1;
}

static void gather(const struct ct_view *w, const struct ctp_matched *p, struct moves *out)
{
	const struct ctp_sums *a = p->side[CTP_BASE];
	cleanup_free uint32_t *match = ctp_match_threads(w->diff, a, p->side[CTP_CAND]);

	for (size_t i = 0; i < a->threads; i++) {
		int from, to;

		if (match[i] == UINT32_MAX)
			continue;
		from = llc_of(w, CTP_BASE, a->members[i]);
		to = llc_of(w, CTP_CAND, match[i]);
		if (from < 0 || to < 0)
			continue;
		out->weight[from][to] += ran(w, a->members[i], match[i]);
		out->row[from] += ran(w, a->members[i], match[i]);
	}
}

static void matrix_row(
	const struct moves *m, int from, int n, const struct paint *p, struct view v, int row)
{
	struct ui_style dim = theme_style(p->theme, THEME_DIM);
	struct ui_style stay = theme_style(p->theme, THEME_TEXT);
	struct ui_style move = theme_style(p->theme, THEME_STRONG);

	view_printf(v, row, 1, dim, "LLC%-3d", from);
	if (m->row[from] <= 0) {
		view_text(v, row, 8, dim, "no thread");
		return;
	}
	for (int to = 0; to < n; to++) {
		double share = m->weight[from][to] / m->row[from] * 100;

		if (share > 0)
			view_printf(
				v, row, 7 + CELL * to, from == to ? stay : move, "%5.0f%%", share);
		else
			view_printf(v, row, 7 + CELL * to, dim, "%6s", CTP_ABSENT);
	}
}

static void matrix(const struct ct_view *w, const struct ctp_matched *pair, const struct paint *p,
	struct view v)
{
	struct ui_style dim = theme_style(p->theme, THEME_DIM);
	int n = w->topo->nllcs < LLCS ? (int)w->topo->nllcs : LLCS;
	struct moves m = {0};

	gather(w, pair, &m);
	view_printf(v, 0, 1, dim, "LLC of last CPU, A (row) to B (column), by run time%s",
		n < (int)w->topo->nllcs ? " ..." : "");
	for (int i = 0; i < n; i++) {
		view_printf(v, 1, 9 + CELL * i, dim, "LLC%d", i);
		matrix_row(&m, i, n, p, v, i + 2);
	}
}

void ct_wide(const struct ct_view *w, const struct ctp_matched *pair, unsigned m,
	const struct paint *p, struct view v)
{
	bool llcs = w->topo && w->topo->nllcs > 1 && v.at.cols > LEFT + 40;
	int left = llcs ? LEFT : v.at.cols;

	if (m < CTP_NPRIMARY && ctp_metrics[m].field >= 0 &&
		(ctp_metrics[m].rule == CTP_RULE_SUM || ctp_metrics[m].rule == CTP_RULE_MAX))
		spread(w, pair, m, p, view_sub(v, 0, 0, v.at.rows, left));
	if (llcs)
		matrix(w, pair, p, view_sub(v, 0, left, v.at.rows, v.at.cols - left));
}
