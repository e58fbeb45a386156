#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/kernels/cache.h"
#include "src/kernels/distro.h"
#include "src/kernels/report.h"
#include "src/kernels/search.h"
#include "src/kernels/store.h"
#include "src/kernels/tree.h"

/* The order is that of spec/host 4.2 as amended in 4.4. Every step gives 1 = taken, 0 = go on, or
 * an error that ends it. */

/* KTSTR_KERNEL's version or key: 0 = not cached, the chain goes on with build trees. */
static int try_env_cached(const struct search *s, const struct ident *id, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e);
	int rc;

	if (!root)
		return err_prefix(e, "KTSTR_KERNEL=%s requires cache access", id->text);
	rc = id->kind == IDENT_KEY ? named_take_key(s, root, id->text, e)
				   : named_take_cached_version(s, root, id, e);
	if (rc != -ENOENT)
		return rc ? rc : 1;
	report_note(s->report,
		"KTSTR_KERNEL=%s is not in the kernel cache %s: looking at build trees and this "
		"machine's "
		"kernels instead",
		id->text, root);
	return 0;
}

/* A folder without an image has a sentence of its own here. */
static int check_env_folder(const struct search *s, const char *path, struct err *e)
{
	cleanup_free char *full = place_relative(s->place, path), *image = NULL;

	if (!file_is_dir(full))
		return 0;
	image = tree_image(full);
	if (image)
		return 0;
	err_set(e, ENOENT, "'%s' does not contain a kernel image", path);
	return err_hint(e, KERNEL_FORMS);
}

static int take_env(const struct search *s, const struct ident *id, struct err *e)
{
	int rc = ident_validate(id, e);

	if (!rc && (id->kind == IDENT_GIT || id->kind == IDENT_RANGE))
		rc = err_set(e, ENOTSUP,
			"multi-kernel specs (ranges, git sources) are not supported in env-var "
			"form");
	if (!rc && (id->kind == IDENT_VERSION || id->kind == IDENT_KEY))
		return try_env_cached(s, id, e);
	if (!rc && id->kind == IDENT_PATH)
		rc = check_env_folder(s, id->path, e);
	rc = rc ? rc : named_take(s, id, "KTSTR_KERNEL", e);
	if (rc)
		return rc == -ECANCELED ? rc : err_prefix(e, "KTSTR_KERNEL");
	free(s->out->origin);
	s->out->origin = xstrdup("KTSTR_KERNEL");
	return 1;
}

/* 1 = taken, 0 = not set or not cached; *missed tells these two apart. */
static int try_env(const struct search *s, bool *missed, struct err *e)
{
	const char *text = s->place->kernel;
	struct ident id;
	int rc;

	*missed = false;
	if (!text || !text[strspn(text, " \t\r\n\v\f")])
		return 0;
	rc = ident_parse(text, s->place->home, &id, e);
	if (rc)
		return err_prefix(e, "KTSTR_KERNEL");
	rc = take_env(s, &id, e);
	*missed = rc == 0;
	ident_release(&id);
	return rc;
}

/* The newest built entry. Entries for another kconfig fragment than ours are left out, as spec/host
 * 4.2 says; their keys still name them. */
static int try_newest(const struct search *s, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, NULL);
	struct kcache cache;
	int rc = 0;

	if (!root || kcache_scan(root, false, &cache, NULL))
		return 0;
	for (size_t i = 0; i < cache.entries.n && !rc; i++) {
		const struct kcache_entry *entry = &cache.entries.v[i];

		if (entry->corrupt || strcmp(entry->meta.arch, KCACHE_ARCH) != 0)
			continue;
		if (kcache_kconfig(&entry->meta) == KCONFIG_STALE)
			continue;
		rc = search_try_entry(s, entry, e);
	}
	kcache_release(&cache);
	return rc;
}

static int try_tree(const struct search *s, const char *dir, const char *origin, struct err *e)
{
	cleanup_free char *image = tree_image(dir);

	return image ? search_try(s, image, origin, e) : 0;
}

static int try_trees(const struct search *s, struct err *e)
{
	static const char *const near[] = {"./linux", "../linux"};
	cleanup_free char *running =
		xasprintf("%s/lib/modules/%s/build", s->place->prefix, s->place->release);
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(near) && !rc; i++) {
		cleanup_free char *dir = place_relative(s->place, near[i]);
		cleanup_free char *origin = xasprintf("build tree %s", near[i]);

		rc = try_tree(s, dir, origin, e);
	}
	return rc ? rc : try_tree(s, running, "build tree of the running kernel", e);
}

/* Installed images; many distributions let root alone read them, which is worth a note. */
static int try_host(const struct search *s, struct err *e)
{
	const struct place *p = s->place;
	char *paths[] = {
		xasprintf("%s/lib/modules/%s/vmlinuz", p->prefix, p->release),
		xasprintf("%s/boot/vmlinuz-%s", p->prefix, p->release),
		xasprintf("%s/boot/vmlinuz", p->prefix),
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (!rc)
			rc = search_try(s, paths[i], paths[i] + strlen(p->prefix), e);
		free(paths[i]);
	}
	return rc;
}

static int try_packaged(const struct search *s, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, NULL);
	cleanup_free char *release = root ? distro_cached(root, false) : NULL;
	int rc;

	if (!release)
		return 0;
	rc = named_take_packaged(s, root, release, "distribution package", e);
	return rc ? rc : 1;
}

/* ---- fetching ------------------------------------------------------------------------------- */

enum fetch { FETCH_EITHER, FETCH_DISTRO, FETCH_STABLE };

static int read_fetch(const struct search *s, enum fetch *out, struct err *e)
{
	static const char *const words[] = {[FETCH_DISTRO] = "distro", [FETCH_STABLE] = "stable"};
	const char *word = s->fetch ? s->fetch : s->place->fetch;

	*out = FETCH_EITHER;
	if (!word || !*word)
		return 0;
	for (size_t i = FETCH_DISTRO; i < ARRAY_LEN(words); i++)
		if (!strcmp(word, words[i]))
			*out = (enum fetch)i;
	if (*out != FETCH_EITHER)
		return 0;
	return err_set(e, EINVAL, "%s: '%s' is neither distro nor stable",
		s->fetch ? "--fetch" : "KTSTR_FETCH", word);
}

static int fetch_stable(const struct search *s, struct err *e)
{
	report_note(s->report,
		"no kernel found, downloading latest stable and building it: this takes minutes");
	return named_take_built(s, NULL, e);
}

static int fetch_distro(const struct search *s, struct err *e)
{
	int rc = named_fetch_distro(s, e);

	if (rc && s->place->program)
		err_hint(e, "--fetch stable downloads and builds kernel.org's latest instead");
	return rc;
}

/* The distribution's, or where there is no such thing the latest stable. */
static int fetch_either(const struct search *s, struct err *e)
{
	int rc = fetch_distro(s, e);

	if (rc != -ENOENT || !s->place->program)
		return rc;
	report_note(s->report, "%s", e->msg);
	err_clear(e);
	return fetch_stable(s, e);
}

/* What is fetched is kept: without a place for that there is no use in trying. */
static int check_cache(const struct search *s, struct err *e)
{
	cleanup_free char *root = place_cache_root(s->place, e);

	return root ? kstore_check(root, e) : -e->code;
}

static int take_fetched(const struct search *s, enum fetch fetch, struct err *e)
{
	static int (*const steps[])(const struct search *, struct err *) = {
		[FETCH_EITHER] = fetch_either,
		[FETCH_DISTRO] = fetch_distro,
		[FETCH_STABLE] = fetch_stable,
	};
	int rc = check_cache(s, e);
	bool kept = !rc;

	rc = rc ? rc : steps[fetch](s, e);
	if (!rc || rc == -ECANCELED)
		return rc;
	err_prefix(e, "no kernel found on this machine, and none fetched");
	return kept ? err_hint(e, KERNEL_FORMS) : rc;
}

int chain_take(const struct search *s, struct err *e)
{
	enum fetch fetch;
	bool missed;
	int rc = read_fetch(s, &fetch, e);

	if (rc)
		return rc;
	rc = try_env(s, &missed, e);
	/* another cached kernel never stands in for the one that KTSTR_KERNEL names */
	if (!rc && !missed)
		rc = try_newest(s, e);
	rc = rc ? rc : try_trees(s, e);
	rc = rc ? rc : try_host(s, e);
	rc = rc ? rc : try_packaged(s, e);
	rc = rc ? rc : take_fetched(s, fetch, e);
	return rc > 0 ? 0 : rc;
}
