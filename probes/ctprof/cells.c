#include "probes/ctprof/cells.h"

#include <inttypes.h>
#include <string.h>

#include "src/base/clock.h"

static void cell_range(struct str *out, const struct ctp_sums *s, enum ctp_metric m)
{
	int64_t lo = (int64_t)s->v[m], hi = s->hi[ctp_range_slot(m)];

	if (lo == hi)
		str_printf(out, "%" PRId64, lo);
	else
		str_printf(out, "%" PRId64 "..%" PRId64, lo, hi);
}

static void cell_mode(struct str *out, const struct ctp_mode *mode)
{
	const struct ctp_tally *top = &mode->tallies[mode->top];

	if (!mode->n)
		str_add(out, "~ (0/0)");
	else if (top->count == mode->total)
		str_add(out, top->value);
	else
		str_printf(
			out, "%s (%" PRIu64 "/%" PRIu64 ")", top->value, top->count, mode->total);
}

static void cell_cpus(struct str *out, const struct ctp_sums *s)
{
	uint64_t lo = s->v[CTM_cpu_affinity];
	uint64_t hi = (uint64_t)s->hi[ctp_range_slot(CTM_cpu_affinity)];

	str_printf(out, "%" PRIu64, lo);
	if (!s->same) {
		if (lo != hi)
			str_printf(out, "-%" PRIu64, hi);
		str_add(out, " cpus (mixed)");
		return;
	}
	str_add(out, " cpus (");
	for (uint32_t i = 0; i < s->same->nruns; i++) {
		const struct ctp_run *r = &s->same->runs[i];

		str_printf(out, r->lo == r->hi ? "%s%u" : "%s%u-%u", i ? "," : "", r->lo, r->hi);
	}
	str_addc(out, ')');
}

static void cell_derived(struct str *out, const struct ctp_sums *s, enum ctp_metric m)
{
	double v;

	if (!ctp_sums_number(s, m, &v))
		str_add(out, CTP_ABSENT);
	else if (ctp_metric_is_ratio(m))
		ctp_cell_ratio(out, v);
	else
		ctp_cell_real(out, v, ctp_metrics[m].ladder);
}

void ctp_cell_value(struct str *out, const struct ctp_sums *s, enum ctp_metric m)
{
	if (m >= CTP_NPRIMARY) {
		cell_derived(out, s, m);
		return;
	}
	if (!ctp_sums_has(s, m)) {
		str_add(out, CTP_ABSENT);
		return;
	}
	switch (ctp_metrics[m].rule) {
	case CTP_RULE_RANGE:
		cell_range(out, s, m);
		break;
	case CTP_RULE_MODE:
		cell_mode(out, &s->modes[ctp_mode_slot(m)]);
		break;
	case CTP_RULE_CPUS:
		cell_cpus(out, s);
		break;
	default:
		ctp_cell_u64(out, s->v[m], ctp_metrics[m].ladder);
	}
}

static const char *mode_top(const struct ctp_sums *s, enum ctp_metric m)
{
	const struct ctp_mode *mode = &s->modes[ctp_mode_slot(m)];

	return mode->n ? mode->tallies[mode->top].value : "~";
}

void ctp_cell_diff(struct str *out, const struct ctp_sums *a, const struct ctp_sums *b,
	enum ctp_metric m, const struct ctp_change *c)
{
	if (m < CTP_NPRIMARY && ctp_metrics[m].rule == CTP_RULE_MODE && ctp_sums_has(a, m) &&
		ctp_sums_has(b, m))
		str_add(out, strcmp(mode_top(a, m), mode_top(b, m)) == 0 ? "same" : "differs");
	else if (!c->has_delta)
		str_add(out, CTP_ABSENT);
	else if (ctp_metric_is_ratio(m))
		ctp_cell_ratio_delta(out, c->delta);
	else if (m >= CTP_NPRIMARY)
		ctp_cell_real_delta(out, c->delta, ctp_metrics[m].ladder);
	else
		ctp_cell_delta(out, c->delta, ctp_metrics[m].ladder);
}

void ctp_cell_share(struct str *out, const struct ctp_change *c)
{
	if (c->has_pct)
		ctp_cell_pct(out, c->pct);
	else
		str_add(out, CTP_ABSENT);
}

void ctp_cell_threads(struct str *out, uint64_t a, uint64_t b)
{
	if (a == b)
		str_printf(out, "%" PRIu64, a);
	else
		str_printf(out, "%" PRIu64 CTP_ARROW "%" PRIu64, a, b);
}

void ctp_cell_uptime(struct str *out, const struct ctp_diff *d, const struct ctp_matched *p)
{
	str_printf(out, "%.0f%%", (double)p->lifetime / (double)d->longest * 100);
}

bool ctp_has_rate(
	const struct ctp_diff *d, enum ctp_metric m, const struct ctp_change *c, double *rate)
{
	if (!c->has_delta || d->window_ns <= 0 || !ctp_metric_accumulates(m))
		return false;
	*rate = c->delta / ((double)d->window_ns / (double)NS_PER_SEC);
	return true;
}

void ctp_cell_rate(
	struct str *out, const struct ctp_diff *d, enum ctp_metric m, const struct ctp_change *c)
{
	double rate;

	if (!ctp_has_rate(d, m, c, &rate)) {
		str_add(out, CTP_ABSENT);
		return;
	}
	ctp_cell_real_delta(out, rate, ctp_metrics[m].ladder);
	str_add(out, "/s");
}

void ctp_cell_churn(struct str *out, const struct ctp_survival *s)
{
	str_printf(out, "=%" PRIu64 " +%" PRIu64 " -%" PRIu64, s->survived, s->born, s->gone);
}
