/* The list of releases and source archives, from a mirror on loopback. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/sums.h"
#include "src/kernels/upstream.h"
#include "tests/lib/httpd.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/skip.h"

#define LIST_A	 "{\"releases\":[{\"moniker\":\"stable\",\"version\":\"6.17.9\"}]}"
#define BODY	 "abc"
#define SUM_OK	 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SUMS                                                                                       \
	SUM_OK "  linux-6.1.2.tar.xz\n" SUM_OK "  linux-6.1.3.tar.xz\n" SUM_OK                     \
	       "  linux-6.1.4.tar.xz\n"

static const struct httpd_page pages[] = {
	{.path = "/releases.json", .body = LIST_A, .type = "application/json"},
	{.path = "/page.json", .body = "<html/>", .type = "text/html"},
	{.path = "/v6.x/sha256sums.asc", .body = SUMS, .type = "text/plain"},
	{.path = "/v6.x/linux-6.1.2.tar.xz", .body = BODY},
	{.path = "/v6.x/linux-6.1.3.tar.xz", .body = "abd"},
	{.path = "/v6.x/linux-6.1.4.tar.xz", .body = BODY, .cuts = 1, .cut_at = 2},
	{.path = "/v6.x/linux-6.1.5.tar.xz", .body = BODY}, /* without a sum */
	{.path = "/v6.x/linux-6.1.6.tar.xz", .body = "<html/>", .type = "text/html"},
	{.path = "/v5.x/linux-5.1.tar.xz", .body = BODY}, /* without sums at all */
	{.path = "/linux-6.2-rc1.tar.gz", .body = BODY},
	/* the repository of stable releases, as git's simplest server shows it */
	{.path = "/stable/info/refs?service=git-upload-pack",
		.type = "text/plain",
		.body = COMMIT_A "\trefs/tags/v6.1.7\n" COMMIT_B "\trefs/tags/v6.1.7^{}\n" COMMIT_A
				 "\trefs/tags/v6.1.8\n"},
	{.path = "/stable/archive/" COMMIT_B ".tar.gz", .body = BODY},
	{.path = NULL},
};

struct ground {
	char *root, *list, *mirror, *stable;
	struct httpd *server;
	struct place place;
	struct fixture_report report;
	struct upstream u;
};

/* One attempt each, so that what breaks off stays so. */
static const struct http_patience once = {
	.connect_s = 10, .stall_s = 10, .attempts = 1, .pause_ms = 1};

static int set_up(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));

	g->root = fixture_dir();
	g->server = httpd_start(pages);
	g->list = httpd_url(g->server, "/releases.json");
	g->mirror = httpd_url(g->server, "");
	g->stable = httpd_url(g->server, "/stable");
	g->place = (struct place){.prefix = "",
		.cwd = "",
		.mirror = g->mirror,
		.releases_url = g->list,
		.stable_tree = g->stable};
	fixture_report_init(&g->report);
	g->u = (struct upstream){.place = &g->place,
		.root = g->root,
		.patience = &once,
		.report = &g->report.report};
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *g = *state;

	fixture_report_release(&g->report);
	httpd_stop(g->server);
	fixture_remove(g->root);
	free(g->list);
	free(g->mirror);
	free(g->stable);
	free(g);
	return 0;
}

static void asked(struct ground *g, const char *want)
{
	cleanup_str struct str log = STR_INIT;

	httpd_log(g->server, &log);
	assert_string_equal(str_get(&log), want);
}

/* ---- the list ------------------------------------------------------------------------------- */

static void expect_list(struct ground *g)
{
	struct releases l;
	struct err e = ERR_INIT;

	assert_int_equal(upstream_releases(&g->u, &l, &e), 0);
	assert_int_equal(l.rows.n, 1);
	assert_string_equal(l.rows.v[0].version, "6.17.9");
	releases_release(&l);
}

/* Makes what was downloaded look as old as this. */
static void age_list(struct ground *g, time_t seconds)
{
	cleanup_free char *touch = xasprintf("touch -d @%lld %s/" UPSTREAM_DOWNLOADS "/*.json",
		(long long)(time(NULL) - seconds), g->root);

	assert_int_equal(system(touch), 0);
}

static void the_list_is_fetched_once_in_hours(void **state)
{
	struct ground *g = *state;

	expect_list(g);
	expect_list(g);
	asked(g, "GET /releases.json\n");
	age_list(g, 7 * 3600);
	expect_list(g);
	asked(g, "GET /releases.json\nGET /releases.json\n");
}

static void an_old_list_is_better_than_none(void **state)
{
	struct ground *g = *state;

	expect_list(g);
	age_list(g, 30 * 3600);
	httpd_stop(g->server);
	expect_list(g);
	assert_true(fixture_noted(&g->report, "the list of 30 hours ago is used"));
	g->server = httpd_start(pages); /* for tear_down() */
}

static void offline_takes_what_there_is(void **state)
{
	struct ground *g = *state;
	struct releases l;
	struct err e = ERR_INIT;

	g->u.offline = true;
	assert_int_equal(upstream_releases(&g->u, &l, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "--offline"));
	g->u.offline = false;
	expect_list(g);
	age_list(g, 300 * 3600);
	g->u.offline = true;
	expect_list(g);
	asked(g, "GET /releases.json\n");
}

static void a_page_is_no_list(void **state)
{
	struct ground *g = *state;
	cleanup_free char *url = httpd_url(g->server, "/page.json");
	struct releases l;
	struct err e = ERR_INIT;

	g->place.releases_url = url;
	assert_int_equal(upstream_releases(&g->u, &l, &e), -EPROTO);
}

/* ---- archives ------------------------------------------------------------------------------- */

/* Fetches; on success compares what is in it. */
static int archive(struct ground *g, const char *version, struct err *e)
{
	cleanup_str struct str text = STR_INIT;
	struct upstream_source s;
	int rc = upstream_archive(&g->u, version, &s, e);

	if (!rc) {
		assert_int_equal(file_read_fd(s.fd, 100, &text), 0);
		assert_string_equal(str_get(&text), BODY);
		assert_true(str_starts(s.name, "linux-"));
	}
	upstream_source_release(&s);
	return rc;
}

static bool kept(struct ground *g, const char *name)
{
	cleanup_free char *path = xasprintf("%s/" UPSTREAM_DOWNLOADS "/%s", g->root, name);

	return file_exists(path);
}

static void an_archive_is_verified_and_kept(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	assert_int_equal(archive(g, "6.1.2", &e), 0);
	assert_true(fixture_noted(&g->report, "/v6.x/linux-6.1.2.tar.xz (0.0 MiB)"));
	assert_true(fixture_noted(&g->report, "sha256 verified (3 bytes, hash " SUM_OK ")"));
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	asked(g, "GET /v6.x/linux-6.1.2.tar.xz\nGET /v6.x/sha256sums.asc\n");
	g->u.offline = true;
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	upstream_forget(&g->u, "6.1.2");
	assert_int_equal(archive(g, "6.1.2", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "--offline"));
}

static void a_wrong_sum_is_thrown_away(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	assert_int_equal(archive(g, "6.1.3", &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "sha256 mismatch for http://127.0.0.1:"));
	assert_non_null(strstr(e.msg, "expected " SUM_OK));
	assert_non_null(strstr(e.hint, "--skip-sha256"));
	assert_false(kept(g, "linux-6.1.3.tar.xz"));
	assert_false(kept(g, "linux-6.1.3.tar.xz.part"));
}

static void what_broke_off_goes_on(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	assert_int_equal(archive(g, "6.1.4", &e), -EIO);
	assert_true(kept(g, "linux-6.1.4.tar.xz.part"));
	assert_int_equal(archive(g, "6.1.4", &e), 0);
	assert_false(kept(g, "linux-6.1.4.tar.xz.part"));
	asked(g, "GET /v6.x/linux-6.1.4.tar.xz\nGET /v6.x/linux-6.1.4.tar.xz bytes=2-\n"
		 "GET /v6.x/sha256sums.asc\n");
}

static void without_a_sum_it_depends(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	g->u.sums = UPSTREAM_STRICT;
	assert_int_equal(archive(g, "6.1.5", &e), -ENODATA);
	assert_non_null(strstr(e.msg, "--strict"));
	assert_int_equal(archive(g, "5.1", &e), -ENODATA);
	assert_false(kept(g, "linux-6.1.5.tar.xz"));
	g->u.sums = UPSTREAM_VERIFY;
	assert_int_equal(archive(g, "6.1.5", &e), 0);
	assert_true(fixture_noted(&g->report, "linux-6.1.5.tar.xz is not verified: "));
	assert_int_equal(archive(g, "5.1", &e), 0);
	assert_int_equal(archive(g, "6.2-rc1", &e), 0);
	assert_true(fixture_noted(&g->report, "release candidates"));
	/* that it was taken then does not make it better */
	g->u.sums = UPSTREAM_STRICT;
	assert_int_equal(archive(g, "6.1.5", &e), -ENODATA);
	g->u.offline = true;
	assert_int_equal(archive(g, "6.1.5", &e), -ENODATA);
	assert_non_null(strstr(e.msg, "cannot be verified with --offline"));
}

static void a_sum_can_be_passed_over(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	g->u.sums = UPSTREAM_SKIP;
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	assert_true(fixture_noted(&g->report, "--skip-sha256: bypassing checksum verification"));
	asked(g, "GET /v6.x/linux-6.1.2.tar.xz\n");
}

/* kernel.org has dropped it; a tag has not. */
static void pruned_releases_come_from_the_stable_tree(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	g->u.sums = UPSTREAM_STRICT;
	assert_int_equal(archive(g, "6.1.7", &e), -ENODATA);
	assert_non_null(strstr(e.msg, "no checksums are published for snapshots"));
	g->u.sums = UPSTREAM_VERIFY;
	assert_int_equal(archive(g, "6.1.7", &e), 0);
	assert_true(fixture_noted(&g->report, "6.1.7 not on http://127.0.0.1:"));
	assert_true(fixture_noted(&g->report, "(pruned/EOL); fetching gregkh mirror tag v6.1.7"));
	assert_true(fixture_noted(&g->report, "/stable/archive/" COMMIT_B ".tar.gz"));
	g->u.offline = true;
	assert_int_equal(archive(g, "6.1.7", &e), 0);
	upstream_forget(&g->u, "6.1.7");
	assert_int_equal(archive(g, "6.1.7", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "--offline"));
	/* a tag whose snapshot is not there, and a server that is not */
	g->u.offline = false;
	assert_int_equal(archive(g, "6.1.8", &e), -ENOENT);
	g->place.stable_tree = "http://127.0.0.1:1/linux";
	assert_int_equal(archive(g, "6.1.8", &e), -EIO);
	assert_non_null(strstr(
		e.msg, "version 6.1.8 is not on kernel.org: http://127.0.0.1:1/linux: git: "));
}

/* A keyring of the test's own, and a manifest that its key has signed, with a line before it. */
static bool make_keys(struct ground *g)
{
	cleanup_free char *line = xasprintf(
		"cd '%s' && mkdir -m 700 home && export GNUPGHOME=$PWD/home && "
		"{ gpg --batch --quiet --quick-gen-key --passphrase '' A rsa2048 sign never && "
		"gpg --export >ring && mkdir home2 && "
		"GNUPGHOME=$PWD/home2 gpg --batch --quiet --quick-gen-key --passphrase '' B "
		"rsa2048 sign "
		"never && GNUPGHOME=$PWD/home2 gpg --export >other && "
		"printf '" SUM_OK "  linux-6.1.2.tar.xz\n' | gpg --batch --clearsign >signed && "
		"sed s/6.1.2/6.1.3/ signed >forged && "
		"{ printf '" SUM_OK "  linux-6.1.5.tar.xz\n'; cat signed; } >before; } 2>gpg.log; "
		"rc=$?; gpgconf --kill gpg-agent; GNUPGHOME=$PWD/home2 gpgconf --kill gpg-agent; "
		"exit $rc",
		g->root);

	return system(line) == 0;
}

/* Another server, whose manifest is this file. */
static void serve_manifest(
	struct ground *g, const char *name, struct str *text, struct httpd_page *page)
{
	cleanup_free char *path = file_join(g->root, name);
	struct err e = ERR_INIT;

	str_clear(text);
	assert_int_equal(file_read(path, 1 << 20, text, &e), 0);
	page->body = text->s;
	httpd_stop(g->server);
	free(g->mirror);
	g->server = httpd_start(page);
	g->mirror = httpd_url(g->server, "");
	g->place.mirror = g->mirror;
	g->u.sums = UPSTREAM_STRICT;
	upstream_forget(&g->u, "6.1.2");
	upstream_forget(&g->u, "6.1.5");
}

static void sums_are_signed_where_keys_were_given(void **state)
{
	struct ground *g = *state;
	cleanup_free char *ring = file_join(g->root, "ring"), *other = file_join(g->root, "other");
	struct httpd_page own[] = {
		{.path = "/v6.x/sha256sums.asc"},
		{.path = "/v6.x/linux-6.1.2.tar.xz", .body = BODY},
		{.path = "/v6.x/linux-6.1.5.tar.xz", .body = BODY},
		{.path = NULL},
	};
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	if (!make_keys(g))
		skip_because("no gpg");
	serve_manifest(g, "signed", &text, own);
	g->place.keyring = ring;
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	assert_true(fixture_noted(&g->report, "sha256sums.asc is signed with a key of "));
	/* what stands before the signed part is not signed */
	serve_manifest(g, "before", &text, own);
	assert_int_equal(archive(g, "6.1.5", &e), -ENODATA);
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	/* a wrong signature is never passed over */
	serve_manifest(g, "forged", &text, own);
	g->u.sums = UPSTREAM_VERIFY;
	assert_int_equal(archive(g, "6.1.2", &e), -EKEYREJECTED);
	assert_non_null(strstr(e.msg, "its signature is wrong: BAD signature"));
	/* one by somebody else, or none, is */
	serve_manifest(g, "signed", &text, own);
	g->place.keyring = other;
	assert_int_equal(archive(g, "6.1.2", &e), -ENODATA);
	assert_non_null(strstr(e.msg, "cannot be checked with the keys of "));
	g->place.keyring = "/nonexistent/ring";
	assert_int_equal(archive(g, "6.1.2", &e), -ENODATA);
	assert_non_null(strstr(e.msg, "there is no keyring /nonexistent/ring"));
	g->u.sums = UPSTREAM_VERIFY;
	assert_int_equal(archive(g, "6.1.2", &e), 0);
	assert_true(fixture_noted(&g->report, "is not verified: "));
}

static void what_is_not_there(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	assert_int_equal(archive(g, "6.1.99", &e), -ENOENT);
	assert_string_equal(e.msg, "version 6.1.99 not found");
	assert_int_equal(archive(g, "6.17.1", &e), -ENOENT);
	assert_string_equal(e.msg, "version 6.17.1 not found. latest 6.17.x: 6.17.9");
	assert_false(kept(g, "linux-6.1.99.tar.xz.part"));
	assert_int_equal(archive(g, "6.3-rc9", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "RC tarball not found"));
	assert_int_equal(archive(g, "6.1.6", &e), -EPROTO);
	assert_non_null(strstr(e.msg, "server returned HTML instead of "));
	assert_int_equal(archive(g, "../x", &e), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_list_is_fetched_once_in_hours),
		TEST(an_old_list_is_better_than_none),
		TEST(offline_takes_what_there_is),
		TEST(a_page_is_no_list),
		TEST(an_archive_is_verified_and_kept),
		TEST(a_wrong_sum_is_thrown_away),
		TEST(what_broke_off_goes_on),
		TEST(without_a_sum_it_depends),
		TEST(a_sum_can_be_passed_over),
		TEST(pruned_releases_come_from_the_stable_tree),
		TEST(sums_are_signed_where_keys_were_given),
		TEST(what_is_not_there),
	};

	setenv("no_proxy", "127.0.0.1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
