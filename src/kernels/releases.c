#include "src/kernels/releases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/json_in.h"

enum { SETTLED_PATCH = 8, ROWS_MAX = 1000 };

#define NEXT "linux-next"

static bool take_row(struct releases *l, const struct json *row)
{
	const char *moniker = json_get_text(row, "moniker", NULL);
	const char *version = json_get_text(row, "version", NULL);
	struct release r = {0};

	if (!moniker || !version)
		return false;
	if (!kver_parse(version, strlen(version), &r.v) && strcmp(moniker, NEXT) != 0)
		return false;
	r.moniker = xstrdup(moniker);
	r.version = xstrdup(version);
	vec_push(&l->rows, r);
	return true;
}

int releases_parse(const char *text, size_t n, struct releases *out, struct err *e)
{
	struct json *root = json_parse(text, n, e);
	const struct json *rows = root ? json_get(root, "releases") : NULL;
	size_t count = rows ? json_size(rows) : 0;

	*out = (struct releases){0};
	if (!root)
		return -e->code;
	for (size_t i = 0; i < count && i < ROWS_MAX; i++)
		out->malformed += !take_row(out, json_at(rows, i));
	json_free(root);
	if (out->rows.n)
		return 0;
	releases_release(out);
	return err_set(e, EPROTO, "the list of kernel releases has no releases in it");
}

void releases_release(struct releases *l)
{
	for (size_t i = 0; i < l->rows.n; i++) {
		free(l->rows.v[i].moniker);
		free(l->rows.v[i].version);
	}
	free(l->rows.v);
	*l = (struct releases){0};
}

static bool is_stable(const struct release *r)
{
	return !strcmp(r->moniker, "stable") || !strcmp(r->moniker, "longterm");
}

static bool is_next(const struct release *r)
{
	return !strcmp(r->moniker, NEXT);
}

const char *releases_latest(const struct releases *l)
{
	for (size_t i = 0; i < l->rows.n; i++)
		if (is_stable(&l->rows.v[i]) && l->rows.v[i].v.patch >= SETTLED_PATCH)
			return l->rows.v[i].version;
	return NULL;
}

const char *releases_of_series(const struct releases *l, const struct kver *series)
{
	const struct release *best = NULL;

	for (size_t i = 0; i < l->rows.n; i++) {
		const struct release *r = &l->rows.v[i];

		if (is_next(r) || r->v.major != series->major ||
			(series->dots && r->v.minor != series->minor))
			continue;
		if (!best || kver_compare(&r->v, &best->v) > 0)
			best = r;
	}
	return best ? best->version : NULL;
}

static int by_version(const void *a, const void *b)
{
	const struct release *const *x = a, *const *y = b;

	return kver_compare(&(*x)->v, &(*y)->v);
}

void releases_in_range(const struct releases *l, const struct ident *range, struct strv *out)
{
	struct kver end = kver_widen(range->end);
	VEC(const struct release *) in = {0};

	for (size_t i = 0; i < l->rows.n; i++) {
		const struct release *r = &l->rows.v[i];

		if (is_stable(r) && kver_compare(&r->v, &range->version) >= 0 &&
			kver_compare(&r->v, &end) <= 0)
			vec_push(&in, r);
	}
	if (in.n)
		qsort(in.v, in.n, sizeof(*in.v), by_version);
	for (size_t i = 0; i < in.n; i++)
		if (!strv_has(out, in.v[i]->version))
			strv_push(out, in.v[i]->version);
	free(in.v);
}

bool releases_series(const char *version, struct str *out)
{
	struct kver v;

	if (!kver_parse(version, strlen(version), &v) || v.dots < 1)
		return false;
	str_printf(out, "%u.%u", v.major, v.minor);
	return true;
}

void releases_active(const struct releases *l, struct strv *out)
{
	for (size_t i = 0; i < l->rows.n; i++) {
		cleanup_str struct str series = STR_INIT;

		if (!is_next(&l->rows.v[i]) && releases_series(l->rows.v[i].version, &series) &&
			!strv_has(out, str_get(&series)))
			strv_push(out, str_get(&series));
	}
}
