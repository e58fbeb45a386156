/* A version, from its published source archive. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/range.h"
#include "src/kernels/report.h"
#include "src/kernels/stable.h"
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

/* What kernel.org does not list has reached its end, or is so new that only its base exists. */
static char *newest_unlisted(const struct kbuild *b, const struct kver *series, struct err *e)
{
	const struct upstream u = upstream_of(b);
	char *version = stable_newest(&u, series, e);

	if (version || e->code != ENOENT)
		return version;
	err_clear(e);
	return series->dots ? xasprintf("%u.%u", series->major, series->minor)
			    : xasprintf("%u", series->major);
}

char *kbuild_latest(const struct kbuild *b, const struct kver *series, struct err *e)
{
	const struct upstream u = upstream_of(b);
	struct releases l;
	const char *found;
	char *version;

	if (upstream_releases(&u, &l, e))
		return NULL;
	found = series ? releases_of_series(&l, series) : releases_latest(&l);
	version = found ? xstrdup(found) : NULL;
	releases_release(&l);
	if (!version && series)
		return newest_unlisted(b, series, e);
	if (!version)
		err_set(e, ENOENT, "no stable kernel with patch >= 8 found in releases.json");
	return version;
}

int kbuild_range(const struct kbuild *b, const struct ident *range, bool eol, struct strv *out,
	struct err *e)
{
	const struct upstream u = upstream_of(b);

	return range_expand(&u, range, eol, out, e);
}

/* The one folder of a snapshot. Heap or NULL. */
static char *only_folder(const char *dir)
{
	DIR *d = opendir(dir);
	char *found = NULL;
	struct dirent *entry;
	unsigned n = 0;

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && n++ == 0)
			found = file_join(dir, entry->d_name);
	if (d)
		closedir(d);
	if (n != 1)
		free(take_ptr(found));
	return found;
}

/* The archive's one folder: linux-VERSION, or any in a snapshot. */
static char *source_folder(
	const char *dir, const char *version, const struct upstream_source *s, struct err *e)
{
	char *folder = s->snapshot ? only_folder(dir) : xasprintf("%s/linux-%s", dir, version);
	cleanup_free char *makefile = folder ? file_join(folder, "Makefile") : NULL;

	if (makefile && file_exists(makefile))
		return folder;
	free(folder);
	if (s->snapshot)
		err_set(e, EBADMSG, "%s does not hold one folder with a kernel's Makefile",
			s->name);
	else
		err_set(e, EBADMSG, "%s holds no folder linux-%s with a kernel's Makefile", s->name,
			version);
	return NULL;
}

/* Heap, NULL with a sentence. */
static char *unpack(const struct kbuild *b, const char *version, const char *dir, struct err *e)
{
	const struct upstream u = upstream_of(b);
	struct upstream_source s;
	char *tree = NULL;

	if (!upstream_archive(&u, version, &s, e)) {
		report_note(b->report, "extracting tarball (%s)",
			str_ends(s.name, "xz") ? "xz" : "gzip");
		if (!untar(b->program, s.fd, s.name, dir, b->report, e))
			tree = source_folder(dir, version, &s, e);
	}
	upstream_source_release(&s);
	return tree;
}

static int build_in(const struct kbuild *b, const char *version, const char *key, const char *dir,
	struct kbuilt *out, struct err *e)
{
	struct metadata m = {.source = METADATA_TARBALL, .version = xstrdup(version)};
	cleanup_free char *tree = unpack(b, version, dir, e);
	struct build_result r = {0};
	int rc = tree ? builder_make(b, tree, false, &r, e) : -e->code;

	rc = rc ? rc : builder_store(b, key, &r, &m, out, e);
	/* what was not stored goes with the staging folder: a path into it would lead nowhere */
	if (!rc && !out->key) {
		kbuilt_release(out);
		rc = err_prefix(e, "the kernel was built, and could not be stored");
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
	lock = cache_lock_work(b->root, building, waiting, b->report, e);
	if (lock == -ECANCELED)
		return lock;
	/* whoever was waited for may have built the very same */
	if (builder_cached(b, key, out))
		builder_say_populated(b, key);
	else
		rc = build_staged(b, version, key, out, e);
	if (lock >= 0)
		close(lock);
	return rc;
}
