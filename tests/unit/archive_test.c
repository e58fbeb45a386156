/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/archive.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"

enum { BLOCK = 512 };

static int memory_file(const void *bytes, size_t n)
{
	int fd = file_memfd("test");

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* `digits` octal digits; the byte after them stays 0. */
static void octal(char *to, unsigned digits, size_t value)
{
	while (digits--) {
		to[digits] = (char)('0' + value % 8);
		value /= 8;
	}
}

/* One ustar member, POSIX.1-1988 layout. */
static void tar_member(
	struct str *out, const char *path, char type, const char *link, const char *data)
{
	char h[BLOCK] = {0};
	unsigned sum = 0;

	memcpy(h, path, strlen(path));
	octal(h + 100, 7, 0640);
	octal(h + 108, 7, 0);
	octal(h + 116, 7, 0);
	octal(h + 124, 11, strlen(data));
	octal(h + 136, 11, 86400);
	h[156] = type;
	memcpy(h + 157, link, strlen(link));
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 6, sum);
	str_append(out, h, BLOCK);
	str_add(out, data);
	str_repeat(out, '\0', (BLOCK - out->len % BLOCK) % BLOCK);
}

static void tar_end(struct str *out)
{
	str_repeat(out, '\0', (size_t)2 * BLOCK);
}

static void ar_member(struct str *out, const char *name, const struct str *data)
{
	if (!out->len)
		str_add(out, "!<arch>\n");
	str_printf(out, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, 0100644, data->len);
	str_append(out, data->s, data->len);
	if (data->len % 2)
		str_addc(out, '\n');
}

/* Pipes bytes through a program; false when it is not installed. */
static bool filter(const char *program, const struct str *in, struct str *out)
{
	const char *argv[] = {program, "-c", NULL};
	cleanup_free char *path = spawn_find(program);
	cleanup_close int fd = memory_file(in->s, in->len);
	const struct spawn_fd fds[] = {{.from = fd, .to = 0}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = 1};

	if (!path)
		return false;
	assert_int_equal(spawn_capture(&s, 1 << 20, out, NULL, NULL), 0);
	return true;
}

static void a_package_is_read_member_by_member(void **state)
{
	cleanup_str struct str tar = STR_INIT, deb = STR_INIT, version = STR_INIT,
			       packed = STR_INIT;
	struct err e = ERR_INIT;
	struct arc_entry it;
	struct arc *outer, *inner;
	char buf[64];
	int fd;

	(void)state;
	tar_member(&tar, "./boot/", '5', "", "");
	tar_member(&tar, "./boot/vmlinuz-1", '0', "", "not really a kernel");
	tar_member(&tar, "./link", '2', "../anywhere", "");
	tar_end(&tar);
	if (!filter("xz", &tar, &packed))
		skip_because("no xz");
	str_add(&version, "2.0\n");
	ar_member(&deb, "debian-binary/", &version);
	ar_member(&deb, "data.tar.xz/", &packed);
	fd = memory_file(deb.s, deb.len);
	outer = arc_open_fd(fd, "x.deb", &e);
	assert_non_null(outer);
	assert_int_equal(arc_next(outer, &it, &e), 1);
	assert_string_equal(it.path, "debian-binary");
	assert_int_equal(arc_next(outer, &it, &e), 1);
	assert_string_equal(it.path, "data.tar.xz");
	inner = arc_open_nested(outer, "data.tar.xz of x.deb", &e);
	assert_non_null(inner);
	assert_int_equal(arc_next(inner, &it, &e), 1);
	assert_string_equal(it.path, "boot/");
	assert_int_equal(it.type, ARC_DIR);
	assert_int_equal(arc_next(inner, &it, &e), 1);
	assert_string_equal(it.path, "boot/vmlinuz-1");
	assert_int_equal(it.type, ARC_FILE);
	assert_int_equal(it.size, 19);
	assert_int_equal(it.mode, 0640);
	assert_int_equal(it.mtime, 86400);
	assert_int_equal(arc_read(inner, buf, sizeof(buf), &e), 19);
	assert_memory_equal(buf, "not really a kernel", 19);
	assert_int_equal(arc_next(inner, &it, &e), 1);
	assert_int_equal(it.type, ARC_SYMLINK);
	assert_string_equal(it.link, "../anywhere");
	assert_int_equal(arc_next(inner, &it, &e), 0);
	arc_close(inner);
	assert_int_equal(arc_next(outer, &it, &e), 0);
	arc_close(outer);
	close(fd);
}

static void a_name_that_climbs_is_refused(void **state)
{
	static const char *const bad[] = {"../x", "a/../../x", "/../x", "a/.."};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_str struct str tar = STR_INIT;
		struct err e = ERR_INIT;
		struct arc_entry it;
		struct arc *a;
		int fd;

		tar_member(&tar, bad[i], '0', "", "x");
		tar_end(&tar);
		fd = memory_file(tar.s, tar.len);
		a = arc_open_fd(fd, "evil.tar", &e);
		assert_non_null(a);
		assert_int_equal(arc_next(a, &it, &e), -EBADMSG);
		assert_non_null(strstr(e.msg, "evil.tar"));
		arc_close(a);
		close(fd);
	}
}

static void one_file_is_decompressed_whatever_packed_it(void **state)
{
	static const char *const programs[] = {"cat", "gzip", "xz", "bzip2", "zstd"};
	cleanup_str struct str plain = STR_INIT;
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < 40000; i++)
		str_printf(&plain, "%u,", i);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		cleanup_str struct str packed = STR_INIT, out = STR_INIT;
		struct err e = ERR_INIT;
		int fd;

		if (strcmp(programs[i], "cat") == 0)
			str_append(&packed, plain.s, plain.len);
		else if (!filter(programs[i], &plain, &packed))
			continue;
		fd = memory_file(packed.s, packed.len);
		assert_int_equal(arc_decompress(fd, "x", 1 << 20, &out, &e), 0);
		assert_int_equal(out.len, plain.len);
		assert_memory_equal(out.s, plain.s, plain.len);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(arc_decompress(fd, "x", 1000, &out, &e), -EFBIG);
		close(fd);
		seen++;
	}
	assert_true(seen >= 2);
}

static void a_cut_file_is_damaged(void **state)
{
	cleanup_str struct str plain = STR_INIT, packed = STR_INIT, out = STR_INIT;
	struct err e = ERR_INIT;
	int fd;

	(void)state;
	for (unsigned i = 0; i < 40000; i++)
		str_printf(&plain, "%u,", i);
	if (!filter("xz", &plain, &packed))
		skip_because("no xz");
	fd = memory_file(packed.s, packed.len / 2);
	assert_int_equal(arc_decompress(fd, "half.ko.xz", 1 << 20, &out, &e), -EBADMSG);
	assert_non_null(strstr(e.msg, "half.ko.xz"));
	close(fd);
}

static void an_empty_file_is_empty(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;
	int fd = memory_file("", 0);

	(void)state;
	assert_int_equal(arc_decompress(fd, "x", 10, &out, &e), 0);
	assert_int_equal(out.len, 0);
	close(fd);
}

static void an_unreadable_source_says_why(void **state)
{
	cleanup_str struct str out = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(arc_decompress(-1, "gone.ko", 10, &out, &e) < 0);
	assert_non_null(strstr(e.msg, "gone.ko"));
	assert_non_null(strstr(e.msg, "Bad file descriptor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_package_is_read_member_by_member),
		cmocka_unit_test(a_name_that_climbs_is_refused),
		cmocka_unit_test(one_file_is_decompressed_whatever_packed_it),
		cmocka_unit_test(a_cut_file_is_damaged),
		cmocka_unit_test(an_empty_file_is_empty),
		cmocka_unit_test(an_unreadable_source_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
