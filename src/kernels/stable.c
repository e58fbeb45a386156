#include "src/kernels/stable.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/range.h"

#define TREE "https://github.com/gregkh/linux"

static const char *tree_url(const struct upstream *u)
{
	const char *given = u->place->stable_tree;

	return given && *given ? given : TREE;
}

static struct git git_of(const struct upstream *u, const char *what)
{
	return (struct git){.what = what, .about = tree_url(u), .report = u->report};
}

static int refuse_offline(const struct upstream *u, struct err *e)
{
	if (!u->offline)
		return 0;
	return err_set(
		e, ENETUNREACH, "--offline: the tags of %s cannot be asked for", tree_url(u));
}

int stable_add_tags(
	const struct upstream *u, const struct ident *range, struct strv *out, struct err *e)
{
	const struct git g = git_of(u, "asking for the tags of stable releases");
	const char *const words[] = {
		"ls-remote", "--tags", "--refs", "--", tree_url(u), "v*", NULL};
	cleanup_str struct str text = STR_INIT;
	int rc = refuse_offline(u, e);

	rc = rc ? rc : git_run(&g, words, &text, e);
	if (!rc)
		range_add_tags(str_get(&text), text.len, range, out);
	return rc;
}

char *stable_newest(const struct upstream *u, const struct kver *series, struct err *e)
{
	/* from 6.5 to 6.5, whose end is widened to the last patch */
	const struct ident range = {.kind = IDENT_RANGE, .version = *series, .end = *series};
	cleanup_strv struct strv found = STRV_INIT;

	if (stable_add_tags(u, &range, &found, e))
		return NULL;
	range_newest(&found);
	if (found.n)
		return xstrdup(found.v[found.n - 1]);
	err_set(e, ENOENT, "%s has no tag of the series", tree_url(u));
	return NULL;
}

char *stable_snapshot(const struct upstream *u, const char *version, struct err *e)
{
	const struct git g = git_of(u, "asking for the tag of a stable release");
	cleanup_free char *tag = xasprintf("v%s", version);
	char commit[GIT_COMMIT + 1];

	if (refuse_offline(u, e) || git_remote_commit(&g, tree_url(u), "tag", tag, commit, e))
		return NULL;
	return xasprintf("%s/archive/%s.tar.gz", tree_url(u), commit);
}
