/*
 * What metrics do while nothing is run: pairs of snapshots of a machine left alone, grouped like
 * the pairs that are judged. A change counts when every repetition shows it, in the same direction,
 * and larger than the machine at rest does in the same time.
 */
#pragma once

#include "probes/ctprof/diff.h"

struct ctp_noise;

struct ctp_noise *ctp_noise_new(void);
void ctp_noise_free(struct ctp_noise *n);
/* A pair of a machine left alone, and one of a repetition. Counters are judged per second, so that
 * pairs need not be of the same length. */
void ctp_noise_add_idle(struct ctp_noise *n, const struct ctp_diff *d);
void ctp_noise_add_rep(struct ctp_noise *n, const struct ctp_diff *d);

/* What idling would change in the time of this pair; 0 where the group is new. */
double ctp_noise_floor(const struct ctp_noise *n, const struct ctp_diff *d, const struct ctp_key *k,
	enum ctp_metric m);
bool ctp_noise_beyond(const struct ctp_noise *n, const struct ctp_key *k, enum ctp_metric m);
/* "+-1.2ms", with a "! " before it when the change is beyond; that is also returned. */
bool ctp_noise_cell(const struct ctp_noise *n, const struct ctp_diff *d,
	const struct ctp_matched *p, enum ctp_metric m, struct str *out);
/* Rows that are beyond. */
size_t ctp_noise_count(const struct ctp_noise *n, const struct ctp_diff *d);
