#include "src/kernels/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/report.h"
#include "src/kernels/stable.h"

#define TAG "refs/tags/v"

static bool in_range(const struct kver *v, const struct ident *range)
{
	struct kver end = kver_widen(range->end);

	return kver_compare(v, &range->version) >= 0 && kver_compare(v, &end) <= 0;
}

/* "<commit>\trefs/tags/v6.12.9" */
static void add_line(const char *line, size_t n, const struct ident *range, struct strv *out)
{
	const char *tab = memchr(line, '\t', n);
	size_t left = tab ? n - (size_t)(tab + 1 - line) : 0, skip = strlen(TAG);
	struct kver v;

	if (left <= skip || memcmp(tab + 1, TAG, skip) != 0)
		return;
	tab += 1 + skip;
	left -= skip;
	if (kver_parse(tab, left, &v) && v.rc == KVER_MAX && v.dots && in_range(&v, range))
		strv_take(out, xstrndup(tab, left));
}

void range_add_tags(const char *text, size_t n, const struct ident *range, struct strv *out)
{
	const char *end = text + n;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t len = nl ? (size_t)(nl - text) : (size_t)(end - text);

		add_line(text, len, range, out);
		text += len + (nl != NULL);
	}
}

static struct kver version_of(const char *text)
{
	struct kver v = {0};

	kver_parse(text, strlen(text), &v);
	return v;
}

static int ascending(const void *x, const void *y)
{
	struct kver a = version_of(*(char *const *)x), b = version_of(*(char *const *)y);

	return kver_compare(&a, &b);
}

void range_newest(struct strv *versions)
{
	struct strv kept = STRV_INIT;

	if (versions->n)
		qsort(versions->v, versions->n, sizeof(*versions->v), ascending);
	for (size_t i = 0; i < versions->n; i++) {
		struct kver v = version_of(versions->v[i]), next = {0};

		if (i + 1 < versions->n)
			next = version_of(versions->v[i + 1]);
		if (i + 1 == versions->n || next.major != v.major || next.minor != v.minor)
			strv_push(&kept, versions->v[i]);
	}
	strv_release(versions);
	*versions = kept;
}

int range_expand(const struct upstream *u, const struct ident *range, bool eol, struct strv *out,
	struct err *e)
{
	struct releases list;
	struct err tags = ERR_INIT;
	int rc = upstream_releases(u, &list, e);

	if (rc)
		return rc;
	releases_in_range(&list, range, out);
	releases_release(&list);
	rc = eol ? stable_add_tags(u, range, out, &tags) : 0;
	if (rc == -ECANCELED)
		return err_set(e, ECANCELED, "%s", tags.msg);
	if (rc)
		report_note(u->report, "%s: series that are no longer looked after are left out",
			tags.msg);
	if (eol)
		range_newest(out);
	if (out->n)
		return 0;
	err_set(e, ENOENT, "kernel range %s expanded to 0 stable releases%s", range->text,
		eol ? ""
		    : ". Pass --include-eol to take series in that are no longer looked after");
	return -ENOENT;
}
