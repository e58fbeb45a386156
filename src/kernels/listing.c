#include "src/kernels/listing.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/kernels/entry_use.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/releases.h"
#include "src/kernels/upstream.h"

/* A list of kernels is not to wait for a network: what cannot be had at once is done without. */
#define FETCH_NS NS_PER_SEC

#define ROW "  %-48s %-12s %-8s %-7s %s" /* spec/host 4.10 */

static bool too_late(void *user, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)done;
	(void)total;
	return clock_mono_ns() >= *(const uint64_t *)user;
}

static int read_series(
	const struct place *place, const char *root, bool offline, struct strv *out, struct err *e)
{
	static const struct http_patience quick = {.connect_s = 1, .stall_s = 1, .attempts = 1};
	uint64_t deadline = clock_mono_ns() + FETCH_NS;
	const struct kernel_report report = {.user = &deadline, .progress = too_late};
	const struct upstream u = {.place = place,
		.root = root,
		.offline = offline,
		.patience = &quick,
		.report = &report};
	struct releases list;
	int rc = upstream_releases(&u, &list, e);

	if (rc)
		return rc;
	releases_active(&list, out);
	releases_release(&list);
	return 0;
}

void listing_ask_series(struct listing *l, const struct place *place, bool offline)
{
	struct err e = ERR_INIT;
	int rc = read_series(place, l->root, offline, &l->active, &e);

	/* an old list says more than none */
	if (rc && (offline || read_series(place, l->root, true, &l->active, NULL)))
		l->fetch_error = xstrdup(e.msg);
}

int listing_scan(struct listing *l, const char *root, struct err *e)
{
	*l = (struct listing){.root = xstrdup(root)};
	int rc = kcache_scan_all(root, &l->cache, e);

	if (rc)
		listing_release(l);
	return rc;
}

static bool has_versions(const struct listing *l)
{
	for (size_t i = 0; i < l->cache.entries.n; i++)
		if (l->cache.entries.v[i].meta.version)
			return true;
	return false;
}

int listing_load(
	struct listing *l, const struct place *place, const char *root, bool offline, struct err *e)
{
	int rc = listing_scan(l, root, e);

	if (!rc && has_versions(l))
		listing_ask_series(l, place, offline);
	return rc;
}

void listing_release(struct listing *l)
{
	free(l->root);
	free(l->fetch_error);
	strv_release(&l->active);
	kcache_release(&l->cache);
	*l = (struct listing){0};
}

bool listing_is_eol(const struct listing *l, const struct kcache_entry *entry)
{
	cleanup_str struct str series = STR_INIT;

	/* a packaged kernel is its distribution's to look after */
	if (!l->active.n || entry->packaged || !entry->meta.version ||
		!releases_series(entry->meta.version, &series))
		return false;
	return !strv_has(&l->active, str_get(&series));
}

/* ---- text -------------------------------------------------------------------------------------
 */

static const char *source_word(const struct kcache_entry *entry)
{
	return entry->meta.source == METADATA_PACKAGE ? "distro"
						      : metadata_source_name(entry->meta.source);
}

/* Packages are not configured by us: there is nothing to compare. */
static bool is_marked(const struct kcache_entry *entry, enum kcache_kconfig k)
{
	return !entry->corrupt && !entry->packaged && kcache_kconfig(&entry->meta) == k;
}

static void add_tags(const struct listing *l, const struct kcache_entry *entry, struct str *out)
{
	if (is_marked(entry, KCONFIG_STALE))
		str_add(out, " (stale kconfig)");
	if (is_marked(entry, KCONFIG_UNTRACKED))
		str_add(out, " (untracked kconfig)");
	if (entry->meta.extra_kconfig_hash)
		str_add(out, " (extra kconfig)");
	if (listing_is_eol(l, entry))
		str_add(out, " (EOL)");
}

static const char *base_word(const struct kcache_entry *entry)
{
	enum kconfig_base b = entry->meta.kconfig_hash ? kconfig_base_of(entry->meta.kconfig_hash)
						       : KCONFIG_BASES;

	return b < KCONFIG_BASES ? kconfig_base_name(b) : "-";
}

static void add_detail(const struct kcache_entry *entry, struct str *out)
{
	struct entry_use use;
	cleanup_str struct str size = STR_INIT, used = STR_INIT;

	entry_use_read(entry->dir, entry->image, &use);
	entry_use_format(&use, &size, &used);
	str_printf(out, "  %-9s %7s  %s", base_word(entry), str_get(&size), str_get(&used));
}

void listing_row(
	const struct listing *l, const struct kcache_entry *entry, bool detail, struct str *out)
{
	const struct metadata *m = &entry->meta;

	if (entry->corrupt) {
		str_printf(out, "  %-48s (corrupt: %s)", entry->key, entry->fault.reason);
		return;
	}
	str_printf(out, ROW, entry->key, m->version ? m->version : "-", source_word(entry), m->arch,
		m->built_at);
	if (detail)
		add_detail(entry, out);
	add_tags(l, entry, out);
}

void listing_text(const struct listing *l, bool detail, struct str *out)
{
	if (!l->cache.entries.n) {
		str_add(out, "no cached kernels. Run `kernel build` to download and build a "
			     "kernel.\n");
		return;
	}
	str_printf(out, ROW, "KEY", "VERSION", "SOURCE", "ARCH", "BUILT");
	if (detail)
		str_printf(out, "%*s  %-9s %7s  %s", 15, "", "BASE", "SIZE", "USED");
	str_addc(out, '\n');
	for (size_t i = 0; i < l->cache.entries.n; i++) {
		listing_row(l, &l->cache.entries.v[i], detail, out);
		str_addc(out, '\n');
	}
}

static size_t count_corrupt(const struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->cache.entries.n; i++)
		n += l->cache.entries.v[i].corrupt;
	return n;
}

static void corrupt_legend(const struct listing *l, size_t n, struct str *out)
{
	str_printf(out,
		"%zu corrupt %s Run `cargo ktstr kernel clean --corrupt-only` to remove. "
		"(`ktstr kernel clean --corrupt-only` does the same.)\n"
		"warning: entries marked (corrupt) cannot be used: their metadata is missing or "
		"malformed, or they have a missing image. Look at them under %s; `kernel clean "
		"--corrupt-only --force` removes them alone, `kernel clean --force` ALL cached "
		"entries, `kernel clean --keep N --force` these and all but the newest N of "
		"each kind.\n",
		n, n == 1 ? "entry." : "entries.", l->root);
}

void listing_legends(const struct listing *l, struct str *out)
{
	bool eol = false, untracked = false, stale = false;
	size_t corrupt = count_corrupt(l);

	for (size_t i = 0; i < l->cache.entries.n; i++) {
		const struct kcache_entry *entry = &l->cache.entries.v[i];

		eol |= !entry->corrupt && listing_is_eol(l, entry);
		untracked |= is_marked(entry, KCONFIG_UNTRACKED);
		stale |= is_marked(entry, KCONFIG_STALE);
	}
	if (eol)
		str_add(out, "(EOL) marks entries whose series kernel.org looks after no more.\n");
	if (untracked)
		str_add(out, "(untracked kconfig) marks entries that do not say what they were "
			     "configured with; kernel build --force --kernel VERSION builds one "
			     "anew.\n");
	if (stale)
		str_add(out, "warning: entries marked (stale kconfig) were built with a different "
			     "ktstr.kconfig; kernel build --force --kernel <entry version> builds "
			     "one anew.\n");
	if (corrupt)
		corrupt_legend(l, corrupt, out);
}

void listing_fetch_notice(const struct listing *l, const char *command, struct str *out)
{
	if (!l->fetch_error)
		return;
	str_printf(out,
		"%s: failed to fetch active kernel series (%s); EOL annotation disabled for this "
		"run.\n",
		command, l->fetch_error);
	str_printf(out,
		"%s: is https://www.kernel.org/releases.json reachable? KTSTR_RELEASES_URL names "
		"another place, HTTPS_PROXY a proxy.\n",
		command);
}

/* ---- JSON, keys in the order of the alphabet as the public tool writes them -------------------
 */

static void json_source(const struct metadata *m, struct json_out *j)
{
	json_object(j);
	if (m->source == METADATA_PACKAGE)
		json_key_str(j, "manager", m->manager);
	if (m->source == METADATA_GIT || m->source == METADATA_LOCAL)
		json_key_str(j, "git_hash", m->git_hash);
	if (m->source == METADATA_GIT)
		json_key_str(j, "ref", m->git_ref);
	if (m->source == METADATA_LOCAL)
		json_key_str(j, "source_tree_path", m->tree);
	json_key_str(j, "type", metadata_source_name(m->source));
	json_object_end(j);
}

static void json_corrupt(const struct kcache_entry *entry, struct json_out *j)
{
	json_object(j);
	json_key_str(j, "error", entry->fault.reason);
	json_key_str(j, "error_kind", entry->fault.kind);
	json_key_str(j, "key", entry->key);
	json_key_str(j, "path", entry->dir);
	json_object_end(j);
}

static void json_valid(
	const struct listing *l, const struct kcache_entry *entry, struct json_out *j)
{
	static const char *const status[] = {[KCONFIG_UNTRACKED] = "untracked",
		[KCONFIG_MATCHES] = "matches",
		[KCONFIG_STALE] = "stale"};
	const struct metadata *m = &entry->meta;
	const char *base = base_word(entry);
	struct entry_use use;

	entry_use_read(entry->dir, entry->image, &use);
	json_object(j);
	json_key_str(j, "arch", m->arch);
	json_key_str(j, "base", strcmp(base, "-") ? base : NULL);
	json_key_str(j, "built_at", m->built_at);
	json_key_str(j, "config_hash", m->config_hash);
	json_key_bool(j, "eol", listing_is_eol(l, entry));
	json_key_str(j, "extra_kconfig_hash", m->extra_kconfig_hash);
	json_key_bool(j, "has_vmlinux", m->has_vmlinux);
	json_key_str(j, "image_name", m->image_name);
	json_key_str(j, "image_path", entry->image);
	json_key_str(j, "kconfig_status", status[kcache_kconfig(m)]);
	json_key_str(j, "key", entry->key);
	json_key_str(j, "ktstr_kconfig_hash", m->kconfig_hash);
	json_key_str(j, "path", entry->dir);
	json_key_u64(j, "size_bytes", use.bytes);
	json_key(j, "source");
	json_source(m, j);
	json_key_u64(j, "used_at_secs", use.used_at);
	json_key_str(j, "version", m->version);
	json_key_bool(j, "vmlinux_stripped", m->vmlinux_stripped);
	json_object_end(j);
}

void listing_json(const struct listing *l, struct json_out *j)
{
	char hash[KCONFIG_HASH + 1];

	kconfig_hash(KCONFIG_DEFCONFIG, hash);
	json_object(j);
	json_key_str(j, "active_prefixes_fetch_error", l->fetch_error);
	json_key_str(j, "current_ktstr_kconfig_hash", hash);
	json_key(j, "entries");
	json_array(j);
	for (size_t i = 0; i < l->cache.entries.n; i++) {
		if (l->cache.entries.v[i].corrupt)
			json_corrupt(&l->cache.entries.v[i], j);
		else
			json_valid(l, &l->cache.entries.v[i], j);
	}
	json_array_end(j);
	json_object_end(j);
}
