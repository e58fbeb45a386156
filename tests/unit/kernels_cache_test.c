#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "src/kernels/cache.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/place.h"
#include "tests/lib/kernel_fixture.h"

static void entry(const char *root, const char *key, const char *built_at, const char *hash)
{
	cleanup_free char *metadata = xasprintf("%s/metadata.json", key);
	cleanup_free char *image = xasprintf("%s/bzImage", key);
	cleanup_free char *text =
		xasprintf("{\"source\": {\"type\": \"tarball\"}, \"arch\": \"x86_64\", "
			  "\"image_name\": \"bzImage\", \"built_at\": \"%s\", "
			  "\"ktstr_kconfig_hash\": %s, \"has_vmlinux\": false, "
			  "\"vmlinux_stripped\": false}",
			built_at, hash);

	fixture_text(root, metadata, text);
	fixture_text(root, image, "");
}

static void entries_are_listed_newest_first(void **state)
{
	static const char *const order[] = {
		"newer", "same-a", "same-b", "older", "cut", "imageless", "nothing"};
	char *root = fixture_dir();
	struct kcache cache;

	(void)state;
	entry(root, "older", "2024-01-01T00:00:00Z", "null");
	entry(root, "newer", "2025-06-01T00:00:00Z", "null");
	entry(root, "same-b", "2025-01-01T00:00:00Z", "\"deadbee7\"");
	entry(root, "same-a", "2025-01-01T00:00:00Z", "null");
	entry(root, ".tmp-x-1", "2026-01-01T00:00:00Z", "null");
	entry(root, ".distro/6.1", "2026-01-01T00:00:00Z", "null");
	fixture_text(root, "cut/metadata.json", "{");
	fixture_mkdir(root, "nothing");
	fixture_text(root, "a-file", "x");
	entry(root, "imageless", "2026-01-01T00:00:00Z", "null");
	{
		cleanup_free char *image = xasprintf("%s/imageless/bzImage", root);

		assert_int_equal(remove(image), 0);
	}
	assert_int_equal(kcache_scan(root, false, &cache, NULL), 0);
	assert_int_equal(cache.entries.n, ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		assert_string_equal(cache.entries.v[i].key, order[i]);
		assert_int_equal(cache.entries.v[i].corrupt, i >= 4);
	}
	assert_string_equal(cache.entries.v[4].fault.kind, "truncated");
	assert_string_equal(cache.entries.v[5].fault.kind, "image_missing");
	assert_string_equal(
		cache.entries.v[5].fault.reason, "image file bzImage missing from entry directory");
	assert_string_equal(cache.entries.v[6].fault.kind, "missing");
	kcache_release(&cache);

	assert_int_equal(kcache_scan(root, true, &cache, NULL), 0);
	assert_int_equal(cache.entries.n, 1);
	assert_true(cache.entries.v[0].packaged);
	kcache_release(&cache);
	fixture_remove(root);
}

static void missing_roots_are_empty(void **state)
{
	char *dir = fixture_dir();
	cleanup_free char *gone = xasprintf("%s/gone", dir), *file = xasprintf("%s/file", dir);
	struct kcache_entry one;
	struct kcache cache;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(kcache_scan(gone, false, &cache, &e), 0);
	assert_int_equal(cache.entries.n, 0);
	kcache_release(&cache);
	assert_int_equal(kcache_read(gone, "x", false, &one), -ENOENT);
	fixture_text(dir, "file", "");
	assert_int_equal(kcache_scan(file, false, &cache, &e), -ENOTDIR);
	assert_non_null(strstr(e.msg, file));
	fixture_remove(dir);
}

static void kconfig_hashes_are_compared(void **state)
{
	char theirs[] = "abd40422", slim[KCONFIG_HASH + 1], def[KCONFIG_HASH + 1];
	struct metadata untracked = {0}, stale = {.kconfig_hash = theirs},
			of_slim = {.kconfig_hash = slim}, of_def = {.kconfig_hash = def};

	(void)state;
	kconfig_hash(KCONFIG_SLIM, slim);
	kconfig_hash(KCONFIG_DEFCONFIG, def);
	assert_int_equal(kcache_kconfig(&untracked), KCONFIG_UNTRACKED);
	assert_int_equal(kcache_kconfig(&stale), KCONFIG_STALE);
	assert_int_equal(kcache_kconfig(&of_slim), KCONFIG_MATCHES);
	assert_int_equal(kcache_kconfig(&of_def), KCONFIG_MATCHES);
}

/* ---- the root ------------------------------------------------------------------------------- */

static void expect_root(const struct place *p, const char *root)
{
	struct err e = ERR_INIT;
	cleanup_free char *got = place_cache_root(p, &e);

	if (!got)
		fail_msg("%s", e.msg);
	assert_string_equal(got, root);
}

static void expect_no_root(const char *home, const char *words)
{
	struct place p = {.prefix = "", .cwd = "", .home = home};
	struct err e = ERR_INIT;

	assert_null(place_cache_root(&p, &e));
	if (!strstr(e.msg, words))
		fail_msg("'%s' lacks '%s'", e.msg, words);
	assert_non_null(strstr(e.hint, "KTSTR_CACHE_DIR"));
}

static void roots_follow_the_environment(void **state)
{
	(void)state;
	expect_root(&(struct place){.prefix = "",
			    .cwd = "",
			    .cache_dir = "/c",
			    .xdg_cache = "/x",
			    .home = "/h"},
		"/c");
	expect_root(&(struct place){.prefix = "", .cwd = "/w", .cache_dir = "c"}, "/w/c");
	expect_root(
		&(struct place){
			.prefix = "", .cwd = "", .cache_dir = "", .xdg_cache = "/x", .home = "/h"},
		"/x/ktstr/kernels");
	expect_root(&(struct place){.prefix = "", .cwd = "", .xdg_cache = "", .home = "/h"},
		"/h/.cache/ktstr/kernels");
}

static void impossible_roots_say_why(void **state)
{
	struct place p = {.prefix = "", .cwd = "", .cache_dir = "/c\xff", .home = "/h"};
	struct err e = ERR_INIT;

	(void)state;
	expect_no_root(NULL, "HOME is unset; cannot resolve cache directory");
	expect_no_root("", "HOME is set to the empty string");
	expect_no_root("/", "HOME is `/`");
	expect_no_root("home/me", "is not an absolute path");
	assert_null(place_cache_root(&p, &e));
	assert_non_null(strstr(e.msg, "KTSTR_CACHE_DIR is not valid UTF-8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_listed_newest_first),
		cmocka_unit_test(missing_roots_are_empty),
		cmocka_unit_test(kconfig_hashes_are_compared),
		cmocka_unit_test(roots_follow_the_environment),
		cmocka_unit_test(impossible_roots_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
