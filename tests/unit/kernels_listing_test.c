/* `kernel list`, `kernel clean` and ranges: what is said of a cache, what is taken from it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "src/kernels/clean.h"
#include "src/kernels/kconfig.h"
#include "src/kernels/listing.h"
#include "src/kernels/range.h"
#include "tests/lib/httpd.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/skip.h"

static const char releases[] = "{\"releases\":["
			       "{\"moniker\":\"mainline\",\"version\":\"6.18-rc3\"},"
			       "{\"moniker\":\"stable\",\"version\":\"6.17.9\"},"
			       "{\"moniker\":\"longterm\",\"version\":\"6.12.61\"},"
			       "{\"moniker\":\"longterm\",\"version\":\"6.6.120\"},"
			       "{\"moniker\":\"linux-next\",\"version\":\"next-20251127\"}]}";

static const struct httpd_page pages[] = {
	{.path = "/releases.json", .body = releases, .type = "application/json"},
	{.path = "/hangs.json", .body = releases, .cut_at = 3, .stalls = true, .cuts = 99},
	{.path = NULL},
};

struct ground {
	char *root, *list, *hangs;
	struct httpd *server;
	struct place place;
};

static int set_up(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));

	g->root = fixture_dir();
	g->server = httpd_start(pages);
	g->list = httpd_url(g->server, "/releases.json");
	g->hangs = httpd_url(g->server, "/hangs.json");
	g->place = (struct place){.prefix = "", .cwd = "", .releases_url = g->list};
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *g = *state;

	httpd_stop(g->server);
	fixture_remove(g->root);
	free(g->list);
	free(g->hangs);
	free(g);
	return 0;
}

static char *quoted(const char *s)
{
	return s ? xasprintf("\"%s\"", s) : xstrdup("null");
}

static void entry(const struct ground *g, const char *key, const char *version, const char *built,
	const char *hash, const char *extra)
{
	cleanup_free char *v = quoted(version), *h = quoted(hash), *x = quoted(extra);
	cleanup_free char *meta = xasprintf(
		"{\"version\":%s,\"source\":{\"type\":\"tarball\"},\"arch\":\"x86_64\","
		"\"image_name\":\"bzImage\",\"built_at\":\"%s\",\"ktstr_kconfig_hash\":%s,"
		"\"extra_kconfig_hash\":%s,\"has_vmlinux\":false,\"vmlinux_stripped\":false}",
		v, built, h, x);
	cleanup_free char *dir = file_join(g->root, key);

	fixture_text(dir, "metadata.json", meta);
	fixture_text(dir, "bzImage", "");
}

static void packaged(const struct ground *g, const char *release)
{
	cleanup_free char *dir = xasprintf("%s/.distro/%s", g->root, release);

	fixture_text(dir, "metadata.json",
		"{\"version\":\"6.1.0\",\"source\":{\"type\":\"package\",\"manager\":\"apt\","
		"\"packages\":[]},\"arch\":\"x86_64\",\"image_name\":\"bzImage\",\"built_at\":"
		"\"2025-06-01T00:00:00Z\",\"has_vmlinux\":false,\"vmlinux_stripped\":false}");
	fixture_text(dir, "bzImage", "");
}

/* One of everything. */
static void fill(const struct ground *g)
{
	char now[KCONFIG_HASH + 1];
	cleanup_free char *corrupt = file_join(g->root, "damaged");

	kconfig_hash(KCONFIG_SLIM, now);
	entry(g, "new", "6.12.9", "2025-09-01T00:00:00Z", now, NULL);
	entry(g, "other", "6.12.8", "2025-08-01T00:00:00Z", "deadbe7", "0badf00d");
	entry(g, "old", "6.9.1", "2025-01-01T00:00:00Z", NULL, NULL);
	packaged(g, "6.1.0-13-amd64");
	fixture_text(corrupt, "metadata.json", "{");
}

static void test_text(void **state)
{
	struct ground *g = *state;
	cleanup_str struct str out = STR_INIT, legends = STR_INIT;
	struct listing l;
	struct err e = ERR_INIT;
	const char *at = NULL;
	static const char *const order[] = {"(EOL) marks entries",
		"(untracked kconfig) marks entries", "kernel build --force --kernel VERSION",
		"warning: entries marked (stale kconfig)", "different ktstr.kconfig",
		"kernel build --force --kernel <entry version>",
		"1 corrupt entry. Run `cargo ktstr kernel clean --corrupt-only` to remove.",
		"warning: entries marked (corrupt) cannot be used", "metadata is missing",
		"malformed", "missing image", "kernel clean --corrupt-only --force",
		"kernel clean --force", "ALL cached entries", "kernel clean --keep N --force"};

	fill(g);
	assert_int_equal(listing_load(&l, &g->place, g->root, false, &e), 0);
	listing_text(&l, false, &out);
	assert_string_equal(out.s,
		"  KEY                                              VERSION      SOURCE   ARCH    "
		"BUILT\n"
		"  new                                              6.12.9       tarball  x86_64  "
		"2025-09-01T00:00:00Z\n"
		"  other                                            6.12.8       tarball  x86_64  "
		"2025-08-01T00:00:00Z (stale kconfig) (extra kconfig)\n"
		"  6.1.0-13-amd64                                   6.1.0        distro   x86_64  "
		"2025-06-01T00:00:00Z\n"
		"  old                                              6.9.1        tarball  x86_64  "
		"2025-01-01T00:00:00Z (untracked kconfig) (EOL)\n"
		"  damaged                                          (corrupt: metadata.json "
		"truncated: it ends inside a value)\n");
	listing_legends(&l, &legends);
	at = str_get(&legends);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		at = strstr(at, order[i]);
		if (!at)
			fail_msg("'%s' is not behind what precedes it: %s", order[i], legends.s);
	}
	assert_non_null(strstr(legends.s, g->root));
	str_clear(&out);
	listing_fetch_notice(&l, "kernel list", &out);
	assert_string_equal(str_get(&out), "");
	listing_release(&l);
}

static void test_detail_and_emptiness(void **state)
{
	struct ground *g = *state;
	cleanup_str struct str out = STR_INIT;
	struct listing l;
	struct err e = ERR_INIT;

	assert_int_equal(listing_load(&l, &g->place, g->root, false, &e), 0);
	listing_text(&l, false, &out);
	assert_string_equal(out.s, "no cached kernels. Run `kernel build` to download and build a "
				   "kernel.\n");
	listing_release(&l);
	fill(g);
	str_clear(&out);
	assert_int_equal(listing_load(&l, &g->place, g->root, false, &e), 0);
	listing_text(&l, true, &out);
	assert_non_null(strstr(out.s, "BUILT                 BASE         SIZE  USED\n"));
	assert_non_null(strstr(out.s, "2025-09-01T00:00:00Z  slim "));
	listing_release(&l);
}

static void test_json(void **state)
{
	struct ground *g = *state;
	cleanup_str struct str out = STR_INIT;
	struct listing l;
	struct json_out j;
	struct json *root;
	const struct json *entries, *last;
	struct err e = ERR_INIT;

	fill(g);
	assert_int_equal(listing_load(&l, &g->place, g->root, false, &e), 0);
	json_init(&j, &out, true);
	listing_json(&l, &j);
	root = json_parse(out.s, out.len, &e);
	assert_non_null(root);
	assert_true(json_is_null(json_get(root, "active_prefixes_fetch_error")));
	assert_non_null(json_get_text(root, "current_ktstr_kconfig_hash", NULL));
	entries = json_get(root, "entries");
	assert_int_equal(json_size(entries), 5);
	assert_string_equal(json_get_text(json_at(entries, 0), "kconfig_status", ""), "matches");
	assert_string_equal(json_get_text(json_at(entries, 1), "kconfig_status", ""), "stale");
	assert_string_equal(json_get_text(json_at(entries, 3), "kconfig_status", ""), "untracked");
	assert_false(json_get_flag(json_at(entries, 0), "eol", true));
	assert_true(json_get_flag(json_at(entries, 3), "eol", false));
	assert_string_equal(
		json_get_text(json_get(json_at(entries, 2), "source"), "type", ""), "package");
	last = json_at(entries, 4);
	assert_string_equal(json_get_text(last, "error_kind", ""), "truncated");
	assert_null(json_get(last, "version"));
	json_free(root);
	listing_release(&l);
}

/* A server that says nothing costs about a second, and no more. */
static void test_the_network_is_not_waited_for(void **state)
{
	struct ground *g = *state;
	struct listing l;
	struct err e = ERR_INIT;
	cleanup_str struct str out = STR_INIT;
	uint64_t start;

	fill(g);
	g->place.releases_url = g->hangs;
	start = clock_mono_ns();
	assert_int_equal(listing_load(&l, &g->place, g->root, false, &e), 0);
	assert_true(clock_mono_ns() - start < 10 * NS_PER_SEC);
	assert_non_null(l.fetch_error);
	assert_false(listing_is_eol(&l, &l.cache.entries.v[3]));
	listing_fetch_notice(&l, "kernel list", &out);
	assert_true(
		str_starts(str_get(&out), "kernel list: failed to fetch active kernel series ("));
	assert_non_null(strstr(out.s, "; EOL annotation disabled for this run."));
	listing_release(&l);
	assert_int_equal(listing_load(&l, &g->place, g->root, true, &e), 0);
	assert_non_null(strstr(l.fetch_error, "no list of kernel releases was fetched before"));
	listing_release(&l);
}

static void picks(const struct ground *g, struct clean_options o, const char *want)
{
	cleanup_str struct str got = STR_INIT;
	struct clean_set s;
	struct listing l;

	assert_int_equal(listing_scan(&l, g->root, NULL), 0);
	clean_pick(&l.cache, &o, &s);
	for (size_t i = 0; i < s.list.n; i++)
		str_printf(&got, "%s%s", i ? " " : "", l.cache.entries.v[s.list.v[i]].key);
	assert_string_equal(str_get(&got), want);
	clean_set_release(&s);
	listing_release(&l);
}

static void test_what_is_cleaned(void **state)
{
	struct ground *g = *state;

	fill(g);
	entry(g, "old2", "6.9.1", "2024-01-01T00:00:00Z", NULL, NULL);
	entry(g, "old3", "6.9.1", "2023-01-01T00:00:00Z", NULL, NULL);
	picks(g, (struct clean_options){0}, "new other 6.1.0-13-amd64 old old2 old3 damaged");
	picks(g, (struct clean_options){.corrupt_only = true}, "damaged");
	picks(g, (struct clean_options){.keep = 1}, "old2 old3 damaged");
	picks(g, (struct clean_options){.keep = 2}, "old3 damaged");
	setenv("KTSTR_TEST_NOW", "1767225600", 1); /* 2026-01-01 */
	picks(g, (struct clean_options){.older_ns = 400ULL * 24 * 3600 * NS_PER_SEC}, "old2 old3");
	picks(g, (struct clean_options){.keep = 2, .older_ns = 400ULL * 24 * 3600 * NS_PER_SEC},
		"old3");
	unsetenv("KTSTR_TEST_NOW");
}

static void test_removing(void **state)
{
	struct ground *g = *state;
	cleanup_free char *lock = file_join(g->root, ".locks/new.lock");
	cleanup_free char *dir = file_join(g->root, "new");
	struct listing l;
	struct err e = ERR_INIT;
	int fd;

	fill(g);
	fixture_text(g->root, ".locks/new.lock", "");
	fd = open(lock, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_SH), 0); /* a test run reads it */
	assert_int_equal(listing_scan(&l, g->root, NULL), 0);
	assert_string_equal(l.cache.entries.v[0].key, "new");
	assert_int_equal(clean_remove(g->root, &l.cache.entries.v[0], false, &e), -EBUSY);
	assert_non_null(strstr(e.msg, "new is in use (lockfile "));
	{
		cleanup_free char *holder = xasprintf("holders: pid=%d cmd=", (int)getpid());

		assert_non_null(strstr(e.msg, holder));
	}
	assert_true(file_is_dir(dir));
	assert_int_equal(clean_remove(g->root, &l.cache.entries.v[0], true, &e), 0);
	assert_false(file_exists(dir));
	assert_int_equal(clean_remove(g->root, &l.cache.entries.v[0], true, &e), 0); /* gone */
	close(fd);
	for (size_t i = 1; i < l.cache.entries.n; i++)
		assert_int_equal(clean_remove(g->root, &l.cache.entries.v[i], false, &e), 0);
	listing_release(&l);
	picks(g, (struct clean_options){0}, "");
}

static void expands(const struct ground *g, const char *range, bool eol, const char *want)
{
	const struct upstream u = {.place = &g->place, .root = g->root};
	cleanup_strv struct strv got = STRV_INIT;
	cleanup_str struct str text = STR_INIT;
	struct ident id;
	struct err e = ERR_INIT;

	assert_int_equal(ident_parse(range, NULL, &id, &e), 0);
	assert_int_equal(range_expand(&u, &id, eol, &got, &e), *want ? 0 : -ENOENT);
	for (size_t i = 0; i < got.n; i++)
		str_printf(&text, "%s%s", i ? " " : "", got.v[i]);
	assert_string_equal(str_get(&text), want);
	if (!*want)
		assert_non_null(strstr(e.msg, "expanded to 0 stable releases. Pass --include-eol"));
	ident_release(&id);
}

static void test_ranges(void **state)
{
	struct ground *g = *state;

	expands(g, "6.6..6.17", false, "6.6.120 6.12.61 6.17.9");
	expands(g, "6.7..6.12", false, "6.12.61");
	expands(g, "6.7..6.11", false, "");
}

static bool git(const char *script, const char *dir)
{
	const char *const argv[] = {"sh", "-ec", script, "sh", dir, NULL};
	const struct spawn_fd out = {-1, 1};

	return spawn_wait(spawn_start(
		       &(struct spawn){.argv = argv, .fds = &out, .nfds = 1}, NULL)) == 0;
}

/* Tags of the stable tree, which here is a folder. */
static void test_ranges_with_old_series(void **state)
{
	struct ground *g = *state;
	cleanup_free char *tree = file_join(g->root, "linux");
	cleanup_free char *key = xasprintf("url.file://%s.insteadOf", tree);

	if (!git("git init -q \"$1\"; cd \"$1\"; git -c user.name=x -c user.email=x@x commit -q "
		 "--allow-empty -m x; for t in v6.9 v6.9.12 v6.10-rc1 v6.10.3 v6.12.7; do git tag "
		 "$t; done",
		    tree)) {
		skip_because("no git");
	}
	setenv("GIT_CONFIG_COUNT", "1", 1);
	setenv("GIT_CONFIG_KEY_0", key, 1);
	setenv("GIT_CONFIG_VALUE_0", "https://github.com/gregkh/linux", 1);
	expands(g, "6.9..6.13", true, "6.9.12 6.10.3 6.12.61");
	unsetenv("GIT_CONFIG_COUNT");
}

static void test_tags(void **state)
{
	static const char text[] = "aa\trefs/tags/v6.9\nbb\trefs/tags/v6.9.3\ncc\trefs/tags/"
				   "v6.9.12\ndd\trefs/tags/v6.10-rc1\nee\trefs/tags/v6.10\n"
				   "ff\trefs/tags/v5.4.1\nrefs/tags/v6.9.99\ngg\trefs/tags/vx\n"
				   "hh\trefs/heads/v6.9.98\nii\trefs/tags/v6.11.1";
	cleanup_strv struct strv got = STRV_INIT;
	struct ident id;

	(void)state;
	assert_int_equal(ident_parse("6.9..6.11", NULL, &id, NULL), 0);
	range_add_tags(text, sizeof(text) - 1, &id, &got);
	strv_push(&got, "6.10.14");
	range_newest(&got);
	assert_int_equal(got.n, 3);
	assert_string_equal(got.v[0], "6.9.12");
	assert_string_equal(got.v[1], "6.10.14");
	assert_string_equal(got.v[2], "6.11.1");
	ident_release(&id);
}

int main(void)
{
#define ON_GROUND(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ON_GROUND(test_text),
		ON_GROUND(test_detail_and_emptiness),
		ON_GROUND(test_json),
		ON_GROUND(test_the_network_is_not_waited_for),
		ON_GROUND(test_what_is_cleaned),
		ON_GROUND(test_removing),
		ON_GROUND(test_ranges),
		ON_GROUND(test_ranges_with_old_series),
		cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
