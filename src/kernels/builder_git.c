/* A tag, branch or commit of a git repository: only that is fetched, and built like an archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "src/base/file.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache.h"
#include "src/kernels/git.h"
#include "src/kernels/local.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"

struct fetch {
	const struct kbuild *b;
	const struct ident *id;
	char what[160];
};

static struct git git_of(const struct fetch *f, const char *cwd)
{
	return (struct git){
		.cwd = cwd, .what = f->what, .about = f->id->url, .report = f->b->report};
}

static int git(struct fetch *f, const char *cwd, const char *const *words, struct err *e)
{
	const struct git g = git_of(f, cwd);

	return git_run(&g, words, NULL, e);
}

static int resolve(struct fetch *f, char commit[GIT_COMMIT + 1], struct err *e)
{
	const struct ident *id = f->id;
	const struct git g = git_of(f, NULL);

	if (!strcmp(id->ref_kind, "sha")) {
		memcpy(commit, id->ref, GIT_COMMIT + 1);
		return 0;
	}
	snprintf(f->what, sizeof(f->what), "asking for %s %s", id->ref_kind, id->ref);
	return git_remote_commit(&g, id->url, id->ref_kind, id->ref, commit, e);
}

/* ---- the source ----------------------------------------------------------------------------- */

static int fetch_commit(struct fetch *f, const char *dir, const char *commit, struct err *e)
{
	const char *const init[] = {"init", "-q", ".", NULL};
	const char *const get[] = {
		"fetch", "-q", "--depth", "1", "--no-tags", "--", f->id->url, commit, NULL};
	const char *const out[] = {
		"-c", "core.hooksPath=/dev/null", "checkout", "-q", "FETCH_HEAD", NULL};
	int rc = file_mkdirs(dir, 0755, e);

	snprintf(f->what, sizeof(f->what), "fetching %.7s of %s", commit, f->id->url);
	rc = rc ? rc : git(f, dir, init, e);
	rc = rc ? rc : git(f, dir, get, e);
	return rc ? rc : git(f, dir, out, e);
}

static int build(struct fetch *f, const char *dir, const char *commit, const char *key,
	struct kbuilt *out, struct err *e)
{
	struct metadata m = {.source = METADATA_GIT,
		.git_hash = xstrdup(commit),
		.git_ref = xstrdup(f->id->ref)};
	cleanup_free char *tree = file_join(dir, "tree"), *path = file_join(tree, "Makefile");
	cleanup_str struct str makefile = STR_INIT;
	struct build_result r = {0};
	int rc = fetch_commit(f, tree, commit, e);

	rc = rc ? rc : file_read(path, 1 << 20, &makefile, e);
	if (!rc)
		m.version = local_version(str_get(&makefile));
	rc = rc ? rc : builder_make(f->b, tree, false, &r, e);
	rc = rc ? rc : builder_store(f->b, key, &r, &m, out, e);
	if (!rc && !out->key) {
		kbuilt_release(out);
		rc = err_prefix(e, "the kernel was built, and could not be stored");
	}
	build_result_release(&r);
	metadata_release(&m);
	return rc;
}

static int build_staged(
	struct fetch *f, const char *commit, const char *key, struct kbuilt *out, struct err *e)
{
	struct kstore staging;
	int rc = kstore_begin(f->b->root, "build-git", &staging, e);

	if (rc)
		return rc;
	rc = build(f, staging.dir, commit, key, out, e);
	rc = kstore_explain_space(&staging, rc, e);
	kstore_end(&staging);
	return rc;
}

/* The reference as a part of a folder's name (spec/host 4.5). */
static void put_reference(struct str *key, const char *ref)
{
	if (*ref == '.')
		str_addc(key, '_');
	for (; *ref; ref++) {
		if (ref[0] == '.' && ref[1] == '.') {
			str_add(key, "__");
			ref++;
		} else {
			str_addc(key, *ref == '/' || *ref == '\\' ? '_' : *ref);
		}
	}
}

int kbuild_git(const struct kbuild *b, const struct ident *id, struct kbuilt *out, struct err *e)
{
	cleanup_free char *suffix = kbuild_suffix(b);
	cleanup_str struct str key = STR_INIT;
	struct fetch f = {.b = b, .id = id};
	char commit[GIT_COMMIT + 1];
	int rc = ident_validate(id, e);

	*out = (struct kbuilt){0};
	if (!rc && b->offline)
		rc = err_set(e, ENOTSUP, "--offline: git sources are not fetched");
	rc = rc ? rc : resolve(&f, commit, e);
	if (rc)
		return rc;
	put_reference(&key, id->ref);
	str_printf(&key, "-git-%s-%s-%s", commit, KCACHE_ARCH, suffix);
	if (builder_cached(b, str_get(&key), out)) {
		report_note(b->report, "git+%s -> %.7s cached; skipping fetch", id->url, commit);
		return 0;
	}
	rc = builder_check_force(b, str_get(&key), e);
	return rc ? rc : build_staged(&f, commit, str_get(&key), out, e);
}
