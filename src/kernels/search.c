#include "src/kernels/search.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/image.h"
#include "src/kernels/modtree.h"
#include "src/kernels/report.h"

/* Whoever uses the path may stand in another folder than we do. */
static char *absolute(const char *path)
{
	cleanup_free char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	return here ? file_join(here, path) : xstrdup(path);
}

static int add_modules(const struct search *s, struct kernel *k, struct err *e)
{
	if (s->modules) {
		cleanup_free char *named = modtree_named(s->place, s->modules, k->release, e);

		k->modules = named ? absolute(named) : NULL;
		return named ? 0 : -e->code;
	}
	k->modules = modtree_find(s->place, k->image, k->release);
	if (!k->modules)
		report_note(s->report,
			"no module tree found for kernel %s: the guest has only what is built into "
			"it, and the serial port serves, slower (--modules DIR names a tree)",
			k->release ? k->release : k->image);
	return 0;
}

static int fill(const struct search *s, const struct image_info *info, const char *image,
	const char *origin, struct err *e)
{
	struct kernel *k = s->out;

	k->image = absolute(image);
	k->release = info->release[0] ? xstrdup(info->release) : NULL;
	k->origin = xstrdup(origin);
	k->init_size = info->init_size;
	return add_modules(s, k, e);
}

/* Before the image is looked at: what is locked stays as it is seen. */
static int hold_entry(const struct search *s, const char *image, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, NULL);
	int fd = -1, rc = root ? cache_lock_read(root, image, s->report, &fd, e) : 0;

	s->out->lock = fd < 0 ? 0 : fd;
	return rc;
}

int search_take(const struct search *s, const char *image, const char *origin, struct err *e)
{
	struct image_info info;
	int rc = hold_entry(s, image, e);

	rc = rc ? rc : image_probe(image, &info, e);
	if (rc == -EACCES)
		err_hint(e, "make it readable, or name another kernel: --kernel distro");
	rc = rc ? rc : fill(s, &info, image, origin, e);
	if (rc)
		kernel_release(s->out);
	return rc;
}

int search_try(const struct search *s, const char *image, const char *origin, struct err *e)
{
	struct image_info info;
	struct err why = ERR_INIT;
	int rc;

	if (!file_exists(image))
		return 0;
	rc = hold_entry(s, image, &why);
	rc = rc ? rc : image_probe(image, &info, &why);
	if (rc == -ECANCELED) {
		*e = why;
		return rc;
	}
	if (rc) {
		kernel_release(s->out);
		report_note(s->report, "skipping a kernel: %s", why.msg);
		return 0;
	}
	rc = fill(s, &info, image, origin, e);
	if (rc)
		kernel_release(s->out);
	return rc ? rc : 1;
}

/* ---- cache entries -------------------------------------------------------------------------- */

static void remark_unstripped(const struct search *s, const struct kcache_entry *entry)
{
	if (entry->meta.has_vmlinux && !entry->meta.vmlinux_stripped)
		report_note(s->report,
			"warning: using unstripped vmlinux of cache entry %s: it takes more room "
			"than it needs to",
			entry->key);
}

int search_take_entry(const struct search *s, const struct kcache_entry *entry, struct err *e)
{
	cleanup_free char *origin = xasprintf("cache entry %s", entry->key);
	int rc = search_take(s, entry->image, origin, e);

	if (!rc)
		remark_unstripped(s, entry);
	return rc == -ENOENT ? -EIO : rc;
}

int search_try_entry(const struct search *s, const struct kcache_entry *entry, struct err *e)
{
	cleanup_free char *origin = xasprintf("cache entry %s", entry->key);
	int rc = search_try(s, entry->image, origin, e);

	if (rc > 0)
		remark_unstripped(s, entry);
	return rc;
}
