/* One snapshot as text, and what differs between the machines of two. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "probes/ctprof/text_parts.h"
#include "src/base/utf8.h"

struct writer {
	struct ctp_groups *g;
	const struct ctp_view *v;
	struct ctp_sheet sheet;
	struct ctp_grid grid;
	struct str cell;
};

static void label(const struct ctp_groups *g, const struct ctp_key *k, struct str *out)
{
	ctp_key_text(k, g->naming.axis, out);
}

static void add_row(struct writer *w, const struct ctp_group *group, enum ctp_metric m)
{
	const struct ctp_sums *s = group->side[CTP_BASE];

	for (size_t i = 0; i < w->v->ncolumns; i++) {
		switch (w->v->columns[i]) {
		case CTP_COL_GROUP:
			label(w->g, &group->key, &w->cell);
			break;
		case CTP_COL_THREADS:
			str_printf(&w->cell, "%" PRIu64, s->threads);
			break;
		case CTP_COL_METRIC:
			str_add(&w->cell, ctp_metrics[m].name);
			break;
		case CTP_COL_VALUE:
			ctp_cell_value(&w->cell, s, m);
			break;
		case CTP_COL_TAGS:
			ctp_metric_tags(m, &w->cell);
			break;
		default:
			str_add(&w->cell, CTP_ABSENT);
		}
		ctp_grid_take(&w->grid, m >= CTP_NPRIMARY ? CTP_BLUE : 0, &w->cell);
	}
}

static void table(struct writer *w, const uint32_t *order, unsigned from, unsigned to)
{
	ctp_grid_init(&w->grid, w->v->ncolumns);
	ctp_grid_headers(&w->grid, w->v, w->g->naming.axis, 0);
	for (size_t i = 0; i < w->g->n; i++)
		for (unsigned m = from; m < to; m++)
			if (ctp_view_shows(w->v, m))
				add_row(w, &w->g->v[order[i]], m);
	ctp_grid_write(&w->grid, &w->sheet);
	ctp_grid_release(&w->grid);
}

void ctp_text_show(struct ctp_groups *g, const struct ctp_text_options *o, struct str *out)
{
	struct writer w = {.g = g, .v = o->view};
	cleanup_free uint32_t *order = ctp_rank_groups(g, o->view);
	bool delay = ctp_view_has(w.v, CTP_SEC_TASKSTATS_DELAY);

	w.sheet = (struct ctp_sheet){
		.out = out, .colour = o->colour, .wrap = o->wrap, .limit = w.v->limit};
	if (delay || ctp_view_has(w.v, CTP_SEC_PRIMARY)) {
		ctp_sheet_heading(&w.sheet, "Primary metrics");
		table(&w, order, 0, CTP_NPRIMARY);
	}
	if (g->n && (delay || ctp_view_has(w.v, CTP_SEC_DERIVED))) {
		ctp_sheet_blank(&w.sheet);
		ctp_sheet_heading(&w.sheet, "Derived metrics");
		table(&w, order, CTP_NPRIMARY, CTP_NMETRICS);
	}
	ctp_text_cgroups(&w.sheet, g, w.v, false);
	if (ctp_view_has(w.v, CTP_SEC_HOST_PRESSURE))
		ctp_text_host_pressure(&w.sheet, g->snap[CTP_BASE], NULL);
	if (ctp_view_has(w.v, CTP_SEC_SMAPS))
		ctp_text_smaps_show(&w.sheet, g);
	if (ctp_view_has(w.v, CTP_SEC_SCHED_EXT))
		ctp_text_sched_ext(&w.sheet, g->snap[CTP_BASE], NULL);
	ctp_sheet_end(&w.sheet);
	str_release(&w.cell);
}
