#include "src/kernels/local.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/kernels/cache.h"
#include "src/kernels/git.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/report.h"

enum { MAKEFILE_MAX = 1 << 20, CONFIG_MAX = 4 << 20 };

/* ---- the version ---------------------------------------------------------------------------- */

/* The value of `NAME = value` in the Makefile's first lines. */
static bool variable(const char *makefile, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = makefile; *line;) {
		size_t n = strcspn(line, "\n");
		const char *v = line + len + strspn(line + len, " \t");

		if (n > len && !strncmp(line, name, len) && *v == '=') {
			v += 1 + strspn(v + 1, " \t");
			n = strcspn(v, " \t\n#");
			if (n >= size)
				return false;
			memcpy(out, v, n);
			out[n] = '\0';
			return true;
		}
		line += n + (line[n] == '\n');
	}
	return false;
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

char *local_version(const char *makefile)
{
	char major[16], minor[16], patch[16] = "0", extra[32] = "";
	bool candidate;

	if (!variable(makefile, "VERSION", major, sizeof(major)) ||
		!variable(makefile, "PATCHLEVEL", minor, sizeof(minor)) || !is_number(major) ||
		!is_number(minor))
		return NULL;
	variable(makefile, "SUBLEVEL", patch, sizeof(patch));
	variable(makefile, "EXTRAVERSION", extra, sizeof(extra));
	candidate = str_starts(extra, "-rc") && is_number(extra + strlen("-rc"));
	if (candidate && !strcmp(patch, "0"))
		return xasprintf("%s.%s%s", major, minor, extra);
	if (!is_number(patch))
		return NULL;
	return xasprintf("%s.%s.%s", major, minor, patch);
}

/* ---- git ------------------------------------------------------------------------------------ */

/* Another user's tree is looked at only, and nothing in it is run: its folder is named outright, so
 * that git does not ask whose it is. */
static int git(const struct local_tree *t, const struct kernel_report *report,
	const char *const *words, struct str *out, struct err *e)
{
	const struct git g = {
		.cwd = t->path, .what = "looking at the tree", .about = t->path, .report = report};
	cleanup_strv struct strv all = STRV_INIT;

	strv_push(&all, "--no-optional-locks");
	strv_pushf(&all, "--git-dir=%s/.git", t->path);
	strv_pushf(&all, "--work-tree=%s", t->path);
	for (; *words; words++)
		strv_push(&all, *words);
	return git_run(&g, (const char *const *)all.v, out, e);
}

/* Tracked files only: what is not in git is not part of what HEAD names. */
static int ask_git(struct local_tree *t, const struct kernel_report *report, struct err *e)
{
	static const char *const head[] = {"rev-parse", "--verify", "HEAD", NULL};
	static const char *const status[] = {
		"status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", NULL};
	cleanup_free char *dot = file_join(t->path, ".git");
	cleanup_str struct str out = STR_INIT;
	int rc;

	t->dirty = true;
	if (!file_exists(dot))
		return 0;
	rc = git(t, report, head, &out, e);
	if (rc == -ECANCELED)
		return rc;
	if (rc == -ENOSYS)
		return err_prefix(e, "'%s' is a git tree", t->path);
	if (rc || !git_is_commit(str_get(&out)))
		return 0; /* no commit yet, or no repository after all */
	t->git = true;
	memcpy(t->commit, out.s, GIT_COMMIT);
	str_clear(&out);
	rc = git(t, report, status, &out, e);
	if (rc == -ECANCELED)
		return rc;
	t->dirty = rc != 0 || out.len > 0;
	return 0;
}

/* ---- the tree ------------------------------------------------------------------------------- */

static int check_tree(const char *name, const struct local_tree *t, struct err *e)
{
	cleanup_free char *makefile = file_join(t->path, "Makefile"),
			  *kconfig = file_join(t->path, "Kconfig");

	if (file_exists(makefile) && file_exists(kconfig))
		return 0;
	return err_set(
		e, EINVAL, "%s: not a kernel source tree — missing Makefile or Kconfig", name);
}

static int read_config(struct local_tree *t, struct err *e)
{
	cleanup_free char *path = file_join(t->path, ".config");
	cleanup_str struct str text = STR_INIT;
	int rc;

	if (!file_exists(path))
		return 0;
	rc = file_read(path, CONFIG_MAX, &text, e);
	if (rc)
		return rc;
	t->configured = true;
	kconfig_crc(str_get(&text), text.len, t->config_crc);
	return 0;
}

static void read_version(struct local_tree *t)
{
	cleanup_free char *path = file_join(t->path, "Makefile");
	cleanup_str struct str text = STR_INIT;

	if (!file_read(path, MAKEFILE_MAX, &text, NULL))
		t->version = local_version(str_get(&text));
}

int local_inspect(
	const char *path, const struct kernel_report *report, struct local_tree *out, struct err *e)
{
	int rc = 0;

	*out = (struct local_tree){.path = realpath(path, NULL)};
	if (!out->path)
		return errno == ENOENT ? err_set(e, ENOENT, "kernel path not found: %s", path)
				       : err_sys(e, errno, "cannot look at '%s'", path);
	rc = check_tree(path, out, e);
	rc = rc ? rc : ask_git(out, report, e);
	rc = rc ? rc : read_config(out, e);
	if (!rc)
		read_version(out);
	else
		local_release(out);
	return rc;
}

void local_release(struct local_tree *t)
{
	free(t->path);
	free(t->version);
	*t = (struct local_tree){0};
}

bool local_same(const struct local_tree *before, const struct local_tree *now)
{
	return before->git == now->git && before->dirty == now->dirty &&
	       !strcmp(before->commit, now->commit);
}

char *local_key(const struct local_tree *t, const char *kconfig)
{
	char crc[KCONFIG_HASH + 1];

	if (t->dirty) {
		kconfig_crc(t->path, strlen(t->path), crc);
		return xasprintf("local-unknown-%s-%s-%s", crc, KCACHE_ARCH, kconfig);
	}
	if (t->configured)
		return xasprintf("local-%.*s-%s-cfg%s-%s", LOCAL_SHORT, t->commit, KCACHE_ARCH,
			t->config_crc, kconfig);
	return xasprintf("local-%.*s-%s-%s", LOCAL_SHORT, t->commit, KCACHE_ARCH, kconfig);
}
