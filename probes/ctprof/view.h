/*
 * What of a profile is shown and in which order: the words of --sections, --metrics, --columns,
 * --sort-by (spec 1.5, 1.6), and the rows of a comparison ranked by them (4.6).
 */
#pragma once

#include "probes/ctprof/diff.h"

enum ctp_column {
	CTP_COL_GROUP,
	CTP_COL_THREADS,
	CTP_COL_METRIC,
	CTP_COL_BASELINE,
	CTP_COL_CANDIDATE,
	CTP_COL_DELTA,
	CTP_COL_PCT,
	CTP_COL_ARROW,
	CTP_COL_VALUE,
	CTP_COL_TAGS,
	CTP_COL_UPTIME,
	CTP_COL_RATE,  /* ours: the delta of a counter per second between the captures */
	CTP_COL_CHURN, /* ours: threads that stayed, came and went */
	CTP_COL_NOISE, /* ours: what the metric does while nothing is run */
	CTP_NCOLUMNS,
	CTP_COL_SORT = CTP_NCOLUMNS, /* the first sort key; put there by the program */
};

enum ctp_format {
	CTP_FORMAT_FULL,
	CTP_FORMAT_DELTA_ONLY,
	CTP_FORMAT_NO_PCT,
	CTP_FORMAT_ARROW,
	CTP_FORMAT_PCT_ONLY,
	CTP_NFORMATS
};
extern const char *const ctp_format_names[CTP_NFORMATS + 1]; /* NULL ends */

/* What ranks the rows of a comparison where no metric is named. */
enum ctp_order {
	CTP_ORDER_PERCENT, /* the change in proportion (spec 4.6) */
	CTP_ORDER_DELTA,   /* the number that it changed by */
	CTP_ORDER_TIME,	   /* groups by the time that they ran and waited more or less */
	CTP_NORDERS
};
extern const char *const ctp_order_names[CTP_NORDERS + 1]; /* NULL ends */

struct ctp_sort {
	enum ctp_metric metric;
	bool ascending;
};

struct ctp_view {
	bool show;	   /* of one snapshot, not a comparison */
	uint32_t sections; /* a bit each; 0 = all */
	bool some_metrics; /* only those in `metrics` */
	struct ctp_metric_set metrics;
	struct ctp_sort sort[CTP_NMETRICS];
	size_t nsort;
	enum ctp_order order; /* where nsort is 0 */
	enum ctp_column columns[CTP_NCOLUMNS + 1];
	size_t ncolumns;
	uint64_t limit; /* 0 = none */
};

/* Names as --columns spells them. */
extern const char *const ctp_column_names[CTP_NCOLUMNS];
const char *ctp_column_header(enum ctp_column c, enum ctp_axis axis);
bool ctp_column_allowed(enum ctp_column c, bool show);

/* An empty spec leaves the view as it is. 0 or -EINVAL with a sentence. */
int ctp_view_sections(struct ctp_view *v, const char *spec, struct err *e);
int ctp_view_metrics(struct ctp_view *v, const char *spec, struct err *e);
int ctp_view_columns(struct ctp_view *v, const char *spec, struct err *e);
int ctp_view_sort(struct ctp_view *v, const char *spec, struct err *e);
/* The columns of a format; of show when v->show. */
void ctp_view_format(struct ctp_view *v, enum ctp_format f);
/* Adds a column that is not there yet. */
void ctp_view_add_column(struct ctp_view *v, enum ctp_column c);

static inline bool ctp_view_has(const struct ctp_view *v, enum ctp_section s)
{
	return v->sections ? v->sections >> s & 1 : s != CTP_SEC_CGROUP_MORE;
}
/* Whether rows of this metric are shown at all. */
bool ctp_view_shows(const struct ctp_view *v, enum ctp_metric m);

struct ctp_row {
	double rank; /* larger comes first */
	uint32_t pair;
	uint32_t metric;
};
struct ctp_rows {
	struct ctp_row *v; /* heap */
	size_t n;
};
/* Rows of primary or of derived metrics, most important first; free(rows.v). Of many only the first
 * `most` (0 = all) and those of fudged groups. */
struct ctp_rows ctp_rank(
	const struct ctp_diff *d, const struct ctp_view *v, bool derived, size_t most);
/* Groups of one snapshot in the order of the view; numbers into g->v; heap. */
uint32_t *ctp_rank_groups(const struct ctp_groups *g, const struct ctp_view *v);
