/* Below the list: what is known of the row that the cursor is on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/cells.h"
#include "probes/ctprof/hostdiff.h"
#include "src/base/utf8.h"
#include "ui/ct_view.h"

int ct_llc(const struct ct_view *w, uint64_t cpu)
{
	const struct topo_cpu *c =
		w->topo && cpu < CPUSET_MAX ? topo_cpu(w->topo, (unsigned)cpu) : NULL;

	return c && c->online ? (int)c->llc : -1;
}

/* ---- the threads' values --------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted values of a side's threads; heap. */
static uint64_t *values_of(
	const struct ct_view *w, const struct ctp_sums *s, unsigned side, int field)
{
	uint64_t *v = xcalloc(s->threads + 1, sizeof(*v));

	for (size_t i = 0; i < s->threads; i++)
		v[i] = ctp_thread_at(w->diff->snap[side], s->members[i])->v[field];
	qsort(v, s->threads, sizeof(*v), by_value);
	return v;
}

/* The smallest value that this share of the threads does not exceed. */
static void quantile(struct str *out, const char *name, const uint64_t *v, size_t n, double q,
	enum ctp_ladder ladder)
{
	size_t at = (size_t)ceil((double)n * q);

	str_printf(out, "  %s ", name);
	ctp_cell_u64(out, v[at ? at - 1 : 0], ladder);
}

/* "A |#####     | p50 18.1ms  p99 31ms": the bar is the median, of the larger side's maximum. */
static void distribution(const struct ct_view *w, const struct ctp_sums *s, unsigned side,
	unsigned m, uint64_t most, const struct paint *p, struct view v, int row)
{
	enum { BAR = 30 };
	int field = ctp_metrics[m].field, bar, at = 1;
	size_t middle;
	struct ui_style text = theme_style(p->theme, THEME_TEXT);
	cleanup_free uint64_t *values = values_of(w, s, side, field);
	cleanup_str struct str line = STR_INIT;

	middle = (s->threads - 1) / 2;
	bar = most ? (int)((double)values[middle] / (double)most * BAR + 0.5) : 0;
	at = view_text(v, row, at, text, side == CTP_BASE ? "A |" : "B |");
	view_fill(v, row, at, 1, bar, theme_style(p->theme, THEME_STRONG), p->glyphs->bar);
	quantile(&line, "p50", values, s->threads, 0.5, ctp_metrics[m].ladder);
	quantile(&line, "p90", values, s->threads, 0.9, ctp_metrics[m].ladder);
	quantile(&line, "p99", values, s->threads, 0.99, ctp_metrics[m].ladder);
	quantile(&line, "max", values, s->threads, 1, ctp_metrics[m].ladder);
	str_printf(&line, "  %zu thr", (size_t)s->threads);
	view_text(v, row, at + BAR, text, "|");
	view_field(v, row, at + BAR + 1, v.at.cols - at - BAR - 2, text, str_get(&line));
}

static uint64_t largest(const struct ct_view *w, const struct ctp_sums *s, unsigned side, int field)
{
	uint64_t most = 0;

	for (size_t i = 0; i < s->threads; i++) {
		uint64_t x = ctp_thread_at(w->diff->snap[side], s->members[i])->v[field];

		most = x > most ? x : most;
	}
	return most;
}

static bool has_distribution(unsigned m)
{
	return m < CTP_NPRIMARY && ctp_metrics[m].field >= 0 &&
	       (ctp_metrics[m].rule == CTP_RULE_SUM || ctp_metrics[m].rule == CTP_RULE_MAX);
}

/* ---- where the threads went ------------------------------------------------------------------ */

/* How many of the threads that stayed ran in another cache than before. */
static void moves(const struct ct_view *w, const struct ctp_matched *p, struct str *out)
{
	const struct ctp_sums *a = p->side[CTP_BASE];
	cleanup_free uint32_t *match = ctp_match_threads(w->diff, a, p->side[CTP_CAND]);
	size_t known = 0, moved = 0;

	for (size_t i = 0; i < a->threads; i++) {
		int from, to;

		if (match[i] == UINT32_MAX)
			continue;
		from = ct_llc(
			w, ctp_thread_at(w->diff->snap[CTP_BASE], a->members[i])->v[CTP_processor]);
		to = ct_llc(w, ctp_thread_at(w->diff->snap[CTP_CAND], match[i])->v[CTP_processor]);
		known += from >= 0 && to >= 0;
		moved += from >= 0 && to >= 0 && from != to;
	}
	if (known)
		str_printf(out, "   %zu of %zu on another LLC than before", moved, known);
}

static void churn(const struct ct_view *w, const struct ctp_matched *p, struct str *out)
{
	struct ctp_survival s = ctp_survivors(w->diff, p->side[CTP_BASE], p->side[CTP_CAND]);

	str_printf(out, "threads: %zu stayed, %zu new, %zu gone", (size_t)s.survived,
		(size_t)s.born, (size_t)s.gone);
	moves(w, p, out);
}

/* Why a side has no value, in words. */
static void reasons(
	const struct ct_view *w, const struct ctp_matched *p, unsigned m, struct str *out)
{
	for (unsigned side = 0; side < CTP_SIDES && m < CTP_NPRIMARY; side++) {
		enum ctp_why why = ctp_group_why(w->diff->snap[side], p->side[side], m);

		if (why != CTP_PRESENT)
			str_printf(
				out, "   %s: %s", side == CTP_BASE ? "A" : "B", ctp_why_text(why));
	}
}

static void meaning(
	const struct ct_view *w, const struct ctp_matched *p, unsigned m, struct str *out)
{
	str_printf(out, "%s", ctp_metrics[m].help);
	if (m < CTP_NPRIMARY) {
		cleanup_str struct str tags = STR_INIT;

		ctp_metric_tags(m, &tags);
		if (tags.len)
			str_printf(out, "  %s", str_get(&tags));
	}
	if (p)
		reasons(w, p, m, out);
}

static void hosts(const struct ct_view *w, struct str *out)
{
	struct ctp_host_changes c = {0};

	ctp_host_changes(w->diff->snap[CTP_BASE], w->diff->snap[CTP_CAND], &c);
	if (c.v.n) {
		str_add(out, "hosts differ: ");
		ctp_host_changes_text(&c, 4, out);
	}
	ctp_host_changes_release(&c);
}

static void rule(const struct paint *p, struct view v, const char *title)
{
	struct ui_style s = theme_style(p->theme, THEME_BORDER);
	cleanup_str struct str safe = STR_INIT;

	utf8_sanitize(&safe, title, strlen(title), false);
	view_fill(v, 0, 0, 1, v.at.cols, s, p->glyphs->h);
	view_printf(v, 0, 2, theme_style(p->theme, THEME_TITLE), " %s ", str_get(&safe));
}

static void line(
	const struct paint *p, struct view v, int row, enum theme_role role, const struct str *text)
{
	cleanup_str struct str safe = STR_INIT;

	utf8_sanitize(&safe, str_get(text), text->len, false);
	view_field(v, row, 1, v.at.cols - 2, theme_style(p->theme, role), str_get(&safe));
}

static void row_detail(
	const struct ct_view *w, const struct ct_line *l, const struct paint *p, struct view v)
{
	const struct ctp_matched *pair = &w->diff->pairs[l->pair];
	cleanup_str struct str title = STR_INIT, text = STR_INIT;
	unsigned m = l->metric;

	str_printf(&title, "%s of ", ctp_metrics[m].name);
	ct_label(w, &pair->key, &title);
	if (pair->fudged)
		str_printf(&title, " (cgroup renamed, was %s)", pair->mark);
	rule(p, v, str_get(&title));
	meaning(w, pair, m, &text);
	line(p, v, 1, THEME_TEXT, &text);
	if (has_distribution(m)) {
		uint64_t a = largest(w, pair->side[0], 0, ctp_metrics[m].field);
		uint64_t b = largest(w, pair->side[1], 1, ctp_metrics[m].field);

		for (unsigned side = 0; side < CTP_SIDES; side++)
			distribution(
				w, pair->side[side], side, m, a > b ? a : b, p, v, 2 + (int)side);
	}
	str_clear(&text);
	churn(w, pair, &text);
	line(p, v, 4, THEME_DIM, &text);
	str_clear(&text);
	hosts(w, &text);
	line(p, v, 5, THEME_DIM, &text);
	if (v.at.rows > 6)
		ct_wide(w, pair, m, p, view_sub(v, 6, 0, v.at.rows - 6, v.at.cols));
}

void ct_detail(const struct ct_view *w, const struct paint *p, struct view v)
{
	const struct ct_line *l = &w->lines.v[w->cursor];
	cleanup_str struct str text = STR_INIT;

	view_fill(v, 0, 0, v.at.rows, v.at.cols, theme_style(p->theme, THEME_TEXT), ' ');
	if (l->kind == CT_ROW || l->kind == CT_THREAD || l->kind == CT_MORE) {
		row_detail(w, l, p, v);
		return;
	}
	rule(p, v, l->kind == CT_ONLY ? "only one snapshot has it" : "this table");
	hosts(w, &text);
	line(p, v, 1, THEME_DIM, &text);
}
