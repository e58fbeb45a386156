#include "src/kernels/cache_lock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/locks/holders.h"
#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/units.h"
#include "src/kernels/cache.h"
#include "src/kernels/report.h"

#define READER_PATIENCE_NS (10 * NS_PER_SEC)
enum { POLL_MS = 100 };

char *cache_lock_path(const char *root, const char *key)
{
	cleanup_free char *folder = file_join(root, KCACHE_LOCKS);

	return lockfile_keyed(folder, key);
}

/* ---- who holds it --------------------------------------------------------------------------- */

static void put_holders(const struct sysroot *machine, const struct lock_state *s, struct str *out)
{
	for (size_t i = 0; s && i < s->nholders; i++) {
		str_printf(out, "%spid=%d cmd=", i ? ", " : "", (int)s->holders[i].pid);
		holder_cmdline(machine, s->holders[i].pid, out);
	}
}

/* False, and nothing appended, where nobody is found. */
static bool find_holders(const char *path, struct str *out)
{
	struct sysroot *machine = sysroot_open(NULL, NULL);
	struct mounts *mounts = machine ? mounts_read(machine, NULL) : NULL;
	struct flocks *all = mounts ? flocks_read(machine, true, NULL) : NULL;
	size_t before = out->len;
	struct lock_id id;

	if (all && !lock_id_of(mounts, path, &id, NULL))
		put_holders(machine, flocks_of(all, &id), out);
	flocks_free(all);
	mounts_free(mounts);
	sysroot_close(machine);
	return out->len > before;
}

void cache_lock_holders(const char *path, struct str *out)
{
	if (!find_holders(path, out))
		str_add(out, "<none recorded>");
}

/* ---- taking it ------------------------------------------------------------------------------ */

static int timed_out(const struct cache_lock *l, const char *path, struct err *e)
{
	cleanup_str struct str holders = STR_INIT, limit = STR_INIT;

	cache_lock_holders(path, &holders);
	units_duration(&limit, l->limit_ns);
	err_set(e, ETIMEDOUT,
		"flock %s on cache entry %s timed out after %s (lockfile %s, holders: %s)",
		l->mode == LOCKFILE_SHARED ? "LOCK_SH" : "LOCK_EX", l->key, str_get(&limit), path,
		str_get(&holders));
	return err_hint(e, "`ktstr locks` shows who holds it; try again when they are done");
}

static void tell_waiting(const struct cache_lock *l, const char *path)
{
	cleanup_str struct str holders = STR_INIT;

	if (find_holders(path, &holders))
		report_note(l->report, "%s (holders: %s)", l->waiting, str_get(&holders));
	else
		report_note(l->report, "%s (holder not identified via /proc/locks)", l->waiting);
}

/* Others have it. 0 = try again. */
static int wait_a_little(
	const struct cache_lock *l, const char *path, uint64_t began, struct err *e)
{
	if (report_progress(l->report, "waiting", 0, 0))
		return err_set(e, ECANCELED, "cancelled while waiting for another ktstr");
	if (l->limit_ns && clock_mono_ns() - began >= l->limit_ns)
		return timed_out(l, path, e);
	poll(NULL, 0, POLL_MS);
	return 0;
}

int cache_lock_take(const struct cache_lock *l, struct err *e)
{
	cleanup_free char *path = cache_lock_path(l->root, l->key);
	uint64_t began = clock_mono_ns();
	bool said = false;
	int fd, rc = 0;

	while (!rc && (fd = lockfile_acquire(path, l->mode, NULL)) == -EWOULDBLOCK) {
		if (!said)
			tell_waiting(l, path);
		said = true;
		rc = wait_a_little(l, path, began, e);
	}
	return rc ? rc : fd < 0 ? -1 : fd;
}

int cache_lock_work(const char *root, const char *key, const char *waiting,
	const struct kernel_report *report, struct err *e)
{
	return cache_lock_take(
		&(struct cache_lock){
			.root = root,
			.key = key,
			.mode = LOCKFILE_EXCLUSIVE,
			.waiting = waiting,
			.report = report,
		},
		e);
}

/* ---- readers -------------------------------------------------------------------------------- */

/* The entry that ROOT/KEY/NAME or ROOT/.distro/KEY/NAME is of; heap, NULL = of none. */
static char *key_of(const char *root, const char *image)
{
	cleanup_free char *real_root = realpath(root, NULL), *real = realpath(image, NULL);
	size_t n = real_root ? strlen(real_root) : 0;
	const char *at, *end;

	if (!real_root || !real || strncmp(real, real_root, n) != 0 || real[n] != '/')
		return NULL;
	at = real + n + 1;
	if (str_starts(at, KCACHE_PACKAGED "/"))
		at += strlen(KCACHE_PACKAGED "/");
	end = strchr(at, '/');
	if (!end || *at == '.' || strchr(end + 1, '/'))
		return NULL;
	return xstrndup(at, (size_t)(end - at));
}

int cache_lock_read(const char *root, const char *image, const struct kernel_report *report,
	int *fd, struct err *e)
{
	cleanup_free char *key = key_of(root, image);
	cleanup_free char *waiting =
		key ? xasprintf("waiting for another ktstr that writes cache entry %s", key) : NULL;
	const struct cache_lock l = {
		.root = root,
		.key = key,
		.mode = LOCKFILE_SHARED,
		.waiting = waiting,
		.limit_ns = READER_PATIENCE_NS,
		.report = report,
	};
	int rc = key ? cache_lock_take(&l, e) : -1;

	*fd = rc < 0 ? -1 : rc;
	return rc < -1 ? rc : 0;
}
