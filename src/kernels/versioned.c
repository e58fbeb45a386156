/* A version or series: from the cache where it has it, as this program would build it today. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/kernels/cache.h"
#include "src/kernels/report.h"
#include "src/kernels/search.h"
#include "src/kernels/upstream.h"

/* What builds of a plain `kernel build VERSION` leave: no further options, no older configuration.
 */
static bool is_plain(const struct kcache_entry *entry)
{
	const struct metadata *m = &entry->meta;

	return !entry->corrupt && m->source == METADATA_TARBALL && m->version &&
	       !m->extra_kconfig_hash && !strcmp(m->arch, KCACHE_ARCH) &&
	       kcache_kconfig(m) == KCONFIG_MATCHES;
}

static bool in_series(const char *version, const struct kver *series)
{
	struct kver v;

	return kver_parse(version, strlen(version), &v) && v.major == series->major &&
	       (!series->dots || v.minor == series->minor);
}

static struct kver version_of(const struct kcache_entry *entry)
{
	struct kver v = {0};

	kver_parse(entry->meta.version, strlen(entry->meta.version), &v);
	return v;
}

/* The entry of the version, or where `exact` is NULL of the newest version of the series. Among
 * equals the one that was built last, which is first in the list. */
static const struct kcache_entry *pick(
	const struct kcache *cache, const char *exact, const struct kver *series)
{
	const struct kcache_entry *best = NULL;

	for (size_t i = 0; i < cache->entries.n; i++) {
		const struct kcache_entry *entry = &cache->entries.v[i];
		struct kver v, so_far;

		if (!is_plain(entry) || (exact ? strcmp(entry->meta.version, exact) != 0
					       : !in_series(entry->meta.version, series)))
			continue;
		v = version_of(entry);
		so_far = best ? version_of(best) : v;
		if (!best || kver_compare(&v, &so_far) > 0)
			best = entry;
	}
	return best;
}

static int take_cached(const struct search *s, const char *root, const char *exact,
	const struct kver *series, struct err *e)
{
	const struct kcache_entry *found;
	struct kcache cache;
	int rc = -ENOENT;

	if (kcache_scan(root, false, &cache, NULL))
		return -ENOENT;
	found = pick(&cache, exact, series);
	if (found)
		rc = search_take_entry(s, found, e);
	kcache_release(&cache);
	return rc;
}

int named_take_cached_version(
	const struct search *s, const char *root, const struct ident *id, struct err *e)
{
	bool series = kver_is_series(&id->version);

	return take_cached(s, root, series ? NULL : id->text, &id->version, e);
}

/* Which release a series stands for now. 1 = *version is it (heap), 0 = kernel.org does not say. */
static int newest_listed(
	const struct search *s, const char *root, const struct ident *id, char **version)
{
	const struct upstream u = {.place = s->place, .root = root, .report = s->report};
	struct err why = ERR_INIT;
	struct releases l;
	const char *found;
	int rc = upstream_releases(&u, &l, &why);

	*version = NULL;
	if (rc == -ECANCELED)
		return rc;
	if (rc) {
		report_note(s->report, "%s: of %s.x the cache is asked alone", why.msg, id->text);
		return 0;
	}
	found = releases_of_series(&l, &id->version);
	*version = found ? xstrdup(found) : NULL;
	releases_release(&l);
	return *version != NULL;
}

int named_take_version(const struct search *s, const struct ident *id, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e), *version = NULL;
	int rc;

	if (!root)
		return -e->code;
	if (!kver_is_series(&id->version))
		version = xstrdup(id->text);
	else if (newest_listed(s, root, id, &version) < 0)
		return err_set(e, ECANCELED, "cancelled");
	rc = take_cached(s, root, version, &id->version, e);
	return rc == -ENOENT ? named_take_built(s, id->text, e) : rc;
}
