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

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"
#include "vmm/payload/cpio.h"

struct work {
	int fd;
	struct cpio *c;
	struct err e;
};

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));

	w->fd = file_memfd("cpio-test");
	w->c = cpio_new(w->fd);
	*state = w;
	return w->fd < 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	cpio_free(w->c);
	close(w->fd);
	free(w);
	return 0;
}

#define META(p, m)                                                                                 \
	&(const struct cpio_meta)                                                                  \
	{                                                                                          \
		.path = (p), .mode = (m), .mtime = 1000000000                                      \
	}

static int bytes(struct work *w, const char *path, const char *text)
{
	return cpio_bytes(w->c, META(path, 0640), text, strlen(text), &w->e);
}

static void finish(struct work *w, struct str *out)
{
	uint64_t size = 0;

	assert_int_equal(cpio_finish(w->c, &size, &w->e), 0);
	assert_int_equal(lseek(w->fd, 0, SEEK_END), size);
	assert_int_equal(size % 512, 0);
	lseek(w->fd, 0, SEEK_SET);
	assert_int_equal(file_read_fd(w->fd, 64 << 20, out), 0);
}

/* The listing of cpio(1) over the archive, one "mode name" per line; false without cpio(1). */
static bool list(struct work *w, struct str *out)
{
	static const char *const argv[] = {
		"sh", "-c", "TZ=UTC cpio --quiet -itv | awk '{print $1, $9, $10, $11}'", NULL};
	const struct spawn_fd fds[] = {{.from = w->fd, .to = 0}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = 1};
	cleanup_free char *cpio = spawn_find("cpio");

	if (!cpio)
		return false;
	lseek(w->fd, 0, SEEK_SET);
	assert_int_equal(spawn_capture(&s, 1 << 20, out, NULL, &w->e), 0);
	return true;
}

static void one_header_is_as_the_kernel_reads_it(void **state)
{
	struct work *w = *state;
	cleanup_str struct str out = STR_INIT;

	bytes(w, "abc", "hello");
	finish(w, &out);
	assert_memory_equal(out.s,
		"070701"
		"00000001" /* ino */
		"000081a0" /* mode */
		"00000000"
		"00000000"
		"00000001"
		"3b9aca00" /* mtime */
		"00000005" /* size */
		"00000000"
		"00000000"
		"00000000"
		"00000000"
		"00000004" /* "abc" and its NUL */
		"00000000"
		"abc\0" /* 110 + 4 = 114, padded to 116 */
		"\0\0"
		"hello\0\0\0"
		"070701",
		130);
}

static void parents_come_first_and_once(void **state)
{
	struct work *w = *state;
	cleanup_str struct str out = STR_INIT, listing = STR_INIT;

	assert_int_equal(bytes(w, "a/b/one", "1"), 0);
	assert_int_equal(bytes(w, "a/b/two", "2"), 0);
	assert_int_equal(cpio_dir(w->c, META("tmp", 01777), &w->e), 0);
	assert_int_equal(bytes(w, "tmp/x", ""), 0);
	assert_int_equal(cpio_symlink(w->c, META("a/l", 0777), "/a/b/one", &w->e), 0);
	assert_int_equal(cpio_chardev(w->c, META("dev/console", 0600), 5, 1, &w->e), 0);
	finish(w, &out);
	if (!list(w, &listing))
		skip_because("no cpio");
	assert_string_equal(str_get(&listing), "drwxr-xr-x a  \n"
					       "drwxr-xr-x a/b  \n"
					       "-rw-r----- a/b/one  \n"
					       "-rw-r----- a/b/two  \n"
					       "drwxrwxrwt tmp  \n"
					       "-rw-r----- tmp/x  \n"
					       "lrwxrwxrwx a/l -> /a/b/one\n"
					       "drwxr-xr-x dev  \n"
					       "crw------- 2001 dev/console \n");
}

static void unusable_paths_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "./a"};
	struct work *w = *state;
	cleanup_str struct str deep = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(bytes(w, bad[i], "x"), -EINVAL);
		assert_true(w->e.msg[0]);
	}
	for (unsigned i = 0; i < 2048; i++)
		str_add(&deep, i ? "/a" : "a");
	assert_int_equal(bytes(w, str_get(&deep), "x"), 0);
	str_add(&deep, "bc");
	assert_int_equal(bytes(w, str_get(&deep), "x"), -ENAMETOOLONG);
	assert_int_equal(bytes(w, "...", "x"), 0);
}

static void a_path_is_written_once(void **state)
{
	struct work *w = *state;

	assert_int_equal(bytes(w, "a/b", "x"), 0);
	assert_int_equal(bytes(w, "a/b", "x"), -EEXIST);
	assert_int_equal(bytes(w, "a", "x"), -EEXIST);
	assert_int_equal(bytes(w, "a/b/c", "x"), -ENOTDIR);
	assert_non_null(strstr(w->e.msg, "a/b"));
}

static void four_gigabytes_are_refused(void **state)
{
	struct work *w = *state;
	int big = file_memfd("big");

	assert_int_equal(ftruncate(big, 1LL << 32), 0);
	assert_int_equal(cpio_file(w->c, META("big", 0644), big, 1ULL << 32, &w->e), -EFBIG);
	assert_non_null(strstr(w->e.msg, "'big'"));
	close(big);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
	struct work *w = *state;
	int fd = file_memfd("short");

	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(cpio_file(w->c, META("s", 0644), fd, 101, &w->e), -ENODATA);
	assert_int_equal(ftruncate(fd, 200000), 0);
	assert_int_equal(cpio_file(w->c, META("t", 0644), fd, 200001, &w->e), -ENODATA);
	close(fd);
}

/* Files of awkward sizes, through the buffer and through sendfile(2), come back as they were. */
static void contents_survive_a_round_trip(void **state)
{
	static const size_t sizes[] = {
		0, 1, 3, 4, 5, 4095, 4096, 65535, 65536, 65537, 131072, 300001};
	char dir[] = "/tmp/ktstr-cpio-XXXXXX", path[64], cmd[128];
	struct work *w = *state;
	cleanup_free char *cpio = spawn_find("cpio"), *data = xmalloc(300001);
	const char *argv[] = {"sh", "-c", cmd, NULL};
	const struct spawn_fd fds[] = {{.from = w->fd, .to = 0}};
	const struct spawn s = {.argv = argv, .fds = fds, .nfds = 1};
	cleanup_str struct str all = STR_INIT, unused = STR_INIT;

	if (!cpio)
		skip_because("no cpio");
	for (size_t i = 0; i < 300001; i++)
		data[i] = (char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int fd = file_memfd("data");

		file_write_fd(fd, data, sizes[i]);
		snprintf(path, sizeof(path), "d/f%zu", i);
		assert_int_equal(cpio_file(w->c, META(path, 0644), fd, sizes[i], &w->e), 0);
		close(fd);
	}
	finish(w, &all);
	assert_non_null(mkdtemp(dir));
	snprintf(cmd, sizeof(cmd), "cd %s && cpio --quiet -idm", dir);
	lseek(w->fd, 0, SEEK_SET);
	assert_int_equal(spawn_capture(&s, 4096, &unused, NULL, &w->e), 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		cleanup_str struct str back = STR_INIT;

		snprintf(path, sizeof(path), "%s/d/f%zu", dir, i);
		assert_int_equal(file_read(path, 1 << 20, &back, &w->e), 0);
		assert_int_equal(back.len, sizes[i]);
		assert_memory_equal(str_get(&back), data, sizes[i]);
	}
	file_remove_tree(dir, NULL);
}

static void a_full_disk_is_said(void **state)
{
	struct work *w = *state;
	cleanup_close int full = -1;
	cleanup_file FILE *f = fopen("/dev/full", "w");
	struct cpio *c;
	uint64_t size;

	assert_non_null(f);
	full = dup(fileno(f));
	c = cpio_new(full);
	assert_int_equal(cpio_finish(c, &size, &w->e), -ENOSPC);
	assert_non_null(strstr(w->e.msg, "No space left"));
	cpio_free(c);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_header_is_as_the_kernel_reads_it),
		T(parents_come_first_and_once),
		T(unusable_paths_are_refused),
		T(a_path_is_written_once),
		T(four_gigabytes_are_refused),
		T(a_file_that_shrinks_is_an_error),
		T(contents_survive_a_round_trip),
		T(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
