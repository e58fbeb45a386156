#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/cells.h"
#include "probes/ctprof/exits.h"
#include "probes/ctprof/export.h"
#include "probes/ctprof/export_parts.h"
#include "probes/ctprof/hostdiff.h"
#include "probes/ctprof/shape.h"

/* ---- values ---------------------------------------------------------------------------------- */

static void json_range(struct json_out *j, const struct ctp_sums *s, enum ctp_metric m)
{
	json_object(j);
	json_key(j, "min");
	json_i64(j, (int64_t)s->v[m]);
	json_key(j, "max");
	json_i64(j, s->hi[ctp_range_slot(m)]);
	json_object_end(j);
}

static void json_mode(struct json_out *j, const struct ctp_mode *mode)
{
	json_object(j);
	json_key_str(j, "value", mode->n ? mode->tallies[mode->top].value : NULL);
	json_key_u64(j, "count", mode->n ? mode->tallies[mode->top].count : 0);
	json_key_u64(j, "total", mode->total);
	json_object_end(j);
}

static void json_cpus(struct json_out *j, const struct ctp_sums *s)
{
	json_object(j);
	json_key_u64(j, "min", s->v[CTM_cpu_affinity]);
	json_key_u64(j, "max", (uint64_t)s->hi[ctp_range_slot(CTM_cpu_affinity)]);
	json_key(j, "runs");
	if (s->same) {
		json_array(j);
		for (uint32_t i = 0; i < s->same->nruns; i++) {
			json_array(j);
			json_u64(j, s->same->runs[i].lo);
			json_u64(j, s->same->runs[i].hi);
			json_array_end(j);
		}
		json_array_end(j);
	} else {
		json_null(j);
	}
	json_object_end(j);
}

/* Whole numbers are written whole. */
static void put_number(struct json_out *j, double v)
{
	if (v == trunc(v) && fabs(v) < 0x1p63)
		json_i64(j, (int64_t)v);
	else
		json_real(j, v);
}

static void json_value(struct json_out *j, const struct ctp_sums *s, enum ctp_metric m)
{
	double v;

	if (m >= CTP_NPRIMARY) {
		if (ctp_sums_number(s, m, &v))
			put_number(j, v);
		else
			json_null(j);
	} else if (!ctp_sums_has(s, m)) {
		json_null(j);
	} else if (ctp_metrics[m].rule == CTP_RULE_RANGE) {
		json_range(j, s, m);
	} else if (ctp_metrics[m].rule == CTP_RULE_MODE) {
		json_mode(j, &s->modes[ctp_mode_slot(m)]);
	} else if (ctp_metrics[m].rule == CTP_RULE_CPUS) {
		json_cpus(j, s);
	} else {
		json_u64(j, s->v[m]);
	}
}

static void json_key_value(
	struct json_out *j, const char *key, const struct ctp_sums *s, enum ctp_metric m)
{
	json_key(j, key);
	json_value(j, s, m);
}

static void json_number(struct json_out *j, const char *key, bool has, double v)
{
	json_key(j, key);
	if (has)
		put_number(j, v);
	else
		json_null(j);
}

/* The reason of a value that is not there, as the word that files have for it. */
static const char *why_word(
	const struct ctp_snapshot *snap, const struct ctp_sums *s, enum ctp_metric m)
{
	return m < CTP_NPRIMARY && s ? ctp_why_word(ctp_group_why(snap, s, m)) : NULL;
}

static void json_why(struct json_out *j, const char *key[CTP_SIDES], const char *why[CTP_SIDES])
{
	if (!why[CTP_BASE] && !why[CTP_CAND])
		return;
	json_key(j, "_why");
	json_object(j);
	for (int side = 0; side < CTP_SIDES; side++)
		if (why[side])
			json_key_str(j, key[side], why[side]);
	json_object_end(j);
}

static void json_group_key(struct json_out *j, const struct ctp_key *k, enum ctp_axis axis)
{
	if (axis != CTP_BY_ALL) {
		json_key_str(j, "group", k->part[0]);
		return;
	}
	json_key_str(j, "cgroup", k->part[0]);
	json_key_str(j, "pcomm", k->part[1]);
	json_key_str(j, "comm", k->part[2]);
}

static void json_metric(struct json_out *j, enum ctp_metric m)
{
	json_key_str(j, "metric", ctp_metrics[m].name);
	json_key_str(j, "section", ctp_sections[ctp_metrics[m].section].name);
	json_key_str(j, "unit", ctp_metric_unit(m));
}

/* ---- parts of a comparison ------------------------------------------------------------------- */

static void json_side(
	struct json_out *j, const char *key, const struct ctp_snapshot *s, const char *path)
{
	json_key(j, key);
	json_object(j);
	json_key_str(j, "path", path);
	json_key_u64(j, "captured_at_unix_ns", s->captured_at_unix_ns);
	json_key_u64(j, "threads", s->nthreads);
	json_object_end(j);
}

static void json_hosts(struct json_out *j, const struct ctp_diff *d)
{
	struct ctp_host_changes c = {0};

	ctp_host_changes(d->snap[CTP_BASE], d->snap[CTP_CAND], &c);
	json_key(j, "host_differences");
	json_object(j);
	for (size_t i = 0; i < c.v.n; i++) {
		json_key(j, c.v.v[i].key);
		json_array(j);
		json_str(j, c.v.v[i].side[CTP_BASE]);
		json_str(j, c.v.v[i].side[CTP_CAND]);
		json_array_end(j);
	}
	json_object_end(j);
	ctp_host_changes_release(&c);
}

static void json_groups(struct json_out *j, const struct ctp_diff *d)
{
	json_key(j, "groups");
	json_array(j);
	for (size_t i = 0; i < d->npairs; i++) {
		const struct ctp_matched *p = &d->pairs[i];
		struct ctp_survival s = ctp_survivors(d, p->side[CTP_BASE], p->side[CTP_CAND]);

		json_object(j);
		json_group_key(j, &p->key, d->groups->naming.axis);
		json_key_u64(j, "baseline_threads", p->side[CTP_BASE]->threads);
		json_key_u64(j, "candidate_threads", p->side[CTP_CAND]->threads);
		json_key_u64(j, "survived", s.survived);
		json_key_u64(j, "gone", s.gone);
		json_key_u64(j, "born", s.born);
		json_key_bool(j, "fudged", p->fudged);
		json_number(j, "uptime", true, (double)p->lifetime / (double)d->longest);
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_noise(struct json_out *j, const struct ctp_diff *d, const struct ctp_noise *n,
	const struct ctp_matched *p, enum ctp_metric m)
{
	if (!n)
		return;
	json_number(j, "noise", true, ctp_noise_floor(n, d, &p->key, m));
	json_key_bool(j, "beyond_noise", ctp_noise_beyond(n, &p->key, m));
}

static void json_row(struct json_out *j, const struct ctp_diff *d, const struct ctp_export *x,
	const struct ctp_row *r)
{
	const struct ctp_matched *p = &d->pairs[r->pair];
	const struct ctp_sums *a = p->side[CTP_BASE], *b = p->side[CTP_CAND];
	struct ctp_change c = ctp_change(a, b, r->metric);
	const char *keys[] = {"baseline", "candidate"};
	const char *why[] = {why_word(d->snap[CTP_BASE], a, r->metric),
		why_word(d->snap[CTP_CAND], b, r->metric)};
	double rate = 0;
	bool has_rate = ctp_has_rate(d, r->metric, &c, &rate);

	json_object(j);
	json_group_key(j, &p->key, d->groups->naming.axis);
	json_metric(j, r->metric);
	json_key_value(j, "baseline", a, r->metric);
	json_key_value(j, "candidate", b, r->metric);
	json_number(j, "delta", c.has_delta, c.delta);
	json_number(j, "ratio", c.has_pct, c.pct);
	json_number(j, "per_second", has_rate, rate);
	json_noise(j, d, x->noise, p, r->metric);
	json_why(j, keys, why);
	json_object_end(j);
}

static void json_rows(
	struct json_out *j, const struct ctp_diff *d, const struct ctp_export *x, bool derived)
{
	struct ctp_rows rows = ctp_rank(d, x->view, derived, 0);

	json_key(j, derived ? "derived" : "primary");
	json_array(j);
	for (size_t i = 0; i < rows.n; i++)
		json_row(j, d, x, &rows.v[i]);
	json_array_end(j);
	free(rows.v);
}

static void json_only(struct json_out *j, const struct ctp_diff *d, unsigned side, const char *key)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < d->nonly[side]; i++) {
		json_object(j);
		json_group_key(j, &d->only[side][i]->key, d->groups->naming.axis);
		json_key_u64(j, "threads", d->only[side][i]->side[side]->threads);
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_texts(struct json_out *j, const char *key, const char *const *v, size_t n)
{
	json_key(j, key);
	json_array(j);
	for (size_t i = 0; i < n; i++)
		json_str(j, v[i]);
	json_array_end(j);
}

static void json_fudges(struct json_out *j, const struct ctp_diff *d)
{
	json_key(j, "fudged");
	json_array(j);
	for (size_t i = 0; i < d->nfudges; i++) {
		const struct ctp_fudge *f = &d->fudges[i];

		json_object(j);
		json_key_str(j, "baseline", f->path[CTP_BASE]);
		json_key_str(j, "candidate", f->path[CTP_CAND]);
		json_key_str(j, "baseline_root", f->root[CTP_BASE]);
		json_key_str(j, "candidate_root", f->root[CTP_CAND]);
		json_key_u64(j, "overlap", f->overlap);
		json_number(j, "jaccard", true, f->jaccard);
		json_key_u64(j, "cascaded_children", f->cascaded);
		json_texts(j, "baseline_residual", f->residual[CTP_BASE], f->nresidual[CTP_BASE]);
		json_texts(j, "candidate_residual", f->residual[CTP_CAND], f->nresidual[CTP_CAND]);
		json_object_end(j);
	}
	json_array_end(j);
}

/* ---- the whole ------------------------------------------------------------------------------- */

void ctp_json_compare(const struct ctp_diff *d, const struct ctp_export *x, struct json_out *j)
{
	json_object(j);
	json_side(j, "baseline", d->snap[CTP_BASE], x->path[CTP_BASE]);
	json_side(j, "candidate", d->snap[CTP_CAND], x->path[CTP_CAND]);
	json_key(j, "window_ns");
	if (d->window_ns)
		json_i64(j, d->window_ns);
	else
		json_null(j);
	json_key_str(j, "group_by", ctp_axis_names[d->groups->naming.axis]);
	json_hosts(j, d);
	if (x->exits)
		ctp_exits_json(x->exits, j);
	json_groups(j, d);
	json_rows(j, d, x, false);
	json_rows(j, d, x, true);
	ctp_json_secondary(j, d->groups, d, x->view);
	json_fudges(j, d);
	json_only(j, d, CTP_BASE, "only_in_baseline");
	json_only(j, d, CTP_CAND, "only_in_candidate");
	json_object_end(j);
}

static void json_show_row(struct json_out *j, const struct ctp_groups *g,
	const struct ctp_group *group, enum ctp_metric m)
{
	const struct ctp_sums *s = group->side[CTP_BASE];
	const char *keys[] = {"value", ""};
	const char *why[] = {why_word(g->snap[CTP_BASE], s, m), NULL};

	json_object(j);
	json_group_key(j, &group->key, g->naming.axis);
	json_key_u64(j, "threads", s->threads);
	json_metric(j, m);
	json_key_value(j, "value", s, m);
	json_why(j, keys, why);
	json_object_end(j);
}

static void json_show_rows(struct json_out *j, const struct ctp_groups *g, const struct ctp_view *v,
	const uint32_t *order, bool derived)
{
	json_key(j, derived ? "derived" : "primary");
	json_array(j);
	for (size_t i = 0; i < g->n; i++)
		for (unsigned m = derived ? CTP_NPRIMARY : 0;
			m < (derived ? (unsigned)CTP_NMETRICS : (unsigned)CTP_NPRIMARY); m++)
			if (ctp_view_shows(v, m))
				json_show_row(j, g, &g->v[order[i]], m);
	json_array_end(j);
}

void ctp_json_show(struct ctp_groups *g, const struct ctp_export *x, struct json_out *j)
{
	cleanup_free uint32_t *order = ctp_rank_groups(g, x->view);

	json_object(j);
	json_side(j, "snapshot", g->snap[CTP_BASE], x->path[CTP_BASE]);
	json_key_str(j, "group_by", ctp_axis_names[g->naming.axis]);
	if (g->snap[CTP_BASE]->host) {
		json_key(j, "host");
		ctp_write_shape(j, &ctp_shape_host, g->snap[CTP_BASE]->host);
	}
	json_show_rows(j, g, x->view, order, false);
	json_show_rows(j, g, x->view, order, true);
	ctp_json_secondary(j, g, NULL, x->view);
	json_object_end(j);
}
