#include "probes/ctprof/view.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "src/base/str.h"

const char *const ctp_format_names[CTP_NFORMATS + 1] = {
	[CTP_FORMAT_FULL] = "full",
	[CTP_FORMAT_DELTA_ONLY] = "delta-only",
	[CTP_FORMAT_NO_PCT] = "no-pct",
	[CTP_FORMAT_ARROW] = "arrow",
	[CTP_FORMAT_PCT_ONLY] = "pct-only",
};

const char *const ctp_column_names[CTP_NCOLUMNS] = {
	[CTP_COL_GROUP] = "group",
	[CTP_COL_THREADS] = "threads",
	[CTP_COL_METRIC] = "metric",
	[CTP_COL_BASELINE] = "baseline",
	[CTP_COL_CANDIDATE] = "candidate",
	[CTP_COL_DELTA] = "delta",
	[CTP_COL_PCT] = "%",
	[CTP_COL_ARROW] = "arrow",
	[CTP_COL_VALUE] = "value",
	[CTP_COL_TAGS] = "tags",
	[CTP_COL_UPTIME] = "uptime",
	[CTP_COL_RATE] = "rate",
	[CTP_COL_CHURN] = "churn",
	[CTP_COL_NOISE] = "noise",
};

const char *ctp_column_header(enum ctp_column c, enum ctp_axis axis)
{
	switch (c) {
	case CTP_COL_GROUP:
		return ctp_axis_header(axis);
	case CTP_COL_ARROW:
		return "value";
	case CTP_COL_UPTIME:
		return "%uptime";
	default:
		return ctp_column_names[c];
	}
}

bool ctp_column_allowed(enum ctp_column c, bool show)
{
	switch (c) {
	case CTP_COL_VALUE:
		return show;
	case CTP_COL_BASELINE:
	case CTP_COL_CANDIDATE:
	case CTP_COL_DELTA:
	case CTP_COL_PCT:
	case CTP_COL_ARROW:
	case CTP_COL_RATE:
	case CTP_COL_CHURN:
		return !show;
	case CTP_COL_NOISE:
		return false; /* only where it was measured */
	default:
		return true;
	}
}

const char *const ctp_order_names[CTP_NORDERS + 1] = {"percent", "delta", "time", NULL};

/* ---- lists ----------------------------------------------------------------------------------- */

/* The next word of a list parted by commas, trimmed; false at its end. *s = NULL before the end. */
struct words {
	const char *next; /* NULL = the end */
	const char *word;
	size_t n;
};

static bool next_word(struct words *w)
{
	const char *end;

	if (!w->next)
		return false;
	end = w->next + strcspn(w->next, ",");
	w->word = w->next;
	w->next = *end ? end + 1 : NULL;
	while (w->word < end && isspace((unsigned char)*w->word))
		w->word++;
	while (end > w->word && isspace((unsigned char)end[-1]))
		end--;
	w->n = (size_t)(end - w->word);
	return true;
}

static bool is_blank(const char *spec)
{
	return spec[strspn(spec, " \t\n\v\f\r")] == '\0';
}

static int find_name(const char *const *names, size_t nnames, const char *word, size_t n)
{
	for (size_t i = 0; i < nnames; i++)
		if (strncasecmp(names[i], word, n) == 0 && !names[i][n])
			return (int)i;
	return -1;
}

static int unknown(struct err *e, const char *what, const struct words *w, const char *const *names,
	size_t nnames)
{
	cleanup_free char *word = xstrndup(w->word, w->n);
	const char *near = str_nearest(word, names, nnames);

	err_set(e, EINVAL, "unknown %s \"%s\"", what, word);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	return -EINVAL;
}

static int doubled(struct err *e, const char *what, const struct words *w)
{
	return err_set(e, EINVAL, "%s \"%.*s\" is named twice", what, (int)w->n, w->word);
}

static int empty_word(struct err *e, const char *what)
{
	return err_set(e, EINVAL, "an empty %s name between commas", what);
}

static void list_names(struct err *e, const char *const *names, size_t n)
{
	cleanup_str struct str list = STR_INIT;

	for (size_t i = 0; i < n; i++)
		str_printf(&list, "%s%s", i ? ", " : "", names[i]);
	err_hint(e, "valid names: %s", str_get(&list));
}

int ctp_view_sections(struct ctp_view *v, const char *spec, struct err *e)
{
	const char *names[CTP_NSECTIONS];
	struct words w = {.next = spec};

	for (int s = 0; s < CTP_NSECTIONS; s++)
		names[s] = ctp_sections[s].name;
	if (is_blank(spec))
		return 0;
	while (next_word(&w)) {
		int s = find_name(names, CTP_NSECTIONS, w.word, w.n);

		if (!w.n)
			return empty_word(e, "section");
		if (s < 0) {
			unknown(e, "section", &w, names, CTP_NSECTIONS);
			list_names(e, names, CTP_NSECTIONS);
			return -EINVAL;
		}
		if (v->sections >> s & 1)
			return doubled(e, "section", &w);
		v->sections |= 1U << s;
	}
	return 0;
}

static void metric_names(const char *names[CTP_NMETRICS])
{
	for (int m = 0; m < CTP_NMETRICS; m++)
		names[m] = ctp_metrics[m].name;
}

static int unknown_metric(struct err *e, const struct words *w)
{
	const char *names[CTP_NMETRICS];

	metric_names(names);
	unknown(e, "metric", w, names, CTP_NMETRICS);
	return err_hint(e, "'ktstr ctprof metric-list' prints all of them");
}

int ctp_view_metrics(struct ctp_view *v, const char *spec, struct err *e)
{
	struct words w = {.next = spec};

	if (is_blank(spec))
		return 0;
	v->some_metrics = true;
	while (next_word(&w)) {
		int m = ctp_metric_find(w.word, w.n);

		if (!w.n)
			return empty_word(e, "metric");
		if (m < 0)
			return unknown_metric(e, &w);
		if (ctp_metric_in(&v->metrics, (unsigned)m))
			return doubled(e, "metric", &w);
		ctp_metric_add(&v->metrics, (unsigned)m);
	}
	return 0;
}

static bool has_column(const struct ctp_view *v, enum ctp_column c)
{
	for (size_t i = 0; i < v->ncolumns; i++)
		if (v->columns[i] == c)
			return true;
	return false;
}

void ctp_view_add_column(struct ctp_view *v, enum ctp_column c)
{
	if (!has_column(v, c) && v->ncolumns < ARRAY_LEN(v->columns))
		v->columns[v->ncolumns++] = c;
}

static int no_column(const struct ctp_view *v, int c, const struct words *w, struct err *e)
{
	const char *names[CTP_NCOLUMNS];
	size_t n = 0;

	for (int i = 0; i < CTP_NCOLUMNS; i++)
		if (ctp_column_allowed((enum ctp_column)i, v->show))
			names[n++] = ctp_column_names[i];
	if (c >= 0 && c != CTP_COL_NOISE)
		err_set(e, EINVAL, "there is no column \"%s\" in %s", ctp_column_names[c],
			v->show ? "show: it has one snapshot only" : "compare");
	else
		unknown(e, "column", w, names, n);
	list_names(e, names, n);
	return -EINVAL;
}

int ctp_view_columns(struct ctp_view *v, const char *spec, struct err *e)
{
	struct words w = {.next = spec};

	if (is_blank(spec))
		return 0;
	v->ncolumns = 0;
	while (next_word(&w)) {
		int c = find_name(ctp_column_names, CTP_NCOLUMNS, w.word, w.n);

		if (!w.n)
			return empty_word(e, "column");
		if (c < 0 || !ctp_column_allowed((enum ctp_column)c, v->show))
			return no_column(v, c, &w, e);
		if (has_column(v, (enum ctp_column)c))
			return doubled(e, "column", &w);
		v->columns[v->ncolumns++] = (enum ctp_column)c;
	}
	if (has_column(v, CTP_COL_ARROW) &&
		(has_column(v, CTP_COL_BASELINE) || has_column(v, CTP_COL_CANDIDATE)))
		return err_set(e, EINVAL,
			"the column arrow shows both values: it cannot stand beside baseline or "
			"candidate");
	return 0;
}

/* Reads "metric[:direction]" of one entry. */
static int sort_key(const struct words *w, struct ctp_sort *out, struct err *e)
{
	static const char *const directions[] = {"desc", "asc"};
	const char *colon = memchr(w->word, ':', w->n);
	struct words name = {.next = NULL};
	cleanup_free char *first = xstrndup(w->word, colon ? (size_t)(colon - w->word) : w->n);
	cleanup_free char *rest =
		colon ? xstrndup(colon + 1, w->n - (size_t)(colon + 1 - w->word)) : xstrdup("desc");
	char *direction = str_trim(rest);
	int m, dir = find_name(directions, 2, direction, strlen(direction));

	name.word = str_trim(first);
	name.n = strlen(name.word);
	if (!w->n || !name.n)
		return err_set(e, EINVAL, "an empty entry between commas");
	if (dir < 0)
		return err_set(e, EINVAL, "direction \"%s\" of %s is neither asc nor desc",
			direction, name.word);
	m = ctp_metric_find(name.word, name.n);
	if (m < 0)
		return unknown_metric(e, &name);
	if (m < CTP_NPRIMARY && ctp_metrics[m].rule == CTP_RULE_MODE)
		return err_set(
			e, EINVAL, "metric %s is a word: it has no size to sort by", name.word);
	*out = (struct ctp_sort){(enum ctp_metric)m, dir == 1};
	return 0;
}

int ctp_view_sort(struct ctp_view *v, const char *spec, struct err *e)
{
	struct words w = {.next = *spec ? spec : NULL};

	while (next_word(&w)) {
		struct ctp_sort key;
		int rc = sort_key(&w, &key, e);

		if (rc)
			return rc;
		for (size_t i = 0; i < v->nsort; i++)
			if (v->sort[i].metric == key.metric)
				return err_set(e, EINVAL, "metric \"%s\" is named twice",
					ctp_metrics[key.metric].name);
		v->sort[v->nsort++] = key;
	}
	return 0;
}

void ctp_view_format(struct ctp_view *v, enum ctp_format f)
{
	static const enum ctp_column formats[CTP_NFORMATS][5] = {
		[CTP_FORMAT_FULL] = {CTP_COL_BASELINE, CTP_COL_CANDIDATE, CTP_COL_DELTA,
			CTP_COL_PCT},
		[CTP_FORMAT_DELTA_ONLY] = {CTP_COL_DELTA, CTP_COL_PCT},
		[CTP_FORMAT_NO_PCT] = {CTP_COL_BASELINE, CTP_COL_CANDIDATE, CTP_COL_DELTA},
		[CTP_FORMAT_ARROW] = {CTP_COL_ARROW, CTP_COL_DELTA, CTP_COL_PCT, CTP_COL_UPTIME},
		[CTP_FORMAT_PCT_ONLY] = {CTP_COL_PCT},
	};

	v->ncolumns = 0;
	v->columns[v->ncolumns++] = CTP_COL_GROUP;
	v->columns[v->ncolumns++] = CTP_COL_THREADS;
	v->columns[v->ncolumns++] = CTP_COL_METRIC;
	if (v->show)
		v->columns[v->ncolumns++] = CTP_COL_VALUE;
	for (size_t i = 0; !v->show && formats[f][i]; i++)
		v->columns[v->ncolumns++] = formats[f][i];
}

bool ctp_view_shows(const struct ctp_view *v, enum ctp_metric m)
{
	return ctp_view_has(v, ctp_metrics[m].section) &&
	       (!v->some_metrics || ctp_metric_in(&v->metrics, m));
}
