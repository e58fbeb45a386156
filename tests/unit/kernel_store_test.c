/* Unpacked kernels by content: what is found again, what is not, and that the folder stays small.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/base/str.h"
#include "tests/lib/skip.h"
#include "vmm/kernel_store.h"

struct fixture {
	char root[32];
	char *folder;
};

static int begin(void **state)
{
	static struct fixture f;

	strcpy(f.root, "/tmp/ktstr-test-XXXXXX");
	assert_non_null(mkdtemp(f.root));
	f.folder = file_join(f.root, KERNEL_STORE_FOLDER);
	*state = &f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	free(f->folder);
	return file_remove_tree(f->root, NULL);
}

static int image(const struct fixture *f, const char *name, const char *text)
{
	cleanup_free char *path = file_join(f->root, name);
	int fd;

	assert_int_equal(file_replace(path, text, strlen(text), 0600, NULL), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int memory(const char *text, size_t zeros)
{
	int fd = file_memfd("unpacked");

	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
	assert_int_equal(ftruncate(fd, (off_t)(strlen(text) + zeros)), 0);
	return fd;
}

static bool kept(const struct fixture *f, int fd, const char *text, size_t size)
{
	cleanup_close int found = kernel_store_open(f->root, fd);
	cleanup_str struct str got = STR_INIT;

	if (found < 0)
		return false;
	assert_int_equal(file_read_fd(found, 1 << 24, &got), 0);
	assert_int_equal(got.len, size);
	assert_memory_equal(got.s, text, strlen(text));
	return true;
}

static unsigned count(const struct fixture *f, const char *prefix)
{
	DIR *d = opendir(f->folder);
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += str_starts(e->d_name, prefix);
	closedir(d);
	return n;
}

static void found_by_file_and_by_content(void **state)
{
	const struct fixture *f = *state;
	cleanup_close int a = image(f, "a", "packed"), b = image(f, "b", "packed"), c = -1;
	cleanup_close int unpacked = memory("kernel", 300000);

	assert_int_equal(kernel_store_open(f->root, a), -1);
	kernel_store_keep(f->root, a, unpacked);
	assert_true(kept(f, a, "kernel", 300006));
	assert_true(kept(f, b, "kernel", 300006)); /* another file, the same bytes */
	assert_int_equal(count(f, "vmlinux-"), 1);
	assert_int_equal(count(f, "image-"), 2);
	assert_int_equal(count(f, ".tmp-"), 0);
	c = image(f, "a", "other");
	assert_false(kept(f, c, "", 0));
}

static void holes_stay_holes(void **state)
{
	const struct fixture *f = *state;
	cleanup_close int a = image(f, "a", "packed"), unpacked = memory("kernel", 1 << 20);
	cleanup_close int found = -1;
	struct stat st;

	kernel_store_keep(f->root, a, unpacked);
	found = kernel_store_open(f->root, a);
	assert_int_equal(fstat(found, &st), 0);
	assert_true(st.st_blocks * 512 < 1 << 19);
	assert_int_equal(st.st_mode & 0777, 0400);
}

static void the_folder_stays_small(void **state)
{
	const struct fixture *f = *state;
	cleanup_close int unpacked = memory("kernel", 0), last = -1;

	for (unsigned i = 0; i < KERNEL_STORE_FILES + 3; i++) {
		cleanup_free char *text = xasprintf("packed %u", i);

		if (last >= 0)
			close(last);
		last = image(f, "a", text);
		kernel_store_keep(f->root, last, unpacked);
	}
	assert_int_equal(count(f, "vmlinux-"), KERNEL_STORE_FILES);
	assert_true(count(f, "image-") <= KERNEL_STORE_FILES + 1);
}

static void a_folder_that_others_write_to_is_not_used(void **state)
{
	const struct fixture *f = *state;
	cleanup_close int a = image(f, "a", "packed"), unpacked = memory("kernel", 0);

	kernel_store_keep(f->root, a, unpacked);
	assert_int_equal(chmod(f->folder, 0777), 0);
	assert_int_equal(kernel_store_open(f->root, a), -1);
	assert_int_equal(chmod(f->folder, 0700), 0);
	assert_true(kept(f, a, "kernel", 6));
	assert_int_equal(kernel_store_open(NULL, a), -1);
	kernel_store_keep(NULL, a, unpacked);
}

/* Beyond the size that its files may have, a process is ended by a signal, as any that is killed
 * while it writes. */
static void keep_and_die(const struct fixture *f, int packed, int unpacked)
{
	const struct rlimit size = {65536, 65536}, none = {0, 0};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		setrlimit(RLIMIT_FSIZE, &size);
		kernel_store_keep(f->root, packed, unpacked);
		_exit(0);
	}
	assert_int_equal(spawn_wait(pid), 128 + SIGXFSZ);
}

static void who_is_killed_leaves_no_half_file(void **state)
{
	const struct fixture *f = *state;
	cleanup_close int a = image(f, "a", "packed"), unpacked = memory("kernel", 300000);
	cleanup_close int nameless = open(f->root, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (nameless < 0)
		skip_because("no nameless files in %s", f->root);
	keep_and_die(f, a, unpacked);
	assert_int_equal(count(f, "vmlinux-"), 0);
	assert_int_equal(count(f, ".tmp-"), 0);
	kernel_store_keep(f->root, a, unpacked);
	assert_true(kept(f, a, "kernel", 300006));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_by_file_and_by_content, begin, end),
		cmocka_unit_test_setup_teardown(holes_stay_holes, begin, end),
		cmocka_unit_test_setup_teardown(the_folder_stays_small, begin, end),
		cmocka_unit_test_setup_teardown(
			a_folder_that_others_write_to_is_not_used, begin, end),
		cmocka_unit_test_setup_teardown(who_is_killed_leaves_no_half_file, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
