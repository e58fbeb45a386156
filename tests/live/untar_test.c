/* Archives are unpacked by the program's own process: what is in them, and what must not get out.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/untar.h"
#include "tests/lib/kernel_fixture.h"

static char *dir, *inside;

static int make_dir(void **state)
{
	(void)state;
	dir = fixture_dir();
	fixture_text(dir, "outside", "untouched");
	fixture_mkdir(dir, "in");
	inside = file_join(dir, "in");
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	free(inside);
	fixture_remove(dir);
	return 0;
}

static int unpack_bytes(const struct str *tar, struct kernel_report *r, struct err *e)
{
	cleanup_close int fd = file_memfd("tar");

	assert_int_equal(file_write_fd(fd, tar->s, tar->len), 0);
	return untar(getenv("KTSTR"), fd, "linux-6.1.tar", inside, r, e);
}

static int unpack(const struct fixture_file *files, size_t n, struct err *e)
{
	cleanup_str struct str tar = STR_INIT;

	fixture_tar(&tar, files, n);
	return unpack_bytes(&tar, NULL, e);
}

static void expect_text(const char *name, const char *want)
{
	cleanup_free char *path = file_join(dir, name);
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	assert_string_equal(str_get(&text), want);
}

static bool exists(const char *name)
{
	cleanup_free char *path = file_join(dir, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static void a_tree_comes_out(void **state)
{
	static const struct fixture_file files[] = {
		{.path = "linux-6.1/", .type = '5'},
		{.path = "linux-6.1/Makefile", .text = "VERSION = 6\n"},
		{.path = "linux-6.1/a/b/c/deep", .text = "deep"},
		{.path = "linux-6.1/link", .type = '2', .link = "a/b"},
		{.path = "linux-6.1/hard", .type = '1', .link = "linux-6.1/Makefile"},
		{.path = "./linux-6.1/pipe", .type = '6'},
	};
	static const char *const packers[] = {NULL, "gzip", "xz", "zstd"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		cleanup_str struct str tar = STR_INIT;

		assert_int_equal(file_remove_tree(inside, &e), 0);
		fixture_mkdir(dir, "in");
		fixture_tar(&tar, files, ARRAY_LEN(files));
		if (packers[i])
			fixture_pack(packers[i], &tar);
		assert_int_equal(unpack_bytes(&tar, NULL, &e), 0);
		expect_text("in/linux-6.1/Makefile", "VERSION = 6\n");
		expect_text("in/linux-6.1/hard", "VERSION = 6\n");
		expect_text("in/linux-6.1/link/c/deep", "deep");
		assert_false(exists("in/linux-6.1/pipe"));
	}
}

/* Each ends with a sentence and nothing outside the folder touched. */
static void nothing_gets_out(void **state)
{
	static const struct fixture_file cases[][2] = {
		{{.path = "../outside", .text = "evil"}},
		{{.path = "a/../../outside", .text = "evil"}},
		{{.path = "up", .type = '2', .link = ".."}, {.path = "up/outside", .text = "evil"}},
		{{.path = "abs", .type = '2', .link = "/"}, {.path = "abs/tmp/x", .text = "evil"}},
		{{.path = "file", .type = '2', .link = "../outside"},
			{.path = "file", .text = "evil"}},
		{{.path = "steal", .type = '1', .link = "../outside"}},
		{{.path = "up", .type = '2', .link = ".."},
			{.path = "steal", .type = '1', .link = "up/outside"}},
		{{.path = "twice", .text = "a"}, {.path = "twice", .text = "b"}},
		{{.path = "file", .text = "a"}, {.path = "file/below", .text = "b"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(file_remove_tree(inside, &e), 0);
		fixture_mkdir(dir, "in");
		assert_int_equal(unpack(cases[i], cases[i][1].path ? 2 : 1, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "cannot unpack linux-6.1.tar: "));
		expect_text("outside", "untouched");
		assert_false(exists("in/steal"));
	}
}

/* An absolute name is one below the folder, as tar(1) takes it. */
static void absolute_names_stay_below(void **state)
{
	static const struct fixture_file file = {.path = "/etc/ktstr-test", .text = "x"};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(unpack(&file, 1, &e), 0);
	expect_text("in/etc/ktstr-test", "x");
	assert_int_not_equal(access("/etc/ktstr-test", F_OK), 0);
}

static void what_is_no_archive_is_refused(void **state)
{
	cleanup_str struct str bytes = STR_INIT;
	static const struct fixture_file file = {.path = "big", .size = 1 << 20};
	struct err e = ERR_INIT;

	(void)state;
	str_add(&bytes, "<html>not here</html>");
	assert_int_equal(unpack_bytes(&bytes, NULL, &e), -EBADMSG);
	str_clear(&bytes);
	fixture_tar(&bytes, &file, 1);
	fixture_pack("xz", &bytes);
	bytes.len /= 2;
	assert_int_equal(unpack_bytes(&bytes, NULL, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "cannot unpack linux-6.1.tar: "));
}

static void it_can_be_stopped(void **state)
{
	static const struct fixture_file file = {.path = "big", .size = 64 << 20};
	cleanup_str struct str tar = STR_INIT;
	struct fixture_report r;
	struct err e = ERR_INIT;

	(void)state;
	fixture_tar(&tar, &file, 1);
	fixture_report_init(&r);
	r.cancel_what = "unpacking linux-6.1.tar";
	assert_int_equal(unpack_bytes(&tar, &r.report, &e), -ECANCELED);
	assert_int_equal(r.total, tar.len);
	fixture_report_release(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tree_comes_out),
		TEST(nothing_gets_out),
		TEST(absolute_names_stay_below),
		TEST(what_is_no_archive_is_refused),
		TEST(it_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
