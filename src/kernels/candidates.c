#include "src/kernels/candidates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/utf8.h"
#include "src/kernels/cache.h"
#include "src/kernels/git.h"
#include "src/kernels/report.h"
#include "src/kernels/upstream.h"

enum { SHOWN_COMMIT = 12, SHOWN_WIDTH = 60 };

/* ---- versions ------------------------------------------------------------------------------- */

struct versions {
	VEC(char *) v; /* owned */
};

static void add(struct versions *l, const char *version)
{
	struct kver v;

	if (!kver_parse(version, strlen(version), &v))
		return;
	for (size_t i = 0; i < l->v.n; i++)
		if (strcmp(l->v.v[i], version) == 0)
			return;
	vec_push(&l->v, xstrdup(version));
}

static void add_cached(struct versions *l, const char *root)
{
	struct kcache cache;

	if (kcache_scan(root, false, &cache, NULL))
		return;
	for (size_t i = 0; i < cache.entries.n; i++)
		if (!cache.entries.v[i].corrupt && cache.entries.v[i].meta.version &&
			cache.entries.v[i].meta.source == METADATA_TARBALL)
			add(l, cache.entries.v[i].meta.version);
	kcache_release(&cache);
}

static int add_published(struct versions *l, const struct place *p, const char *root,
	const struct kernel_report *report)
{
	const struct upstream u = {.place = p, .root = root, .report = report};
	struct releases list;
	struct err e = ERR_INIT;
	int rc = upstream_releases(&u, &list, &e);

	if (rc == -ECANCELED)
		return rc;
	if (rc) {
		report_note(report, "only cached kernels are searched: %s", e.msg);
		return 0;
	}
	for (size_t i = 0; i < list.rows.n; i++)
		if (list.rows.v[i].v.major)
			add(l, list.rows.v[i].version);
	releases_release(&list);
	return 0;
}

static struct kver version_of(const char *s)
{
	struct kver v = {0};

	kver_parse(s, strlen(s), &v);
	return v;
}

static int ascending(const void *a, const void *b)
{
	struct kver x = version_of(*(char *const *)a), y = version_of(*(char *const *)b);

	return kver_compare(&x, &y);
}

/* The ends as they were named, and what is strictly between them. */
static void take_between(struct versions *l, const char *good, const char *bad, struct bisect *out)
{
	struct kver low = version_of(good), high = version_of(bad);

	if (l->v.n)
		qsort(l->v.v, l->v.n, sizeof(*l->v.v), ascending);
	bisect_add(out, good, NULL);
	for (size_t i = 0; i < l->v.n; i++) {
		struct kver v = version_of(l->v.v[i]);

		if (kver_compare(&v, &low) > 0 && kver_compare(&v, &high) < 0)
			bisect_add(out, l->v.v[i], NULL);
	}
	bisect_add(out, bad, NULL);
}

static int find_versions(const struct place *p, const char *root, const char *good, const char *bad,
	const struct kernel_report *report, struct bisect *out, struct err *e)
{
	struct versions l = {0};
	struct kver low, high;
	int rc;

	if (!kver_parse(good, strlen(good), &low) || !kver_parse(bad, strlen(bad), &high)) {
		err_set(e, EINVAL, "'%s' is not a kernel version",
			kver_parse(good, strlen(good), NULL) ? bad : good);
		return err_hint(e, "--source DIR searches the commits of a git tree");
	}
	if (kver_compare(&low, &high) >= 0)
		return err_set(e, EINVAL, "--good %s is not older than --bad %s", good, bad);
	add_cached(&l, root);
	rc = add_published(&l, p, root, report);
	if (!rc)
		take_between(&l, good, bad, out);
	for (size_t i = 0; i < l.v.n; i++)
		free(l.v.v[i]);
	free(l.v.v);
	return rc;
}

/* ---- commits -------------------------------------------------------------------------------- */

static int git(const char *tree, const char *const *words, const struct kernel_report *report,
	struct str *out, struct err *e)
{
	const struct git g = {
		.cwd = tree,
		.what = "reading the tree's history",
		.about = tree,
		.as_user = true,
		.report = report,
	};

	return git_run(&g, words, out, e);
}

/* "COMMIT SUBJECT": people see as much of both as tells commits apart. */
static void add_commit(struct bisect *out, const char *tree, const char *line, size_t n)
{
	cleanup_free char *id = xasprintf("git+file://%s#sha=%.*s", tree, GIT_COMMIT, line);
	cleanup_str struct str label = STR_INIT;

	str_append(&label, line, SHOWN_COMMIT);
	utf8_sanitize(&label, line + GIT_COMMIT, n - GIT_COMMIT, false);
	while (label.len && utf8_width(label.s) > SHOWN_WIDTH)
		label.s[--label.len] = '\0';
	bisect_add(out, id, label.s);
}

static void add_commits(struct bisect *out, const char *tree, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, "\n");

		if (n > GIT_COMMIT && git_is_commit(list))
			add_commit(out, tree, list, n);
		list += n + (list[n] == '\n');
	}
}

#define ONE_A_LINE "--no-show-signature", "--no-color", "--format=%H %s"

/* Both ends as commits, oldest first in the list between them. */
static int find_commits(const char *name, const char *good, const char *bad,
	const struct kernel_report *report, struct bisect *out, struct err *e)
{
	cleanup_free char *tree = realpath(name, NULL), *range = xasprintf("%s..%s", good, bad);
	cleanup_free char *start = xasprintf("%s^{commit}", good);
	const char *const first[] = {
		"log", ONE_A_LINE, "-1", "--end-of-options", start, "--", NULL};
	const char *const rest[] = {"log", ONE_A_LINE, "--first-parent", "--reverse",
		"--end-of-options", range, "--", NULL};
	cleanup_str struct str list = STR_INIT;
	int rc;

	if (!tree)
		return err_sys(e, errno, "cannot find '%s'", name);
	rc = git(tree, first, report, &list, e);
	rc = rc ? rc : git(tree, rest, report, &list, e);
	if (rc)
		return rc;
	add_commits(out, tree, str_get(&list));
	if (out->items.n < 2)
		return err_set(e, EINVAL, "--good %s is not before --bad %s in the history of %s",
			good, bad, tree);
	return 0;
}

int candidates(const struct place *p, const char *root, const char *tree, const char *good,
	const char *bad, const struct kernel_report *report, struct bisect *out, struct err *e)
{
	int rc = tree ? find_commits(tree, good, bad, report, out, e)
		      : find_versions(p, root, good, bad, report, out, e);

	if (rc)
		bisect_release(out);
	return rc;
}
