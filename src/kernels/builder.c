/* What building from an archive and from a tree have in common: the cache on both sides of it. */
#include "src/kernels/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/parse.h"
#include "src/kernels/builder_state.h"
#include "src/kernels/cache.h"
#include "src/kernels/cache_lock.h"
#include "src/kernels/modules.h"
#include "src/kernels/report.h"
#include "src/kernels/store.h"
#include "src/kernels/strip.h"

#define VMLINUX_MAX (2ULL << 30)
enum { COUNT_BYTES_MAX = 32 };

void kbuilt_release(struct kbuilt *k)
{
	free(k->key);
	free(k->image);
	*k = (struct kbuilt){0};
}

char *kbuild_suffix(const struct kbuild *b)
{
	char base[KCONFIG_HASH + 1], extra[KCONFIG_HASH + 1];

	kconfig_hash(b->base, base);
	if (!b->extra)
		return xasprintf("kc%s", base);
	kconfig_crc(b->extra, strlen(b->extra), extra);
	return xasprintf("kc%s-xkc%s", base, extra);
}

/* ---- before --------------------------------------------------------------------------------- */

bool builder_cached(const struct kbuild *b, const char *key, struct kbuilt *out)
{
	struct kcache_entry entry;
	bool valid;

	if (b->force || kcache_read(b->root, key, false, &entry))
		return false;
	valid = !entry.corrupt;
	if (valid) {
		*out = (struct kbuilt){
			.key = xstrdup(key), .image = xstrdup(entry.image), .cached = true};
		report_note(b->report, "cached kernel found: %s", entry.dir);
		report_note(b->report, "use --force to rebuild");
	}
	kcache_entry_release(&entry);
	return valid;
}

void builder_say_populated(const struct kbuild *b, const char *key)
{
	report_note(b->report, "concurrent ktstr build populated cache slot %s", key);
}

int builder_check_force(const struct kbuild *b, const char *key, struct err *e)
{
	cleanup_free char *path = cache_lock_path(b->root, key);
	cleanup_str struct str holders = STR_INIT;
	cleanup_close int fd = b->force ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	cache_lock_holders(path, &holders);
	err_set(e, EBUSY,
		"cache entry \"%s\" is locked by active test runs (lockfile %s, holders: %s)", key,
		path, str_get(&holders));
	return err_hint(e, "ktstr locks shows who holds it; try again when they are done");
}

/* ---- the build ------------------------------------------------------------------------------ */

/* The measure of a build: how many objects the last one of its kind made. */
struct measure {
	char *whole,
		*part; /* paths, owned: of whole builds; of what was made before an interruption */
	bool incremental; /* only what changed is made: nobody knows how much that is */
	uint64_t expected, already;
};

/* A tree with a configuration of its own is a kind of its own. */
static char *count_path(const struct kbuild *b, const char *tree, bool own)
{
	char crc[KCONFIG_HASH + 1];

	if (!own)
		return xasprintf("%s/" UPSTREAM_DOWNLOADS "/objects-%s", b->root,
			kconfig_base_name(b->base));
	kconfig_crc(tree, strlen(tree), crc);
	return xasprintf("%s/" UPSTREAM_DOWNLOADS "/objects-tree-%s", b->root, crc);
}

static uint64_t read_count(const char *path)
{
	cleanup_str struct str text = STR_INIT;
	uint64_t n = 0;

	if (file_read(path, COUNT_BYTES_MAX, &text, NULL) || parse_u64(str_get(&text), &n, NULL))
		return 0;
	return n;
}

static void write_count(const char *path, uint64_t n)
{
	cleanup_free char *text = xasprintf("%llu", (unsigned long long)n);
	cleanup_free char *folder = file_dir(path);

	if (!file_mkdirs(folder, 0755, NULL))
		file_replace(path, text, strlen(text), 0644, NULL);
}

static struct measure measure_of(const struct kbuild *b, const char *tree, bool persistent)
{
	cleanup_free char *config = file_join(tree, ".config"), *built = file_join(tree, "vmlinux");
	bool anew = !persistent || b->clean;
	cleanup_free char *of_tree = count_path(b, tree, true);
	struct measure m = {
		.whole = count_path(b, tree, !anew && file_exists(config)),
		.part = xasprintf("%s.part", of_tree),
		.incremental = !anew && file_exists(built),
	};

	m.already = anew || m.incremental ? 0 : read_count(m.part);
	/* the configuration of an interrupted build is that of its base, not a person's */
	if (m.already && !read_count(m.whole)) {
		free(m.whole);
		m.whole = count_path(b, tree, false);
	}
	m.expected = m.incremental ? 0 : read_count(m.whole);
	return m;
}

static void keep_measure(const struct measure *m, int rc, uint64_t made)
{
	if (m->incremental)
		return;
	write_count(rc ? m->part : m->whole, m->already + made);
	if (!rc)
		unlink(m->part);
}

int builder_share(const struct kbuild *b, unsigned *jobs, struct err *e)
{
	*jobs = 1;
	return b->share ? b->share(b->user, jobs, e) : 0;
}

int builder_make(const struct kbuild *b, const char *tree, bool persistent,
	struct build_result *out, struct err *e)
{
	struct measure m = measure_of(b, tree, persistent);
	struct build build = {
		.tree = tree,
		.base = b->base,
		.extra = b->extra,
		.clean = b->clean && persistent,
		.persistent = persistent,
		.expected = m.expected,
		.already = m.already,
		.verbose = b->verbose,
		.report = b->report,
	};
	int rc = builder_share(b, &build.jobs, e);

	*out = (struct build_result){0};
	rc = rc ? rc : build_kernel(&build, out, e);
	if (!rc || persistent)
		keep_measure(&m, rc, out->objects);
	free(m.whole);
	free(m.part);
	return rc;
}

/* ---- the entry ------------------------------------------------------------------------------ */

static int copy_file(const char *from, const char *to, struct err *e)
{
	cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	char buf[1 << 16];
	ssize_t n;
	int rc;

	if (in < 0)
		return err_sys(e, errno, "cannot read '%s'", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return err_sys(e, errno, "cannot create '%s'", to);
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		rc = file_write_fd(out, buf, (size_t)n);
		if (rc)
			return err_sys(e, rc, "cannot write '%s'", to);
	}
	return n < 0 ? err_sys(e, errno, "cannot read '%s'", from) : 0;
}

/* Stripped where that works, as it is elsewhere. */
static int put_vmlinux(
	const struct kbuild *b, const char *from, const char *to, struct metadata *m, struct err *e)
{
	cleanup_str struct str whole = STR_INIT, stripped = STR_INIT;
	struct err why = ERR_INIT;
	int rc = file_read(from, VMLINUX_MAX, &whole, e);

	if (rc)
		return rc;
	report_note(b->report, "caching vmlinux (%zu MiB, will be stripped)", whole.len >> 20);
	m->has_vmlinux = true;
	m->vmlinux_stripped =
		!strip_vmlinux((const unsigned char *)whole.s, whole.len, &stripped, &why);
	if (!m->vmlinux_stripped)
		report_note(b->report, "warning: %s; it is cached whole", why.msg);
	rc = m->vmlinux_stripped ? file_replace(to, stripped.s, stripped.len, 0644, e)
				 : copy_file(from, to, e);
	return rc;
}

static int write_metadata(const char *dir, const struct metadata *m, struct err *e)
{
	cleanup_free char *path = file_join(dir, "metadata.json");
	cleanup_str struct str text = STR_INIT;

	metadata_write(m, &text);
	return file_replace(path, str_get(&text), text.len, 0644, e);
}

static void complete(const struct kbuild *b, const struct build_result *r, struct metadata *m)
{
	char hash[KCONFIG_HASH + 1];

	m->arch = xstrdup(KCACHE_ARCH);
	m->image_name = xstrdup("bzImage");
	m->built_at = metadata_now();
	m->config_hash = xstrdup(r->config_hash);
	kconfig_hash(b->base, hash);
	m->kconfig_hash = xstrdup(hash);
	if (b->extra) {
		kconfig_crc(b->extra, strlen(b->extra), hash);
		m->extra_kconfig_hash = xstrdup(hash);
	}
}

static int fill(const struct kbuild *b, const char *dir, const struct build_result *r,
	struct metadata *m, struct err *e)
{
	cleanup_free char *image = file_join(dir, "bzImage"), *vmlinux = file_join(dir, "vmlinux");
	int rc = file_mkdirs(dir, 0755, e);

	rc = rc ? rc : copy_file(r->image, image, e);
	if (!rc && r->vmlinux)
		rc = put_vmlinux(b, r->vmlinux, vmlinux, m, e);
	else if (!rc)
		report_note(b->report, "warning: vmlinux not found, BTF will not be cached");
	rc = rc ? rc : modules_put(r->tree, r->image, dir, b->report, e);
	return rc ? rc : write_metadata(dir, m, e);
}

/* How long the readers of an entry are waited for (spec/host 2.10). */
static uint64_t store_patience(const struct kbuild *b)
{
	const char *given = b->place->store_timeout;
	struct err why = ERR_INIT;
	uint64_t ns;

	if (!given || !*given)
		return CACHE_LOCK_STORE_NS;
	if (!parse_duration(given, &ns, &why) && ns)
		return ns;
	report_note(b->report,
		"warning: KTSTR_CACHE_STORE_LOCK_TIMEOUT=%s is no time to wait: it is 5m", given);
	return CACHE_LOCK_STORE_NS;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Another build of the same came first: readers keep what they have. With --force a person wants
 * their own. */
static bool is_stored(const struct kbuild *b, const char *key, const struct build_result *r,
	const struct metadata *m)
{
	struct kcache_entry there;
	bool same;

	if (b->force || kcache_read(b->root, key, false, &there))
		return false;
	same = !there.corrupt && same_text(there.meta.config_hash, m->config_hash) &&
	       same_text(there.meta.kconfig_hash, m->kconfig_hash) &&
	       same_text(there.meta.extra_kconfig_hash, m->extra_kconfig_hash) &&
	       there.meta.has_vmlinux == (r->vmlinux != NULL);
	kcache_entry_release(&there);
	return same;
}

static int put_entry(const struct kbuild *b, const char *key, const struct build_result *r,
	struct metadata *m, struct err *e)
{
	cleanup_free char *made = NULL;
	struct kstore s;
	int rc = kstore_begin(b->root, key, &s, e);

	if (rc)
		return rc;
	made = file_join(s.dir, "entry");
	rc = fill(b, made, r, m, e);
	rc = rc ? rc : kstore_commit(&s, "entry", "", key, e);
	rc = kstore_explain_space(&s, rc, e);
	kstore_end(&s);
	return rc;
}

static int store(const struct kbuild *b, const char *key, const struct build_result *r,
	struct metadata *m, struct err *e)
{
	cleanup_free char *waiting = xasprintf("waiting for the readers of cache entry %s", key);
	const struct cache_lock wish = {
		.root = b->root,
		.key = key,
		.mode = LOCKFILE_EXCLUSIVE,
		.waiting = waiting,
		.limit_ns = store_patience(b),
		.report = b->report,
	};
	int lock = cache_lock_take(&wish, e), rc = 0;

	if (lock == -ECANCELED || lock == -ETIMEDOUT)
		return lock;
	if (is_stored(b, key, r, m))
		builder_say_populated(b, key);
	else
		rc = put_entry(b, key, r, m, e);
	if (lock >= 0)
		close(lock);
	return rc;
}

int builder_store(const struct kbuild *b, const char *key, const struct build_result *r,
	struct metadata *m, struct kbuilt *out, struct err *e)
{
	int rc;

	complete(b, r, m);
	rc = store(b, key, r, m, e);
	if (rc == -ECANCELED)
		return rc;
	if (rc) {
		report_note(b->report, "warning: cache store failed: %s", e->msg);
		*out = (struct kbuilt){.image = xstrdup(r->image)};
		return 0;
	}
	*out = (struct kbuilt){
		.key = xstrdup(key), .image = xasprintf("%s/%s/bzImage", b->root, key)};
	return 0;
}
