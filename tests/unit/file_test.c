#include <errno.h>
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
#include "src/base/sysroot.h"

static char root[64];

static int setup(void **state)
{
	(void)state;
	strcpy(root, "/tmp/ktstr-file-test-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(root, NULL);
}

static void put(const char *path, const char *text)
{
	cleanup_free char *full = file_join(root, path);
	cleanup_free char *dir = xstrndup(full, (size_t)(file_base(full) - full) - 1);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(full, text, strlen(text), 0644, NULL), 0);
}

static void replace_is_all_or_nothing(void **state)
{
	cleanup_free char *path = file_join(root, "kept");
	cleanup_str struct str text = STR_INIT, names = STR_INIT;
	struct rlimit old, tiny;
	struct sysroot *r;
	struct strv left = STRV_INIT;
	char big[8192];

	(void)state;
	put("kept", "old");
	memset(big, 'x', sizeof(big));
	/* A full disk, as far as this process can tell: EFBIG instead of a signal. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	tiny = (struct rlimit){4096, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &tiny);
	assert_true(file_replace(path, big, sizeof(big), 0644, NULL) < 0);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(file_read(path, 100, &text, NULL), 0);
	assert_string_equal(str_get(&text), "old");
	r = sysroot_open(root, NULL);
	assert_int_equal(sysroot_list(r, "/", &left), 0);
	assert_int_equal(left.n, 1);
	strv_release(&left);
	sysroot_close(r);
}

static void reads_are_bounded(void **state)
{
	cleanup_free char *path = file_join(root, "size");
	cleanup_str struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	put("size", "0123456789");
	assert_int_equal(file_read(path, 9, &text, &e), -EFBIG);
	assert_non_null(strstr(e.msg, path));
}

static void a_sysroot_confines_links(void **state)
{
	struct sysroot *r = sysroot_open(root, NULL);
	cleanup_free char *link = file_join(root, "sys/link");
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	char line[16];
	uint64_t v;
	int i;

	(void)state;
	put("sys/cpu/online", "0-1,4\n");
	put("sys/cpu/number", "42\n");
	put("sys/cpu/minus", "-1\n");
	put("etc/passwd", "captured\n");
	put("sys/cpu/cpu0/x", "");
	put("sys/cpu/cpu12/x", "");
	put("sys/cpu/cpufreq/x", "");
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(sysroot_line(r, "/sys/link", line, sizeof(line)), 0);
	assert_string_equal(line, "captured");
	assert_int_equal(sysroot_line(r, "/sys/cpu/online", line, 3), -ENAMETOOLONG);
	assert_int_equal(sysroot_cpulist(r, "/sys/cpu/online", &cpus), 0);
	assert_int_equal(cpuset_count(&cpus), 3);
	assert_int_equal(sysroot_u64(r, "/sys/cpu/number", &v), 0);
	assert_int_equal(v, 42);
	assert_int_equal(sysroot_u64(r, "/sys/cpu/minus", &v), -EINVAL);
	assert_int_equal(sysroot_int(r, "/sys/cpu/minus", &i), 0);
	assert_int_equal(i, -1);
	assert_int_equal(sysroot_numbers(r, "/sys/cpu", "cpu", &cpus), 0);
	assert_int_equal(cpuset_count(&cpus), 2);
	assert_true(cpuset_has(&cpus, 12));
	assert_int_equal(sysroot_u64(r, "/sys/none", &v), -ENOENT);
	assert_true(sysroot_exists(r, "/sys/cpu"));
	assert_false(sysroot_exists(r, "/sys/none"));
	sysroot_close(r);
}

static void a_path_has_a_folder(void **state)
{
	static const char *const rows[][2] = {{"/a/b", "/a"}, {"/a", "/"}, {"a", "."},
		{"a/b/c", "a/b"}, {"//a", "/"}, {"a//b", "a"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_free char *dir = file_dir(rows[i][0]);

		assert_string_equal(dir, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replace_is_all_or_nothing, setup, teardown),
		cmocka_unit_test(a_path_has_a_folder),
		cmocka_unit_test_setup_teardown(reads_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sysroot_confines_links, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
