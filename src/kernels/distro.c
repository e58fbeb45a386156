#include "src/kernels/distro.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/base/units.h"
#include "src/kernels/apt.h"
#include "src/kernels/cache.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/image.h"
#include "src/kernels/packaged.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"

enum { PACKAGES_MAX = 8 };

char *distro_cached(const char *root, bool fetched_only)
{
	struct kcache cache;
	char *release = NULL;

	if (kcache_scan(root, true, &cache, NULL))
		return NULL;
	for (size_t i = 0; i < cache.entries.n && !release; i++) {
		const struct kcache_entry *entry = &cache.entries.v[i];
		const char *manager = entry->meta.manager;
		struct image_info info;

		if (entry->corrupt || strcmp(entry->meta.arch, KCACHE_ARCH) != 0)
			continue;
		/* one that was damaged since is fetched anew rather than stumbled over */
		if (image_probe(entry->image, &info, NULL))
			continue;
		if (!fetched_only || (manager && strcmp(manager, "apt") == 0))
			release = xstrdup(entry->key);
	}
	kcache_release(&cache);
	return release;
}

/* "a 1", "a and b 1" where they share their version, else "a 1 and b 2". */
static void list_packages(const struct apt_plan *plan, struct str *line)
{
	bool shared = true;

	for (size_t i = 1; i < plan->packages.n; i++)
		shared &= strcmp(plan->packages.v[i].version, plan->packages.v[0].version) == 0;
	for (size_t i = 0; i < plan->packages.n; i++) {
		bool last = i + 1 == plan->packages.n;

		str_printf(line, "%s%s",
			!i     ? ""
			: last ? " and "
			       : ", ",
			plan->packages.v[i].package);
		if (last || !shared)
			str_printf(line, " %s", plan->packages.v[i].version);
	}
}

/* One line before it starts: what, how big, where to. */
static void announce(
	const struct apt_plan *plan, const char *root, const struct kernel_report *report)
{
	cleanup_str struct str line = STR_INIT;

	list_packages(plan, &line);
	if (plan->bytes) {
		str_add(&line, " (");
		units_bytes(&line, plan->bytes);
		str_add(&line, ")");
	}
	report_note(report,
		"fetching the distribution's kernel %s with apt-get into %s/%s; nothing is "
		"installed",
		str_get(&line), root, KCACHE_PACKAGED);
}

/* Private lists. One broken archive of several makes apt-get complain: what counts is whether the
 * kernel is in what it did get. */
static int renew(struct apt *a, struct apt_plan *plan, struct err *e)
{
	struct err update = ERR_INIT;
	int failed = apt_update(a, &update), rc;

	if (failed && failed != -EIO) {
		*e = update;
		return failed;
	}
	rc = apt_find_kernel(a, plan, e);
	if (failed && rc == -ENOENT) {
		*e = update;
		return failed;
	}
	if (failed && !rc)
		report_note(a->report, "%s", update.msg);
	return rc;
}

/* The lists of the machine where it has some, else private ones. */
static int find(struct apt *a, struct apt_plan *plan, struct err *e)
{
	int rc = apt_find_kernel(a, plan, e);

	return rc == -ENOENT ? renew(a, plan, e) : rc;
}

static int download(
	struct apt *a, struct apt_plan *plan, const char *debs, const char *root, struct err *e)
{
	int rc;

	announce(plan, root, a->report);
	rc = apt_download(a, plan, debs, e);
	if (rc != -ESTALE || a->own_lists)
		return rc;
	report_note(a->report, "this machine's package lists are out of date");
	apt_plan_release(plan);
	rc = renew(a, plan, e);
	if (rc)
		return rc;
	announce(plan, root, a->report);
	return apt_download(a, plan, debs, e);
}

/* The downloaded files as packages, the plan's first one first. */
static int open_downloads(const struct apt_plan *plan, const char *debs,
	struct package out[PACKAGES_MAX], size_t *n, struct err *e)
{
	struct dirent *d;
	DIR *dir = opendir(debs);
	int rc = 0;

	*n = 0;
	while (!rc && dir && (d = readdir(dir)) && *n < PACKAGES_MAX) {
		cleanup_free char *path = file_join(debs, d->d_name);

		if (!str_ends(d->d_name, ".deb"))
			continue;
		rc = package_open(path, &out[*n], e);
		if (rc)
			break;
		/* the archive's file, not a person's: its time means nothing */
		out[*n].mtime_secs = out[*n].mtime_nsecs = 0;
		if (strcmp(out[*n].control.package, plan->packages.v[0].package) == 0) {
			struct package p = out[0];

			out[0] = out[*n];
			out[*n] = *n ? p : out[0];
		}
		++*n;
	}
	if (dir)
		closedir(dir);
	if (!rc && (!*n || strcmp(out[0].control.package, plan->packages.v[0].package) != 0))
		rc = err_set(
			e, EIO, "apt-get left no package file of %s", plan->packages.v[0].package);
	return rc;
}

static int unpack_downloads(const struct kstore *s, const struct apt_plan *plan, const char *debs,
	const struct kernel_report *report, char **release, struct err *e)
{
	struct package packages[PACKAGES_MAX] = {{0}};
	size_t n;
	int rc = open_downloads(plan, debs, packages, &n, e);

	rc = rc ? rc : packaged_store(s, packages, n, "apt", report, release, e);
	for (size_t i = 0; i < n; i++)
		package_release(&packages[i]);
	return rc;
}

static int fetch_into(
	const struct kstore *s, const struct kernel_report *report, char **release, struct err *e)
{
	cleanup_free char *state = file_join(s->dir, "apt"), *debs = file_join(s->dir, "debs");
	struct apt a = {.dir = state, .report = report};
	struct apt_plan plan = {{0}};
	int rc = file_mkdirs(debs, 0755, e);

	rc = rc ? rc : find(&a, &plan, e);
	rc = rc ? rc : download(&a, &plan, debs, s->root, e);
	if (rc)
		kstore_explain_space(s, rc, e);
	rc = rc ? rc : unpack_downloads(s, &plan, debs, report, release, e);
	apt_plan_release(&plan);
	return rc;
}

int distro_fetch(const struct place *p, const char *root, const struct kernel_report *report,
	char **release, struct err *e)
{
	struct kstore s;
	int rc = apt_present(p->prefix, e), lock;

	*release = NULL;
	rc = rc ? rc : arc_available(e);
	if (rc)
		return rc;
	lock = cache_lock_work(
		root, "distro", "waiting for another ktstr that fetches the kernel", report, e);
	if (lock == -ECANCELED)
		return lock;
	*release = distro_cached(root, true);
	if (!*release) {
		rc = kstore_begin(root, "distro", &s, e);
		if (!rc) {
			rc = fetch_into(&s, report, release, e);
			kstore_end(&s);
		}
	}
	if (lock >= 0)
		close(lock);
	return rc;
}
