#include "probes/ctprof/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/map.h"

/* Of one group: changes per second of counters, plain changes of everything else. */
struct levels {
	double idle[CTP_NMETRICS];  /* the largest, either way */
	double least[CTP_NMETRICS]; /* the smallest of all repetitions; 0 when they disagree */
	size_t reps;
};

struct ctp_noise {
	struct map groups; /* by key, to struct levels */
	size_t reps, idles;
};

struct ctp_noise *ctp_noise_new(void)
{
	return xcalloc(1, sizeof(struct ctp_noise));
}

void ctp_noise_free(struct ctp_noise *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->groups.cap; i++)
		free(n->groups.slots[i].key ? n->groups.slots[i].value : NULL);
	map_release(&n->groups);
	free(n);
}

static void key_text(const struct ctp_key *k, struct str *out)
{
	str_printf(out, "%s\n%s\n%s", k->part[0], k->part[1], k->part[2]);
}

static struct levels *levels_of(struct ctp_noise *n, const struct ctp_key *k)
{
	cleanup_str struct str key = STR_INIT;
	void **at;

	key_text(k, &key);
	at = map_at(&n->groups, str_get(&key));
	if (!*at)
		*at = xcalloc(1, sizeof(struct levels));
	return *at;
}

static const struct levels *known_levels(const struct ctp_noise *n, const struct ctp_key *k)
{
	cleanup_str struct str key = STR_INIT;

	key_text(k, &key);
	return map_get(&n->groups, str_get(&key));
}

/* What a second makes of a counter; other metrics do not grow with time. */
static double seconds(const struct ctp_diff *d, enum ctp_metric m)
{
	if (!ctp_metric_accumulates(m) || d->window_ns <= 0)
		return 1;
	return (double)d->window_ns / (double)NS_PER_SEC;
}

static double level(const struct ctp_diff *d, const struct ctp_matched *p, enum ctp_metric m)
{
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);

	return c.has_delta ? c.delta / seconds(d, m) : 0;
}

void ctp_noise_add_idle(struct ctp_noise *n, const struct ctp_diff *d)
{
	n->idles++;
	for (size_t i = 0; i < d->npairs; i++) {
		struct levels *l = levels_of(n, &d->pairs[i].key);

		for (unsigned m = 0; m < CTP_NMETRICS; m++) {
			double v = fabs(level(d, &d->pairs[i], m));

			l->idle[m] = v > l->idle[m] ? v : l->idle[m];
		}
	}
}

/* The nearer to nothing of two changes; nothing when they point in different directions. */
static double lesser(double a, double b)
{
	if ((a > 0) != (b > 0))
		return 0;
	return fabs(a) < fabs(b) ? a : b;
}

void ctp_noise_add_rep(struct ctp_noise *n, const struct ctp_diff *d)
{
	n->reps++;
	for (size_t i = 0; i < d->npairs; i++) {
		struct levels *l = levels_of(n, &d->pairs[i].key);
		bool first = !l->reps++;

		for (unsigned m = 0; m < CTP_NMETRICS; m++) {
			double v = level(d, &d->pairs[i], m);

			l->least[m] = first ? v : lesser(l->least[m], v);
		}
	}
}

double ctp_noise_floor(const struct ctp_noise *n, const struct ctp_diff *d, const struct ctp_key *k,
	enum ctp_metric m)
{
	const struct levels *l = n ? known_levels(n, k) : NULL;

	return l ? l->idle[m] * seconds(d, m) : 0;
}

bool ctp_noise_beyond(const struct ctp_noise *n, const struct ctp_key *k, enum ctp_metric m)
{
	const struct levels *l = n ? known_levels(n, k) : NULL;

	return l && n->idles && l->reps == n->reps && fabs(l->least[m]) > l->idle[m];
}

bool ctp_noise_cell(const struct ctp_noise *n, const struct ctp_diff *d,
	const struct ctp_matched *p, enum ctp_metric m, struct str *out)
{
	bool beyond = ctp_noise_beyond(n, &p->key, m);
	struct ctp_change c = ctp_change(p->side[CTP_BASE], p->side[CTP_CAND], m);
	cleanup_str struct str cell = STR_INIT;

	if (!n || !c.has_delta) {
		str_add(out, CTP_ABSENT);
		return false;
	}
	c.delta = ctp_noise_floor(n, d, &p->key, m);
	if (ctp_metric_is_ratio(m))
		ctp_cell_ratio_delta(&cell, c.delta);
	else
		ctp_cell_real_delta(&cell, c.delta, ctp_metrics[m].ladder);
	/* The sign makes room for both. */
	str_printf(out, "%s\xc2\xb1%s", beyond ? "! " : "", str_get(&cell) + 1);
	return beyond;
}

size_t ctp_noise_count(const struct ctp_noise *n, const struct ctp_diff *d)
{
	size_t count = 0;

	for (size_t i = 0; i < d->npairs; i++)
		for (unsigned m = 0; m < CTP_NMETRICS; m++)
			count += ctp_noise_beyond(n, &d->pairs[i].key, m);
	return count;
}
