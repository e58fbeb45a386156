/* A tag, branch or commit of a git repository: only that is fetched, and built like an archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "src/base/file.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache.h"
#include "src/kernels/command.h"
#include "src/kernels/local.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"

/* Settings of the user and the system do not matter, nobody is asked for a password, and a
 * repository cannot make git run a program. */
static const char *const git_prefix[] = {"env", "GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true",
	"GIT_ALLOW_PROTOCOL=https:http:git:ssh:file", "git"};

struct fetch {
	const struct kbuild *b;
	const struct ident *id;
	char what[160];
};

static bool tick(void *user)
{
	struct fetch *f = user;

	return report_progress(f->b->report, f->what, 0, 0);
}

/* Runs git in a folder; its complaint becomes the sentence. */
static int git(
	struct fetch *f, const char *cwd, const char *const *words, struct str *out, struct err *e)
{
	cleanup_strv struct strv argv = STRV_INIT;
	cleanup_str struct str text = STR_INIT, errs = STR_INIT;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(git_prefix); i++)
		strv_push(&argv, git_prefix[i]);
	for (; *words; words++)
		strv_push(&argv, *words);
	rc = command_run(
		&(struct command){
			.argv = (const char *const *)argv.v, .cwd = cwd, .tick = tick, .user = f},
		out ? out : &text, &errs, e);
	if (rc == -ECANCELED)
		return err_set(e, ECANCELED, "cancelled while %s", f->what);
	if (rc == 127)
		return err_set(e, ENOENT, "git is not installed: apt-get install git");
	if (rc <= 0)
		return rc;
	return err_set(e, EIO, "%s: git: %.400s", f->id->url,
		errs.len ? str_trim(errs.s) : "it failed without a word");
}

/* ---- which commit --------------------------------------------------------------------------- */

static bool is_commit(const char *s)
{
	return strspn(s, "0123456789abcdef") == LOCAL_COMMIT;
}

/* The commit of a name in `git ls-remote`'s list; a tag's own object gives way to what it names. */
static bool listed(const char *list, const char *name, char commit[LOCAL_COMMIT + 1])
{
	for (const char *line = list; *line;) {
		size_t n = strcspn(line, "\n");

		if (n == LOCAL_COMMIT + 1 + strlen(name) && is_commit(line) &&
			!strncmp(line + LOCAL_COMMIT + 1, name, strlen(name))) {
			memcpy(commit, line, LOCAL_COMMIT);
			commit[LOCAL_COMMIT] = '\0';
			return true;
		}
		line += n + (line[n] == '\n');
	}
	return false;
}

static int resolve(struct fetch *f, char commit[LOCAL_COMMIT + 1], struct err *e)
{
	const struct ident *id = f->id;
	bool tag = !strcmp(id->ref_kind, "tag");
	cleanup_free char *name = xasprintf("refs/%s/%s", tag ? "tags" : "heads", id->ref);
	cleanup_free char *peeled = xasprintf("%s^{}", name);
	const char *const words[] = {"ls-remote", "--", id->url, name, peeled, NULL};
	cleanup_str struct str list = STR_INIT;
	int rc;

	if (!strcmp(id->ref_kind, "sha")) {
		memcpy(commit, id->ref, LOCAL_COMMIT + 1);
		return 0;
	}
	snprintf(f->what, sizeof(f->what), "asking for %s %s", id->ref_kind, id->ref);
	rc = git(f, "/", words, &list, e);
	if (rc)
		return rc;
	if (listed(str_get(&list), peeled, commit) || listed(str_get(&list), name, commit))
		return 0;
	return err_set(e, ENOENT, "%s has no %s %s", id->url, id->ref_kind, id->ref);
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

	snprintf(f->what, sizeof(f->what), "fetching %.7s of %s", commit, f->id->ref);
	rc = rc ? rc : git(f, dir, init, NULL, e);
	rc = rc ? rc : git(f, dir, get, NULL, e);
	return rc ? rc : git(f, dir, out, NULL, e);
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
		rc = err_set(e, EIO, "the kernel was built, and could not be stored: %s", e->msg);
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
	char commit[LOCAL_COMMIT + 1];
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
