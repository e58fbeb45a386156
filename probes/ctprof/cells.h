/* One cell of a group's row, as text (spec 4.4). All append. */
#pragma once

#include "probes/ctprof/diff.h"

/* A value, "-" where there is none; derived metrics too. s may be NULL. */
void ctp_cell_value(struct str *out, const struct ctp_sums *s, enum ctp_metric m);
/* What changed: a number, `same` or `differs` of a word, or "-". */
void ctp_cell_diff(struct str *out, const struct ctp_sums *a, const struct ctp_sums *b,
	enum ctp_metric m, const struct ctp_change *c);
void ctp_cell_share(struct str *out, const struct ctp_change *c);
/* The number of threads, "11 -> 37" without blanks where it differs. */
void ctp_cell_threads(struct str *out, uint64_t a, uint64_t b);
void ctp_cell_uptime(struct str *out, const struct ctp_diff *d, const struct ctp_matched *p);
/* A change per second of a counter. */
void ctp_cell_rate(
	struct str *out, const struct ctp_diff *d, enum ctp_metric m, const struct ctp_change *c);
void ctp_cell_churn(struct str *out, const struct ctp_survival *s); /* "=11 +26 -0" */
/* Whether a change per second means something. */
bool ctp_has_rate(
	const struct ctp_diff *d, enum ctp_metric m, const struct ctp_change *c, double *rate);
