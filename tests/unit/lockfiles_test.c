#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "probes/locks/lockfiles.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "tests/lib/skip.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ktstr-lockfiles-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static void roots_come_from_the_environment(void **state)
{
	struct lockfile_roots r;

	(void)state;
	unsetenv("KTSTR_RUNS_ROOT");
	unsetenv("CARGO_TARGET_DIR");
	setenv("KTSTR_LOCK_DIR", "", 1);
	setenv("TMPDIR", "/elsewhere", 1);
	lockfile_roots_init(&r, "/c");
	assert_string_equal(lockfile_root(&r, LOCKFILE_LLC), "/tmp");
	assert_string_equal(lockfile_root(&r, LOCKFILE_CPU), "/tmp");
	assert_string_equal(lockfile_root(&r, LOCKFILE_CACHE), "/c/.locks");
	assert_string_equal(lockfile_root(&r, LOCKFILE_RUN), "target/ktstr/.locks");
	lockfile_roots_release(&r);
	setenv("KTSTR_LOCK_DIR", "/l", 1);
	setenv("CARGO_TARGET_DIR", "/t", 1);
	lockfile_roots_init(&r, NULL);
	assert_string_equal(lockfile_root(&r, LOCKFILE_LLC), "/l");
	assert_null(lockfile_root(&r, LOCKFILE_CACHE));
	assert_string_equal(lockfile_root(&r, LOCKFILE_RUN), "/t/ktstr/.locks");
	lockfile_roots_release(&r);
	setenv("KTSTR_RUNS_ROOT", "/r", 1);
	lockfile_roots_init(&r, NULL);
	assert_string_equal(lockfile_root(&r, LOCKFILE_RUN), "/r/.locks");
	lockfile_roots_release(&r);
}

static void names_are_upstreams(void **state)
{
	cleanup_free char *llc = lockfile_llc("/tmp", 2), *cpu = lockfile_cpu("/tmp", 17),
			  *key = lockfile_keyed("/c/.locks", "6.14.2-tarball");
	struct lockfile_name n;

	(void)state;
	assert_string_equal(llc, "/tmp/ktstr-llc-2.lock");
	assert_string_equal(cpu, "/tmp/ktstr-cpu-17.lock");
	assert_string_equal(key, "/c/.locks/6.14.2-tarball.lock");
	assert_true(lockfile_parse_name(LOCKFILE_LLC, "ktstr-llc-12.lock", &n));
	assert_int_equal(n.number, 12);
	assert_true(lockfile_parse_name(LOCKFILE_CACHE, "a.b.lock", &n));
	assert_int_equal(n.key_length, 3);
	assert_true(lockfile_parse_name(LOCKFILE_RUN, ".x.lock", &n));
	assert_int_equal(n.key_length, 2);
}

static void other_names_are_none_of_ours(void **state)
{
	static const char *const names[] = {"ktstr-llc-oops.lock", "ktstr-llc-.lock",
		"ktstr-llc-1.lock.", "ktstr-llc--1.lock", "ktstr-llc-1 .lock", "ktstr-llc-.loc",
		"ktstr-llc-99999999999999999999.lock", "xktstr-llc-1.lock", ".lock", "",
		"ktstr-cpu-1.lock"};
	struct lockfile_name n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_false(lockfile_parse_name(LOCKFILE_LLC, names[i], &n));
	assert_false(lockfile_parse_name(LOCKFILE_CACHE, "x.lock~", &n));
}

static void locks_exclude_each_other(void **state)
{
	cleanup_free char *path = lockfile_llc(folder, 0);
	struct err e = ERR_INIT;
	int a = lockfile_acquire(path, LOCKFILE_SHARED, &e),
	    b = lockfile_acquire(path, LOCKFILE_SHARED, &e), c;

	(void)state;
	assert_true(a >= 0 && b >= 0);
	assert_true(fcntl(a, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lockfile_acquire(path, LOCKFILE_EXCLUSIVE, &e), -EWOULDBLOCK);
	assert_non_null(strstr(e.msg, path));
	close(a);
	close(b);
	c = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, &e);
	assert_true(c >= 0);
	assert_int_equal(lockfile_acquire(path, LOCKFILE_SHARED, &e), -EWOULDBLOCK);
	close(c);
}

static void a_file_that_was_taken_away_is_noticed(void **state)
{
	cleanup_free char *path = lockfile_cpu(folder, 4);
	int a = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, NULL), b;

	(void)state;
	assert_true(lockfile_stands(a, path));
	assert_int_equal(unlink(path), 0);
	assert_false(lockfile_stands(a, path));
	b = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, NULL);
	assert_true(b >= 0 && lockfile_stands(b, path));
	assert_false(lockfile_stands(a, path));
	close(a);
	close(b);
}

static void folders_of_keyed_locks_are_made(void **state)
{
	cleanup_free char *locks = file_join(folder, "runs/.locks"),
			  *path = lockfile_keyed(locks, "k"), *other = file_join(folder, "no/k");
	struct err e = ERR_INIT;
	int fd = lockfile_open(path, &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(lockfile_open(other, &e), -ENOENT);
	assert_non_null(strstr(e.msg, other));
}

static void what_is_no_file_is_refused(void **state)
{
	cleanup_free char *fifo = lockfile_llc(folder, 7);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0666), 0);
	assert_int_equal(lockfile_open(fifo, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "not a regular file"));
}

/* As another user in a sticky folder, where the file is ours and not theirs to write. */
static void anothers_file_is_locked_read_only(void **state)
{
	cleanup_free char *path = lockfile_llc(folder, 9);
	int fd = lockfile_open(path, NULL), flags;

	(void)state;
	if (geteuid() != 0) {
		close(fd);
		skip_because("needs root");
	}
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = lockfile_acquire(path, LOCKFILE_EXCLUSIVE, NULL);
	assert_int_equal(seteuid(0), 0);
	assert_true(fd >= 0);
	flags = fcntl(fd, F_GETFL);
	assert_int_equal(flags & O_ACCMODE, O_RDONLY);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_come_from_the_environment),
		cmocka_unit_test(names_are_upstreams),
		cmocka_unit_test(other_names_are_none_of_ours),
		cmocka_unit_test(locks_exclude_each_other),
		cmocka_unit_test(a_file_that_was_taken_away_is_noticed),
		cmocka_unit_test(folders_of_keyed_locks_are_made),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(anothers_file_is_locked_read_only),
	};

	return cmocka_run_group_tests_name("lockfiles", tests, setup, teardown);
}
