#include "src/kernels/clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/kernels/cache_lock.h"

enum { STAMP = 32 };

/* As built_at is written, which is compared as text. */
static void stamp(uint64_t secs, char out[STAMP])
{
	time_t t = (time_t)secs;
	struct tm tm;

	out[0] = 0;
	if (gmtime_r(&t, &tm))
		strftime(out, STAMP, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A corrupt entry does not say when it was made: its folder does. */
static bool is_older(const struct kcache_entry *entry, uint64_t older_ns)
{
	uint64_t now = clock_real_ns();
	char limit[STAMP], made[STAMP];
	struct stat st;

	if (!older_ns)
		return true;
	stamp((now > older_ns ? now - older_ns : 0) / NS_PER_SEC, limit);
	if (!entry->corrupt)
		return strcmp(entry->meta.built_at, limit) < 0;
	if (stat(entry->dir, &st))
		return true;
	stamp((uint64_t)st.st_mtime, made);
	return strcmp(made, limit) < 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_kind(const struct kcache_entry *a, const struct kcache_entry *b)
{
	return a->packaged == b->packaged && same_text(a->meta.version, b->meta.version) &&
	       same_text(a->meta.kconfig_hash, b->meta.kconfig_hash) &&
	       same_text(a->meta.extra_kconfig_hash, b->meta.extra_kconfig_hash);
}

/* How many of the kind come before it in the list: the newer ones. */
static uint32_t newer_ones(const struct kcache *c, size_t at)
{
	uint32_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += !c->entries.v[i].corrupt && same_kind(&c->entries.v[i], &c->entries.v[at]);
	return n;
}

void clean_pick(const struct kcache *c, const struct clean_options *o, struct clean_set *out)
{
	*out = (struct clean_set){0};
	for (size_t i = 0; i < c->entries.n; i++) {
		const struct kcache_entry *entry = &c->entries.v[i];

		if (!entry->corrupt && (o->corrupt_only || newer_ones(c, i) < o->keep))
			continue;
		if (is_older(entry, o->older_ns))
			vec_push(&out->list, i);
	}
}

void clean_set_release(struct clean_set *s)
{
	free(s->list.v);
	*s = (struct clean_set){0};
}

/* The entry's lock; -1 where the file system has none: the rename is safe without. */
static int lock(const char *root, const struct kcache_entry *entry, struct err *e)
{
	cleanup_free char *path = cache_lock_path(root, entry->key);
	cleanup_str struct str holders = STR_INIT;
	int fd = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, NULL);

	if (fd != -EWOULDBLOCK)
		return fd < 0 ? -1 : fd;
	cache_lock_holders(path, &holders);
	return err_set(e, EBUSY, "%s is in use (lockfile %s, holders: %s)", entry->key, path,
		str_get(&holders));
}

static int take_away(const char *root, const struct kcache_entry *entry, struct err *e)
{
	cleanup_free char *aside = xasprintf("%s/.tmp-%s-%d", root, entry->key, (int)getpid());
	const char *gone = rename(entry->dir, aside) ? entry->dir : aside;

	if (gone == entry->dir && errno == ENOENT)
		return 0;
	return file_remove_tree(gone, e);
}

int clean_remove(const char *root, const struct kcache_entry *entry, bool even_busy, struct err *e)
{
	int fd = even_busy ? -1 : lock(root, entry, e), rc;

	if (fd == -EBUSY)
		return fd;
	rc = take_away(root, entry, e);
	if (fd >= 0)
		close(fd);
	return rc;
}
