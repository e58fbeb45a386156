/* A person's own tree: built in place, stored when git can name what was built. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/local.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"

/* Why it is not stored, and what would let it be. */
static void say_unstored(const struct kbuild *b, const struct local_tree *t)
{
	report_note(b->report, "kernel built at %s", t->path);
	if (t->git)
		report_note(b->report,
			"skipping cache: the tree has uncommitted changes; commit or stash them, "
			"and build again");
	else
		report_note(b->report,
			"skipping cache: not a git repository, so nothing names what was built; "
			"put the source under git, or use `kernel build --kernel <version>` or "
			"`kernel build --kernel git+URL#branch=NAME`");
}

static void fill_metadata(
	const struct local_tree *t, const struct build_result *r, struct metadata *m)
{
	struct stat st;

	*m = (struct metadata){.source = METADATA_LOCAL, .tree = xstrdup(t->path)};
	if (t->git)
		m->git_hash = xstrdup(t->commit);
	if (t->version)
		m->version = xstrdup(t->version);
	if (r->vmlinux && !stat(r->vmlinux, &st)) {
		m->has_vmlinux_origin = true;
		m->vmlinux_size = (uint64_t)st.st_size;
		m->vmlinux_mtime = (uint64_t)st.st_mtime;
	}
}

/* The tree as it is after the build decides whether its result has the name from before. */
static int store_or_not(const struct kbuild *b, const struct local_tree *before, const char *key,
	const struct build_result *r, struct kbuilt *out, struct err *e)
{
	struct local_tree after;
	struct metadata m;
	int rc = local_inspect(before->path, b->report, &after, e);

	if (rc)
		return rc;
	if (before->dirty || !local_same(before, &after)) {
		if (!before->dirty)
			report_note(
				b->report, "source tree changed during build: it is not stored");
		say_unstored(b, before->dirty ? before : &after);
		*out = (struct kbuilt){.image = xstrdup(r->image)};
	} else {
		fill_metadata(before, r, &m);
		rc = builder_store(b, key, r, &m, out, e);
		metadata_release(&m);
	}
	local_release(&after);
	return rc;
}

static int build(
	const struct kbuild *b, const struct local_tree *t, struct kbuilt *out, struct err *e)
{
	cleanup_free char *suffix = kbuild_suffix(b), *key = local_key(t, suffix);
	struct build_result r = {0};
	int rc;

	if (!t->dirty && builder_cached(b, key, out))
		return 0;
	rc = t->dirty ? 0 : builder_check_force(b, key, e);
	rc = rc ? rc : builder_make(b, t->path, true, &r, e);
	rc = rc ? rc : store_or_not(b, t, key, &r, out, e);
	build_result_release(&r);
	return rc;
}

/* Others may have built in the tree, or changed it, while their build was waited for. */
static int build_again(
	const struct kbuild *b, const struct local_tree *before, struct kbuilt *out, struct err *e)
{
	struct local_tree now;
	int rc = local_inspect(before->path, b->report, &now, e);

	if (rc)
		return rc;
	if (strcmp(before->commit, now.commit) != 0)
		report_note(b->report, "source HEAD advanced during peer's build wait");
	else if (before->dirty != now.dirty)
		report_note(b->report, "source tree changed during peer's build wait");
	rc = build(b, &now, out, e);
	if (!rc && out->cached)
		builder_say_populated(b, out->key);
	local_release(&now);
	return rc;
}

static int build_locked(
	const struct kbuild *b, const struct local_tree *t, struct kbuilt *out, struct err *e)
{
	char crc[KCONFIG_HASH + 1];
	cleanup_free char *key = NULL, *waiting = NULL;
	int lock, rc;

	if (!b->lock_source)
		return build(b, t, out, e);
	kconfig_crc(t->path, strlen(t->path), crc);
	key = xasprintf("source-%s", crc);
	waiting = xasprintf(
		"source tree %s is locked by a concurrent ktstr build: waiting for it", t->path);
	lock = cache_lock_work(b->root, key, waiting, b->report, e);
	if (lock == -ECANCELED)
		return lock;
	rc = build_again(b, t, out, e);
	if (lock >= 0)
		close(lock);
	return rc;
}

/* CPUs come before the lock of the tree, as with every other program that builds it
 * (spec/host 3.11). */
static int build_on_share(
	const struct kbuild *b, const struct local_tree *t, struct kbuilt *out, struct err *e)
{
	cleanup_free char *suffix = kbuild_suffix(b), *key = local_key(t, suffix);
	unsigned jobs;
	int rc;

	if (!t->dirty && builder_cached(b, key, out))
		return 0;
	rc = builder_share(b, &jobs, e);
	return rc ? rc : build_locked(b, t, out, e);
}

int kbuild_tree(const struct kbuild *b, const char *path, struct kbuilt *out, struct err *e)
{
	struct local_tree t;
	int rc = local_inspect(path, b->report, &t, e);

	*out = (struct kbuilt){0};
	if (rc)
		return rc;
	rc = build_on_share(b, &t, out, e);
	local_release(&t);
	return rc;
}
