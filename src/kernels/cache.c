#include "src/kernels/cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/kernels/kconfig.h"

static char *folder_of(const char *root, bool packaged)
{
	return packaged ? file_join(root, KCACHE_PACKAGED) : xstrdup(root);
}

int kcache_read(const char *root, const char *key, bool packaged, struct kcache_entry *out)
{
	cleanup_free char *folder = folder_of(root, packaged);

	memset(out, 0, sizeof(*out));
	out->dir = file_join(folder, key);
	out->key = xstrdup(key);
	out->packaged = packaged;
	if (!file_is_dir(out->dir)) {
		kcache_entry_release(out);
		return -ENOENT;
	}
	if (metadata_read(out->dir, &out->meta, &out->fault)) {
		out->corrupt = true;
		return 0;
	}
	out->image = file_join(out->dir, out->meta.image_name);
	if (!file_exists(out->image)) {
		out->corrupt = true;
		out->fault.kind = "image_missing";
		snprintf(out->fault.reason, sizeof(out->fault.reason),
			"image file %.128s missing from entry directory", out->meta.image_name);
		free(take_ptr(out->image));
		metadata_release(&out->meta);
	}
	return 0;
}

void kcache_entry_release(struct kcache_entry *entry)
{
	free(entry->key);
	free(entry->dir);
	free(entry->image);
	metadata_release(&entry->meta);
	memset(entry, 0, sizeof(*entry));
}

static int list_order(const void *a, const void *b)
{
	const struct kcache_entry *x = a, *y = b;
	int by = 0;

	if (x->corrupt != y->corrupt)
		return x->corrupt ? 1 : -1;
	if (!x->corrupt)
		by = strcmp(y->meta.built_at, x->meta.built_at);
	return by ? by : strcmp(x->key, y->key);
}

int kcache_scan(const char *root, bool packaged, struct kcache *out, struct err *e)
{
	cleanup_free char *folder = folder_of(root, packaged);
	struct dirent *d;
	DIR *dir = opendir(folder);

	memset(out, 0, sizeof(*out));
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_sys(e, errno, "cannot read the kernel cache '%s'", folder);
	while ((d = readdir(dir))) {
		struct kcache_entry entry;

		if (d->d_name[0] != '.' && kcache_read(root, d->d_name, packaged, &entry) == 0)
			vec_push(&out->entries, entry);
	}
	closedir(dir);
	if (out->entries.n)
		qsort(out->entries.v, out->entries.n, sizeof(out->entries.v[0]), list_order);
	return 0;
}

int kcache_scan_all(const char *root, struct kcache *out, struct err *e)
{
	struct kcache packaged;
	int rc = kcache_scan(root, false, out, e);

	if (rc)
		return rc;
	rc = kcache_scan(root, true, &packaged, e);
	for (size_t i = 0; i < packaged.entries.n; i++)
		vec_push(&out->entries, packaged.entries.v[i]);
	free(packaged.entries.v);
	if (out->entries.n)
		qsort(out->entries.v, out->entries.n, sizeof(out->entries.v[0]), list_order);
	if (rc)
		kcache_release(out);
	return rc;
}

void kcache_release(struct kcache *c)
{
	for (size_t i = 0; i < c->entries.n; i++)
		kcache_entry_release(&c->entries.v[i]);
	free(c->entries.v);
	memset(c, 0, sizeof(*c));
}

enum kcache_kconfig kcache_kconfig(const struct metadata *m)
{
	if (!m->kconfig_hash)
		return KCONFIG_UNTRACKED;
	return kconfig_base_of(m->kconfig_hash) < KCONFIG_BASES ? KCONFIG_MATCHES : KCONFIG_STALE;
}
