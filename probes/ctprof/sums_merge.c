/* Two groups as one, and groups as numbers. */
#include <string.h>

#include "probes/ctprof/sums.h"

/* ---- two groups as one ----------------------------------------------------------------------- */

static void merge_mode(struct arena *arena, struct ctp_mode *to, const struct ctp_mode *a,
	const struct ctp_mode *b)
{
	struct ctp_tally *tallies = arena_alloc(arena, (a->n + b->n + 1) * sizeof(*tallies));
	size_t n = 0, k = 0;

	/* Both are sorted. */
	for (size_t i = 0; i < a->n || k < b->n;) {
		int by = i == a->n   ? 1
			 : k == b->n ? -1
				     : strcmp(a->tallies[i].value, b->tallies[k].value);

		tallies[n] = by <= 0 ? a->tallies[i++] : b->tallies[k++];
		if (by == 0)
			tallies[n].count += b->tallies[k++].count;
		n++;
	}
	*to = (struct ctp_mode){0};
	ctp_settle_mode(to, tallies, n);
}

static bool same_cpus(const struct ctp_cpus *a, const struct ctp_cpus *b)
{
	return a == b || (a && b && a->nruns == b->nruns &&
				 memcmp(a->runs, b->runs, a->nruns * sizeof(*a->runs)) == 0);
}

static void merge_range(struct ctp_sums *to, const struct ctp_sums *b, enum ctp_metric m)
{
	unsigned slot = ctp_range_slot(m);

	if (!ctp_metric_in(&b->present, m))
		return;
	if (m == CTM_cpu_affinity && !ctp_metric_in(&to->present, m))
		to->same = b->same;
	else if (m == CTM_cpu_affinity && !same_cpus(to->same, b->same))
		to->same = NULL;
	if (!ctp_metric_in(&to->present, m) || (int64_t)b->v[m] < (int64_t)to->v[m])
		to->v[m] = b->v[m];
	if (!ctp_metric_in(&to->present, m) || b->hi[slot] > to->hi[slot])
		to->hi[slot] = b->hi[slot];
}

static void merge_metric(struct ctp_sums *to, const struct ctp_sums *b, enum ctp_metric m)
{
	enum ctp_rule rule = ctp_metrics[m].rule;

	if (rule == CTP_RULE_SUM)
		to->v[m] = ctp_saturate(to->v[m], b->v[m]);
	else if (rule == CTP_RULE_MAX && b->v[m] > to->v[m])
		to->v[m] = b->v[m];
	else if (rule == CTP_RULE_RANGE || rule == CTP_RULE_CPUS)
		merge_range(to, b, m);
}

struct ctp_sums *ctp_sums_merge(
	struct arena *arena, const struct ctp_sums *a, const struct ctp_sums *b)
{
	struct ctp_sums *to = arena_alloc(arena, sizeof(*to));
	uint32_t *members = arena_alloc(arena, (a->threads + b->threads + 1) * sizeof(*members));

	*to = *a;
	memcpy(members, a->members, a->threads * sizeof(*members));
	memcpy(members + a->threads, b->members, b->threads * sizeof(*members));
	to->members = members;
	for (unsigned m = 0; m < CTP_NPRIMARY; m++)
		merge_metric(to, b, m);
	for (int i = 0; i < CTP_NMODES; i++)
		merge_mode(arena, &to->modes[i], &a->modes[i], &b->modes[i]);
	to->threads += b->threads;
	to->present.bits[0] |= b->present.bits[0];
	to->present.bits[1] |= b->present.bits[1];
	return to;
}

/* ---- as numbers ------------------------------------------------------------------------------ */

static bool primary_number(const struct ctp_sums *s, enum ctp_metric m, double *out)
{
	if (!ctp_sums_has(s, m) || ctp_metrics[m].rule == CTP_RULE_MODE)
		return false;
	if (ctp_metrics[m].rule == CTP_RULE_RANGE || ctp_metrics[m].rule == CTP_RULE_CPUS)
		*out = ((double)(int64_t)s->v[m] + (double)s->hi[ctp_range_slot(m)]) / 2;
	else
		*out = (double)s->v[m];
	return true;
}

static bool quotient(double a, double b, double *out)
{
	*out = a / b;
	return b != 0;
}

bool ctp_sums_number(const struct ctp_sums *s, enum ctp_metric m, double *out)
{
	const struct ctp_metric_row *row = &ctp_metrics[m];
	double in[8] = {0};

	if (m < CTP_NPRIMARY)
		return primary_number(s, m, out);
	for (int i = 0; i < row->ninputs; i++)
		if (!primary_number(s, row->inputs[i], &in[i]))
			return false;
	switch (row->formula) {
	case CTP_RATIO:
	case CTP_AVERAGE:
		return quotient(in[0], in[1], out);
	case CTP_SHARE:
		return quotient(in[0], in[0] + in[1], out);
	case CTP_DIFFERENCE:
		*out = in[0] - in[1];
		return true;
	case CTP_OFFCPU:
		*out = in[0] + in[1] + in[3] + in[5] + in[6] + in[7] +
		       (in[2] > in[4] ? in[2] : in[4]);
		return true;
	}
	return false;
}
