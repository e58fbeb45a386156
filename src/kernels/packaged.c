#include "src/kernels/packaged.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/cache.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/image.h"
#include "src/kernels/modtree.h"
#include "src/kernels/report.h"
#include "src/kernels/version.h"

/* A kernel in several packages: what people name, the image where that is apart, the modules. */
enum { FILES_MAX = 3 };

/* "6.1.192" of "1:6.1.192-2~deb12"; where that is no kernel version, the number a release begins
 * with. Heap, or NULL. */
static char *kernel_version(const char *package_version, const char *release)
{
	const char *colon = strchr(package_version, ':');
	const char *s = colon ? colon + 1 : package_version, *dash = strrchr(s, '-');
	size_t n = dash ? (size_t)(dash - s) : strlen(s);

	if (kver_parse(s, n, NULL))
		return xstrndup(s, n);
	for (n = strlen(release); n; n--)
		if (kver_parse(release, n, NULL))
			return xstrndup(release, n);
	return NULL;
}

/* Newer packages keep the image in the module tree only. */
static void adopt_tree_image(const char *entry, const char *bzimage)
{
	cleanup_free char *trees = file_join(entry, "lib/modules");
	struct dirent *d;
	DIR *dir = file_exists(bzimage) ? NULL : opendir(trees);

	while (dir && (d = readdir(dir))) {
		cleanup_free char *image = xasprintf("%s/%s/vmlinuz", trees, d->d_name);

		if (d->d_name[0] != '.' && rename(image, bzimage) == 0)
			break;
	}
	if (dir)
		closedir(dir);
}

static int no_kernel(const struct package *p, struct err *e)
{
	const char *name = p->control.package;

	err_set(e, EINVAL, "package '%s' (%s) holds no kernel: there is no boot/vmlinuz-* in it",
		p->path, name);
	if (str_starts(name, "linux-modules-"))
		err_hint(e, "the image is in linux-image-%s", name + strlen("linux-modules-"));
	else if (strstr(name, "-modules"))
		err_hint(e, "the image is in the package whose name ends in -core");
	else if (str_starts(name, "linux-image-"))
		err_hint(e, "the image may be in linux-binary-%s: put that .deb beside it",
			name + strlen("linux-image-"));
	return -EINVAL;
}

/* The unpacked kernel's release, and whether it is one at all. */
static int check_entry(const char *entry, const struct package *p, char **release, struct err *e)
{
	cleanup_free char *image = file_join(entry, "bzImage");
	struct image_info info;
	int rc;

	adopt_tree_image(entry, image);
	if (!file_exists(image))
		return no_kernel(p, e);
	rc = image_probe(image, &info, e);
	if (!rc && !info.release[0])
		rc = err_set(e, EINVAL, "the kernel image does not say its release");
	if (rc)
		return err_prefix(e, "package '%s'", p->path);
	*release = xstrdup(info.release);
	return 0;
}

static int write_metadata(const char *entry, const struct package *packages, size_t n,
	const char *manager, const char *release, struct err *e)
{
	cleanup_free char *path = file_join(entry, "metadata.json");
	cleanup_str struct str text = STR_INIT;
	struct metadata m = {
		.source = METADATA_PACKAGE,
		.manager = xstrdup(manager),
		.version = kernel_version(packages[0].control.version, release),
		.arch = xstrdup(KCACHE_ARCH),
		.image_name = xstrdup("bzImage"),
		.built_at = metadata_now(),
	};

	for (size_t i = 0; i < n; i++)
		vec_push(&m.packages, (struct metadata_package){
					      .name = xstrdup(packages[i].control.package),
					      .version = xstrdup(packages[i].control.version),
					      .size = packages[i].control.size,
					      .mtime_secs = packages[i].mtime_secs,
					      .mtime_nsecs = packages[i].mtime_nsecs,
				      });
	metadata_write(&m, &text);
	metadata_release(&m);
	return file_replace(path, str_get(&text), text.len, 0644, e);
}

/* Guests that have booted an older entry of this release keep it as long as they live. */
static int commit(const struct kstore *s, const char *release, const struct kernel_report *report,
	struct err *e)
{
	cleanup_free char *waiting =
		xasprintf("waiting for the readers of cache entry %s", release);
	const struct cache_lock wish = {
		.root = s->root,
		.key = release,
		.mode = LOCKFILE_EXCLUSIVE,
		.waiting = waiting,
		.limit_ns = CACHE_LOCK_STORE_NS,
		.report = report,
	};
	int lock = cache_lock_take(&wish, e), rc;

	if (lock == -ECANCELED || lock == -ETIMEDOUT)
		return lock;
	rc = kstore_commit(s, "entry", KCACHE_PACKAGED, release, e);
	if (lock >= 0)
		close(lock);
	return rc;
}

int packaged_store(const struct kstore *s, const struct package *packages, size_t n,
	const char *manager, const struct kernel_report *report, char **release, struct err *e)
{
	cleanup_free char *entry = file_join(s->dir, "entry");
	int rc = 0;

	*release = NULL;
	for (size_t i = 0; i < n && !rc; i++)
		rc = package_unpack(&packages[i], entry, report, e);
	rc = rc ? rc : check_entry(entry, &packages[0], release, e);
	rc = rc ? rc : write_metadata(entry, packages, n, manager, *release, e);
	rc = rc ? rc : commit(s, *release, report, e);
	if (rc)
		free(take_ptr(*release));
	return kstore_explain_space(s, rc, e);
}

/* ---- package files -------------------------------------------------------------------------- */

/* R of linux-image-R and its like; NULL for other packages. */
static const char *image_package_release(const char *name)
{
	static const char *const stems[] = {
		"linux-image-unsigned-", "linux-image-", "linux-binary-"};

	for (size_t i = 0; i < ARRAY_LEN(stems); i++)
		if (str_starts(name, stems[i]))
			return name + strlen(stems[i]);
	return NULL;
}

/* The names of the packages that may hold the rest of a kernel: Debian's carry its release, RPM's
 * share what is before "-core". */
static void sibling_names(const char *name, struct strv *out)
{
	static const char *const stems[] = {"linux-binary-", "linux-modules-"};
	const char *release = image_package_release(name);

	for (size_t i = 0; release && i < ARRAY_LEN(stems); i++)
		if (!str_starts(name, stems[i]))
			strv_pushf(out, "%s%s", stems[i], release);
	if (!str_ends(name, "-core") || str_ends(name, "-modules-core"))
		return;
	strv_pushf(out, "%.*s-modules-core", (int)(strlen(name) - strlen("-core")), name);
	strv_pushf(out, "%.*s-modules", (int)(strlen(name) - strlen("-core")), name);
}

/* NAME_VERSION_ARCH.deb, NAME-VERSION.ARCH.rpm; whether it is the very one, it says itself. */
static bool may_be(const char *file, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(file, name, n) && ((file[n] == '_' && str_ends(file, ".deb")) ||
						  (file[n] == '-' && str_ends(file, ".rpm")));
}

/* The package of this name beside another one, of the same version. */
static bool find_sibling(const struct package *p, const char *name, struct package *out)
{
	cleanup_free char *folder = xstrndup(p->path, (size_t)(file_base(p->path) - p->path));
	DIR *dir = opendir(*folder ? folder : ".");
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir))) {
		cleanup_free char *path = xasprintf("%s%s", folder, d->d_name);
		struct err ignored = ERR_INIT;

		if (!may_be(d->d_name, name) || package_open(path, out, &ignored))
			continue;
		found = !strcmp(out->control.version, p->control.version) &&
			!strcmp(out->control.package, name);
		if (!found)
			package_release(out);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The other packages of the kernel that files[0] belongs to; the number of all. */
static size_t find_siblings(struct package files[FILES_MAX])
{
	cleanup_strv struct strv names = STRV_INIT;
	size_t n = 1;

	sibling_names(files[0].control.package, &names);
	for (size_t i = 0; i < names.n && n < FILES_MAX; i++)
		n += find_sibling(&files[0], names.v[i], &files[n]);
	return n;
}

/* A file that was named is known by its time as well; what apt fetched is known by its version. */
static bool same_package(const struct metadata_package *a, const struct package *b, bool fetched)
{
	return strcmp(a->name, b->control.package) == 0 &&
	       strcmp(a->version, b->control.version) == 0 && a->size == b->control.size &&
	       (fetched || (a->mtime_secs == b->mtime_secs && a->mtime_nsecs == b->mtime_nsecs));
}

static bool same_packages(const struct metadata *m, const struct package *packages, size_t n)
{
	bool fetched = m->manager && strcmp(m->manager, "apt") == 0;

	if (m->source != METADATA_PACKAGE || m->packages.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_package(&m->packages.v[i], &packages[i], fetched))
			return false;
	return true;
}

/* The release of the entry that was unpacked from exactly these files; heap or NULL. */
static char *find_stored(const char *root, const struct package *packages, size_t n)
{
	struct kcache cache;
	char *release = NULL;

	if (kcache_scan(root, true, &cache, NULL))
		return NULL;
	for (size_t i = 0; i < cache.entries.n && !release; i++)
		if (!cache.entries.v[i].corrupt &&
			same_packages(&cache.entries.v[i].meta, packages, n))
			release = xstrdup(cache.entries.v[i].key);
	kcache_release(&cache);
	return release;
}

/* An image whose modules are a package of their own, which is not there. */
static void remark_modules(const char *root, const struct package *image, const char *release,
	const struct kernel_report *report)
{
	cleanup_free char *tree =
		xasprintf("%s/%s/%s/lib/modules/%s", root, KCACHE_PACKAGED, release, release);
	cleanup_strv struct strv names = STRV_INIT;

	if (modtree_holds_modules(tree))
		return;
	sibling_names(image->control.package, &names);
	report_note(report,
		"%s holds no modules%s%s; put what has them beside it, or give --modules DIR",
		file_base(image->path), names.n ? ": they come in " : "",
		names.n ? names.v[names.n - 1] : "");
}

static int store_files(const char *root, const struct package *packages, size_t n,
	const struct kernel_report *report, char **release, struct err *e)
{
	struct kstore s;
	int lock = cache_lock_work(root, "distro",
		"waiting for another ktstr that unpacks a kernel package", report, e);
	int rc = lock == -ECANCELED ? lock : 0;

	*release = rc ? NULL : find_stored(root, packages, n);
	if (!rc && !*release) {
		report_note(report, "unpacking %s into %s/%s", file_base(packages[0].path), root,
			KCACHE_PACKAGED);
		rc = kstore_begin(root, "package", &s, e);
		if (!rc) {
			rc = packaged_store(&s, packages, n, "file", report, release, e);
			kstore_end(&s);
		}
	}
	if (lock >= 0)
		close(lock);
	return rc;
}

int packaged_from_file(const char *root, const char *path, const struct kernel_report *report,
	char **release, struct err *e)
{
	struct package files[FILES_MAX] = {{0}};
	size_t n = 1;
	int rc = package_open(path, &files[0], e);

	if (rc)
		return rc;
	n = find_siblings(files);
	*release = find_stored(root, files, n);
	if (!*release)
		rc = store_files(root, files, n, report, release, e);
	if (!rc)
		remark_modules(root, &files[0], *release, report);
	for (size_t i = 0; i < n; i++)
		package_release(&files[i]);
	return rc;
}
