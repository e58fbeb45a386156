#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/cells.h"
#include "probes/ctprof/exits.h"
#include "probes/ctprof/export_parts.h"
#include "src/table/cell.h"

static void field(struct str *out, const char *text)
{
	str_addc(out, ',');
	csv_field(out, text);
}

static void count(struct str *out, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	field(out, text);
}

/* Absent is empty. */
static void real(struct str *out, bool has, double v)
{
	char text[40] = "";

	if (has)
		snprintf(text, sizeof(text), "%.17g", v);
	field(out, text);
}

/* Numbers as they are; ranges, words and CPU lists as the tables have them. */
static void value(struct str *out, const struct ctp_sums *s, enum ctp_metric m)
{
	cleanup_str struct str cell = STR_INIT;
	double v = 0;

	if (m >= CTP_NPRIMARY) {
		bool has = ctp_sums_number(s, m, &v);

		real(out, has, v);
		return;
	}
	if (!ctp_sums_has(s, m)) {
		field(out, "");
	} else if (ctp_metrics[m].rule == CTP_RULE_SUM || ctp_metrics[m].rule == CTP_RULE_MAX) {
		count(out, s->v[m]);
	} else {
		ctp_cell_value(&cell, s, m);
		field(out, str_get(&cell));
	}
}

static void key_headers(struct str *out, enum ctp_axis axis)
{
	if (axis != CTP_BY_ALL) {
		csv_field(out, "group");
		return;
	}
	csv_field(out, "cgroup");
	field(out, "pcomm");
	field(out, "comm");
}

static void key_fields(struct str *out, const struct ctp_key *k, enum ctp_axis axis)
{
	csv_field(out, k->part[0]);
	for (int i = 1; axis == CTP_BY_ALL && i < 3; i++)
		field(out, k->part[i]);
}

static void headers(struct str *out, enum ctp_axis axis, const char *const *names, size_t n)
{
	key_headers(out, axis);
	for (size_t i = 0; i < n; i++)
		field(out, names[i]);
	str_addc(out, '\n');
}

static void metric_fields(struct str *out, enum ctp_metric m)
{
	field(out, ctp_metrics[m].name);
	field(out, ctp_sections[ctp_metrics[m].section].name);
	field(out, ctp_metric_unit(m));
}

static void noise_fields(struct str *out, const struct ctp_diff *d, const struct ctp_noise *n,
	const struct ctp_matched *p, enum ctp_metric m)
{
	if (!n)
		return;
	real(out, true, ctp_noise_floor(n, d, &p->key, m));
	field(out, ctp_noise_beyond(n, &p->key, m) ? "true" : "false");
}

static void compare_row(struct str *out, const struct ctp_diff *d, const struct ctp_export *x,
	const struct ctp_row *r, const struct ctp_survival *s)
{
	const struct ctp_matched *p = &d->pairs[r->pair];
	const struct ctp_sums *a = p->side[CTP_BASE], *b = p->side[CTP_CAND];
	struct ctp_change c = ctp_change(a, b, r->metric);
	double rate = 0;
	bool has_rate = ctp_has_rate(d, r->metric, &c, &rate);

	key_fields(out, &p->key, d->groups->naming.axis);
	metric_fields(out, r->metric);
	value(out, a, r->metric);
	value(out, b, r->metric);
	real(out, c.has_delta, c.delta);
	real(out, c.has_pct, c.pct);
	real(out, has_rate, rate);
	count(out, a->threads);
	count(out, b->threads);
	count(out, s->survived);
	count(out, s->gone);
	count(out, s->born);
	real(out, true, (double)p->lifetime / (double)d->longest);
	noise_fields(out, d, x->noise, p, r->metric);
	str_addc(out, '\n');
}

void ctp_csv_compare(const struct ctp_diff *d, const struct ctp_export *x, struct str *out)
{
	static const char *const names[] = {"metric", "section", "unit", "baseline", "candidate",
		"delta", "ratio", "per_second", "baseline_threads", "candidate_threads", "survived",
		"gone", "born", "uptime", "noise", "beyond_noise"};
	cleanup_free struct ctp_survival *s = xcalloc(d->npairs + 1, sizeof(*s));
	size_t n = ARRAY_LEN(names) - (x->noise ? 0 : 2);

	headers(out, d->groups->naming.axis, names, n);
	for (size_t i = 0; i < d->npairs; i++)
		s[i] = ctp_survivors(d, d->pairs[i].side[CTP_BASE], d->pairs[i].side[CTP_CAND]);
	for (int derived = 0; derived < 2; derived++) {
		struct ctp_rows rows = ctp_rank(d, x->view, derived, 0);

		for (size_t i = 0; i < rows.n; i++)
			compare_row(out, d, x, &rows.v[i], &s[rows.v[i].pair]);
		free(rows.v);
	}
	if (x->exits)
		ctp_exits_csv(x->exits, d->groups->naming.axis == CTP_BY_ALL ? 3 : 1,
			n - 5, /* what stands behind the candidate's value */
			out);
}

void ctp_csv_show(struct ctp_groups *g, const struct ctp_export *x, struct str *out)
{
	static const char *const names[] = {"metric", "section", "unit", "value", "threads"};
	cleanup_free uint32_t *order = ctp_rank_groups(g, x->view);

	headers(out, g->naming.axis, names, ARRAY_LEN(names));
	for (size_t i = 0; i < g->n; i++) {
		const struct ctp_group *group = &g->v[order[i]];

		for (unsigned m = 0; m < CTP_NMETRICS; m++) {
			if (!ctp_view_shows(x->view, m))
				continue;
			key_fields(out, &group->key, g->naming.axis);
			metric_fields(out, m);
			value(out, group->side[CTP_BASE], m);
			count(out, group->side[CTP_BASE]->threads);
			str_addc(out, '\n');
		}
	}
}
