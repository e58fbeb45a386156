#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/cache.h"
#include "src/kernels/distro.h"
#include "src/kernels/packaged.h"
#include "src/kernels/range.h"
#include "src/kernels/search.h"
#include "src/kernels/subbuild.h"
#include "src/kernels/tree.h"

enum { KEYS_SHOWN = 6, VERSIONS_SHOWN = 8 };

int named_take_built(const struct search *s, const char *id, struct err *e)
{
	cleanup_free char *image = NULL,
			  *origin = id ? xasprintf("kernel build %s", id) : xstrdup("kernel build");
	int rc;

	if (!s->place->program) {
		err_set(e, ENOTSUP, "%s: kernels are not built from here", origin);
		return err_hint(e, KERNEL_FORMS);
	}
	rc = subbuild(s->place->program, id, s->report, &image, e);
	return rc ? rc : search_take(s, image, origin, e);
}

/* A source tree that was not built yet is built now; any other folder without an image is refused.
 */
static int take_folder(const struct search *s, const char *full, const char *name,
	const char *origin, struct err *e)
{
	cleanup_free char *image = tree_image(full), *makefile = file_join(full, "Makefile"),
			  *kconfig = file_join(full, "Kconfig");

	if (image)
		return search_take(s, image, origin, e);
	if (!s->place->program || !file_exists(makefile) || !file_exists(kconfig))
		return tree_without_image(full, name, e);
	return named_take_built(s, full, e);
}

static int take_path(const struct search *s, const char *path, const char *origin, struct err *e)
{
	cleanup_free char *full = place_relative(s->place, path);
	struct stat st;

	if (stat(full, &st)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return err_set(e, ENOENT, "kernel path not found: %s", path);
		return err_sys(e, errno, "cannot look at kernel path '%s'", path);
	}
	if (!S_ISDIR(st.st_mode))
		return search_take(s, full, origin, e);
	return take_folder(s, full, path, origin, e);
}

int named_take_packaged(const struct search *s, const char *root, const char *release,
	const char *origin, struct err *e)
{
	cleanup_free char *image = xasprintf("%s/%s/%s/bzImage", root, KCACHE_PACKAGED, release);

	return search_take(s, image, origin, e);
}

static int take_package_file(const struct search *s, const struct ident *id, struct err *e)
{
	cleanup_free char *path = place_relative(s->place, id->path);
	cleanup_free char *root = NULL, *release = NULL, *origin = NULL;
	int rc;

	if (!str_ends(id->path, ".deb") && !str_ends(id->path, ".rpm")) {
		err_set(e, EINVAL, "'%s': of packages only .deb and .rpm files are unpacked",
			id->text);
		return err_hint(e,
			"unpack it yourself and give its vmlinuz, and its lib/modules/VERSION "
			"with --modules");
	}
	if (!file_exists(path))
		return err_set(e, ENOENT, "kernel path not found: %s", id->path);
	root = place_cache_root(s->place, e);
	if (!root)
		return -e->code;
	origin = xasprintf("package %s", file_base(path));
	rc = packaged_from_file(root, path, s->report, &release, e);
	return rc ? rc : named_take_packaged(s, root, release, origin, e);
}

int named_fetch_distro(const struct search *s, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e), *release = NULL;
	int rc = root ? distro_fetch(s->place, root, s->report, &release, e) : -e->code;

	return rc ? rc : named_take_packaged(s, root, release, "distribution package", e);
}

static int take_distro(const struct search *s, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e), *release = NULL;

	if (!root)
		return -e->code;
	release = distro_cached(root, true);
	if (release)
		return named_take_packaged(s, root, release, "distribution package", e);
	return named_fetch_distro(s, e);
}

/* Says which keys there are, so that nobody has to go and look. */
static int missing_key(const struct search *s, const char *root, const char *key, struct err *e)
{
	cleanup_free char *here = place_relative(s->place, key);
	cleanup_str struct str keys = STR_INIT;
	struct kcache cache;
	size_t shown = 0;

	err_set(e, ENOENT, "cache key %s not found. Run `ktstr kernel list` to see what %s holds",
		key, root);
	for (int packaged = 0; packaged < 2; packaged++) {
		if (kcache_scan(root, packaged, &cache, NULL))
			continue;
		for (size_t i = 0; i < cache.entries.n; i++)
			if (!cache.entries.v[i].corrupt && shown++ < KEYS_SHOWN)
				str_printf(&keys, "%s%s", keys.len ? ", " : "",
					cache.entries.v[i].key);
		kcache_release(&cache);
	}
	if (keys.len)
		err_hint(e, "cached: %s%s", str_get(&keys), shown > KEYS_SHOWN ? ", ..." : "");
	if (file_exists(here))
		return err_hint(e, "a file or folder of that name is written ./%s", key);
	return err_hint(e, KERNEL_FORMS);
}

int named_take_key(const struct search *s, const char *root, const char *key, struct err *e)
{
	struct kcache_entry entry;
	int rc;

	if (kcache_read(root, key, false, &entry) && kcache_read(root, key, true, &entry))
		return -ENOENT;
	if (entry.corrupt) {
		rc = err_set(e, EINVAL, "cache entry %s is corrupt: %s", key, entry.fault.reason);
		err_hint(e, "`ktstr kernel clean --corrupt-only` removes such entries");
	} else {
		rc = search_take_entry(s, &entry, e);
	}
	kcache_entry_release(&entry);
	return rc;
}

static int take_named_key(const struct search *s, const char *key, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e);
	int rc = root ? named_take_key(s, root, key, e) : -e->code;

	return root && rc == -ENOENT ? missing_key(s, root, key, e) : rc;
}

/* A range is one kernel where only one release is in it. */
static int take_range(const struct search *s, const struct ident *id, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e);
	cleanup_str struct str listed = STR_INIT;
	const struct upstream u = {.place = s->place, .root = root, .report = s->report};
	cleanup_strv struct strv versions = STRV_INIT;
	int rc = root ? range_expand(&u, id, false, &versions, e) : -e->code;

	if (rc)
		return rc;
	if (versions.n == 1)
		return named_take_built(s, versions.v[0], e);
	for (size_t i = 0; i < versions.n && i < VERSIONS_SHOWN; i++)
		str_printf(&listed, "%s%s", i ? ", " : "", versions.v[i]);
	err_set(e, ENOTSUP, "a guest boots one kernel, and %s stands for %zu: %s%s", id->text,
		versions.n, str_get(&listed), versions.n > VERSIONS_SHOWN ? ", ..." : "");
	return err_hint(e, "`ktstr kernel build --kernel %s` builds them all", id->text);
}

int named_take(const struct search *s, const struct ident *id, const char *origin, struct err *e)
{
	int rc = ident_validate(id, e);

	if (rc)
		return rc;
	switch (id->kind) {
	case IDENT_PATH:
		return take_path(s, id->path, origin, e);
	case IDENT_PACKAGE:
		return take_package_file(s, id, e);
	case IDENT_DISTRO:
		return take_distro(s, e);
	case IDENT_KEY:
		return take_named_key(s, id->text, e);
	case IDENT_VERSION:
		return named_take_version(s, id, e);
	case IDENT_GIT:
		return named_take_built(s, id->text, e);
	case IDENT_RANGE:
		return take_range(s, id, e);
	case IDENT_RELEASE:
		break;
	}
	return -EINVAL;
}
