/* Downloads from a server of the test's own that breaks off, refuses, stalls and lies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/http.h"
#include "tests/lib/httpd.h"
#include "tests/lib/kernel_fixture.h"

#define ALPHABET "abcdefghijklmnopqrstuvwxyz"

static const struct httpd_page pages[] = {
	{.path = "/plain", .body = ALPHABET},
	{.path = "/cut", .body = ALPHABET, .cuts = 2, .cut_at = 5},
	{.path = "/cut-always", .body = ALPHABET, .cuts = 99, .cut_at = 1},
	{.path = "/cut-no-ranges", .body = ALPHABET, .cuts = 1, .cut_at = 5, .no_ranges = true},
	{.path = "/busy", .body = ALPHABET, .busy = 3},
	{.path = "/busy-always", .body = ALPHABET, .busy = 99},
	{.path = "/refused", .status = 403},
	{.path = "/gone", .status = 410},
	{.path = "/page", .body = "<html>sorry</html>", .type = "text/html; charset=utf-8"},
	{.path = "/stalled", .body = ALPHABET, .cut_at = 3, .stalls = true},
	{.path = "/endless", .body = ALPHABET, .endless = true},
	{.path = "/moved", .redirect = "/plain"},
	{.path = "/loop", .redirect = "/loop"},
	{.path = "/file", .redirect = "file:///etc/passwd"},
	{.path = NULL},
};

/* Quick tries; the stall alone takes its second. */
static const struct http_patience quick = {
	.connect_s = 10, .stall_s = 1, .attempts = 4, .pause_ms = 1};

static struct httpd *server;

static int start(void **state)
{
	(void)state;
	server = httpd_start(pages);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	httpd_stop(server);
	return 0;
}

static void asked(const char *want)
{
	cleanup_str struct str log = STR_INIT;

	httpd_log(server, &log);
	assert_string_equal(str_get(&log), want);
}

/* Fetches a page into a file that begins with `there`; compares what it holds then. */
static int fetch(const char *path, const char *there, const char *want, struct err *e)
{
	cleanup_free char *url = httpd_url(server, path);
	const struct http_get g = {
		.url = url, .what = "a file", .max = 1000, .file = true, .patience = &quick};
	cleanup_str struct str text = STR_INIT;
	cleanup_close int fd = file_memfd("download");
	int rc;

	assert_int_equal(file_write_fd(fd, there, strlen(there)), 0);
	rc = http_to_fd(&g, fd, e);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, 4096, &text), 0);
	if (want)
		assert_string_equal(str_get(&text), want);
	return rc;
}

static void a_file_is_fetched(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/plain", "", ALPHABET, &e), 0);
	assert_int_equal(fetch("/moved", "", ALPHABET, &e), 0);
	asked("GET /plain\nGET /moved\nGET /plain\n");
}

static void a_broken_transfer_goes_on_where_it_was(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/cut", "", ALPHABET, &e), 0);
	asked("GET /cut\nGET /cut bytes=5-\nGET /cut bytes=10-\n");
}

static void an_earlier_part_is_not_fetched_again(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/plain", "abc", ALPHABET, &e), 0);
	asked("GET /plain bytes=3-\n");
}

static void without_ranges_it_starts_anew(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/cut-no-ranges", "", ALPHABET, &e), 0);
	/* longer than the server's: not a part of it */
	assert_int_equal(fetch("/plain", ALPHABET ALPHABET, ALPHABET, &e), 0);
	asked("GET /cut-no-ranges\nGET /cut-no-ranges bytes=5-\nGET /cut-no-ranges\n"
	      "GET /plain bytes=52-\nGET /plain\n");
}

static void a_busy_server_is_asked_again(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/busy", "", ALPHABET, &e), 0);
	assert_int_equal(fetch("/busy-always", "", "", &e), -EIO);
	assert_non_null(strstr(e.msg, "503"));
	assert_int_equal(fetch("/cut-always", "", "abcd", &e), -EIO);
	asked("GET /busy\nGET /busy\nGET /busy\nGET /busy\n"
	      "GET /busy-always\nGET /busy-always\nGET /busy-always\nGET /busy-always\n"
	      "GET /cut-always\nGET /cut-always bytes=1-\nGET /cut-always bytes=2-\n"
	      "GET /cut-always bytes=3-\n");
}

static void a_refusal_is_final(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/nothing", "", "", &e), -ENOENT);
	assert_int_equal(fetch("/gone", "", "", &e), -ENOENT);
	assert_int_equal(fetch("/refused", "", "", &e), -EIO);
	assert_non_null(strstr(e.msg, "HTTP 403"));
	assert_int_equal(fetch("/page", "", "", &e), -EPROTO);
	assert_non_null(strstr(e.msg, "server returned HTML instead of a file"));
	asked("GET /nothing\nGET /gone\nGET /refused\nGET /page\n");
}

static void nothing_is_without_end(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch("/endless", "", NULL, &e), -EFBIG);
	assert_int_equal(fetch("/loop", "", "", &e), -EIO);
	assert_int_equal(fetch("/file", "", "", &e), -EIO);
}

static void silence_ends_it(void **state)
{
	cleanup_free char *url = httpd_url(server, "/stalled");
	const struct http_patience once = {.connect_s = 10, .stall_s = 1, .attempts = 1};
	const struct http_get g = {.url = url, .what = "x", .max = 100, .patience = &once};
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(http_to_text(&g, &text, &e), -ETIMEDOUT);
	assert_int_equal(text.len, 0);
}

static void a_person_can_stop_it(void **state)
{
	cleanup_free char *url = httpd_url(server, "/stalled");
	struct fixture_report r;
	const struct http_get g = {.url = url,
		.what = "x",
		.max = 100,
		.patience = &http_patience,
		.report = &r.report};
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	fixture_report_init(&r);
	r.cancel_what = "fetching x";
	assert_int_equal(http_to_text(&g, &text, &e), -ECANCELED);
	assert_int_equal(r.done, 3);
	assert_int_equal(r.total, strlen(ALPHABET));
	fixture_report_release(&r);
}

static void a_small_document(void **state)
{
	cleanup_free char *url = httpd_url(server, "/cut");
	const struct http_get g = {.url = url, .what = "x", .max = 100, .patience = &quick};
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	str_add(&text, "before ");
	assert_int_equal(http_to_text(&g, &text, &e), 0);
	assert_string_equal(str_get(&text), "before " ALPHABET);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_fetched),
		TEST(a_broken_transfer_goes_on_where_it_was),
		TEST(an_earlier_part_is_not_fetched_again),
		TEST(without_ranges_it_starts_anew),
		TEST(a_busy_server_is_asked_again),
		TEST(a_refusal_is_final),
		TEST(nothing_is_without_end),
		TEST(silence_ends_it),
		TEST(a_person_can_stop_it),
		TEST(a_small_document),
	};

	/* Servers on loopback are not asked through a proxy. */
	setenv("no_proxy", "127.0.0.1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
