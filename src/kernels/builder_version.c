/* A version, from its published source archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"
#include "src/kernels/untar.h"

static struct upstream upstream_of(const struct kbuild *b)
{
	return (struct upstream){
		.place = b->place,
		.root = b->root,
		.offline = b->offline,
		.sums = b->sums,
		.patience = b->patience,
		.report = b->report,
	};
}

char *kbuild_latest(const struct kbuild *b, const struct kver *series, struct err *e)
{
	const struct upstream u = upstream_of(b);
	struct releases l;
	const char *found;
	char *version = NULL;

	if (upstream_releases(&u, &l, e))
		return NULL;
	found = series ? releases_of_series(&l, series) : releases_latest(&l);
	if (found)
		version = xstrdup(found);
	else if (!series)
		err_set(e, ENOENT, "no stable kernel with patch >= 8 found in releases.json");
	else
		err_set(e, ENOENT,
			"no release of the series is listed by kernel.org: it has reached its end; "
			"name an exact version");
	releases_release(&l);
	return version;
}

int kbuild_range(const struct kbuild *b, const struct ident *range, struct strv *out, struct err *e)
{
	const struct upstream u = upstream_of(b);
	struct releases l;
	int rc = upstream_releases(&u, &l, e);

	if (rc)
		return rc;
	releases_in_range(&l, range, out);
	releases_release(&l);
	if (!out->n)
		return err_set(
			e, ENOENT, "kernel range %s expanded to 0 stable releases", range->text);
	return 0;
}

/* The archive's one folder, linux-VERSION. */
static char *source_folder(const char *dir, const char *version, const char *name, struct err *e)
{
	char *folder = xasprintf("%s/linux-%s", dir, version);
	cleanup_free char *makefile = file_join(folder, "Makefile");

	if (file_exists(makefile))
		return folder;
	free(folder);
	err_set(e, EBADMSG, "%s holds no folder linux-%s with a kernel's Makefile", name, version);
	return NULL;
}

static int unpack(const struct kbuild *b, const char *version, const char *dir, struct err *e)
{
	const struct upstream u = upstream_of(b);
	cleanup_free char *name = NULL;
	cleanup_close int fd = upstream_archive(&u, version, &name, e);

	if (fd < 0)
		return fd;
	report_note(b->report, "extracting tarball (%s)", str_ends(name, "xz") ? "xz" : "gzip");
	return untar(b->program, fd, name, dir, b->report, e);
}

static int build_in(const struct kbuild *b, const char *version, const char *key, const char *dir,
	struct kbuilt *out, struct err *e)
{
	struct metadata m = {.source = METADATA_TARBALL, .version = xstrdup(version)};
	cleanup_free char *tree = NULL;
	struct build_result r = {0};
	int rc = unpack(b, version, dir, e);

	if (!rc) {
		tree = source_folder(dir, version, "the archive", e);
		rc = tree ? builder_make(b, tree, false, &r, e) : -e->code;
	}
	rc = rc ? rc : builder_store(b, key, &r, &m, out, e);
	/* what was not stored goes with the staging folder: a path into it would lead nowhere */
	if (!rc && !out->key) {
		kbuilt_release(out);
		rc = err_set(e, EIO, "the kernel was built, and could not be stored: %s", e->msg);
	}
	build_result_release(&r);
	metadata_release(&m);
	return rc;
}

static int build_staged(const struct kbuild *b, const char *version, const char *key,
	struct kbuilt *out, struct err *e)
{
	const struct upstream u = upstream_of(b);
	cleanup_free char *label = xasprintf("build-%s", key);
	struct kstore staging;
	int rc = kstore_begin(b->root, label, &staging, e);

	if (rc)
		return rc;
	rc = build_in(b, version, key, staging.dir, out, e);
	rc = kstore_explain_space(&staging, rc, e);
	kstore_end(&staging);
	if (!rc)
		upstream_forget(&u, version);
	return rc;
}

int kbuild_version(const struct kbuild *b, const char *version, struct kbuilt *out, struct err *e)
{
	cleanup_free char *suffix = kbuild_suffix(b);
	cleanup_free char *key = xasprintf("%s-tarball-%s-%s", version, KCACHE_ARCH, suffix);
	cleanup_free char *building = xasprintf("build-%s", key);
	cleanup_free char *waiting = xasprintf("waiting for another ktstr that builds %s", version);
	int lock, rc;

	*out = (struct kbuilt){0};
	if (b->clean)
		report_note(
			b->report, "--clean only applies to a source tree of your own: ignored");
	if (builder_cached(b, key, out))
		return 0;
	rc = builder_check_force(b, key, e);
	if (rc)
		return rc;
	lock = kstore_lock(b->root, building, waiting, b->report, e);
	if (lock == -ECANCELED)
		return lock;
	/* whoever was waited for may have built the very same */
	rc = builder_cached(b, key, out) ? 0 : build_staged(b, version, key, out, e);
	if (lock >= 0)
		close(lock);
	return rc;
}
