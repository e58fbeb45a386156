/* Cells of a comparison with their colours. */
#include <math.h>

#include "probes/ctprof/noise.h"
#include "probes/ctprof/text_parts.h"

unsigned ctp_change_colour(const struct ctp_change *c)
{
	if (!c->has_delta || c->delta == 0)
		return CTP_WHITE;
	return c->delta > 0 ? CTP_YELLOW : CTP_MAGENTA;
}

void ctp_grid_take(struct ctp_grid *g, unsigned colour, struct str *cell)
{
	ctp_grid_add(g, colour, str_get(cell));
	str_clear(cell);
}

void ctp_grid_headers(
	struct ctp_grid *g, const struct ctp_view *v, enum ctp_axis axis, unsigned colour)
{
	for (size_t i = 0; i < v->ncolumns; i++)
		ctp_grid_add(g, colour, ctp_column_header(v->columns[i], axis));
}

static unsigned uptime_colour(const struct ctp_diff *d, const struct ctp_matched *p)
{
	double share = (double)p->lifetime / (double)d->longest * 100;

	return share >= 75 ? CTP_GREEN : share >= 50 ? CTP_YELLOW : (CTP_RED | CTP_BOLD);
}

static unsigned share_colour(const struct ctp_change *c)
{
	return ctp_change_colour(c) | (c->has_pct && fabs(c->pct) > 0.5 ? CTP_BOLD : 0);
}

static void churn_cell(const struct ctp_diff *d, const struct ctp_matched *p, struct str *out)
{
	struct ctp_survival s = ctp_survivors(d, p->side[CTP_BASE], p->side[CTP_CAND]);

	ctp_cell_churn(out, &s);
}

unsigned ctp_column_cell(const struct ctp_diff *d, const struct ctp_noise *noise,
	enum ctp_column column, const struct ctp_matched *p, enum ctp_metric m, struct str *out)
{
	struct ctp_change change = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m),
			  *c = &change;
	const struct ctp_sums *a = p->side[CTP_BASE], *b = p->side[CTP_CAND];

	switch (column) {
	case CTP_COL_THREADS:
		ctp_cell_threads(out, a->threads, b->threads);
		break;
	case CTP_COL_METRIC:
		str_add(out, ctp_metrics[m].name);
		break;
	case CTP_COL_BASELINE:
		ctp_cell_value(out, a, m);
		break;
	case CTP_COL_CANDIDATE:
		ctp_cell_value(out, b, m);
		break;
	case CTP_COL_ARROW:
		ctp_cell_value(out, a, m);
		str_add(out, " " CTP_ARROW " ");
		ctp_cell_value(out, b, m);
		break;
	case CTP_COL_DELTA:
		ctp_cell_diff(out, a, b, m, c);
		return ctp_change_colour(c);
	case CTP_COL_PCT:
		ctp_cell_share(out, c);
		return share_colour(c);
	case CTP_COL_TAGS:
		ctp_metric_tags(m, out);
		break;
	case CTP_COL_UPTIME:
		ctp_cell_uptime(out, d, p);
		return uptime_colour(d, p);
	case CTP_COL_RATE:
		ctp_cell_rate(out, d, m, c);
		return ctp_change_colour(c);
	case CTP_COL_CHURN:
		churn_cell(d, p, out);
		break;
	case CTP_COL_NOISE:
		return ctp_noise_cell(noise, d, p, m, out) ? (CTP_YELLOW | CTP_BOLD) : 0;
	default:
		break;
	}
	return 0;
}
