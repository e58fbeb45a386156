/* The build's cgroup, in a folder that stands for a cgroup hierarchy: its files are plain ones.
 * What a kernel makes of it is tested in a guest (tests/vm/reserve_test.c). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/reserve/cgroup.h"
#include "src/reserve/sandbox.h"

struct fixture {
	char dir[64];
	char *self;
	struct sandbox_place at;
	struct cpuset cpus, nodes;
	struct strv notes;
	struct sandbox *s;
	struct err e;
};

static void put(const struct fixture *f, const char *name, const char *text)
{
	cleanup_free char *path = file_join(f->dir, name);
	cleanup_free char *dir = file_dir(path);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, NULL), 0);
}

static void set_up(struct fixture *f, const char *group)
{
	*f = (struct fixture){.dir = "/tmp/ktstr-cgroup-XXXXXX"};
	assert_non_null(mkdtemp(f->dir));
	f->self = file_join(f->dir, "self");
	f->at = (struct sandbox_place){.mount = f->dir, .self = f->self, .any_filesystem = true};
	put(f, "self", group);
	put(f, "cgroup.controllers", "cpuset cpu io memory pids\n");
	put(f, "cgroup.subtree_control", "cpu memory\n");
	put(f, "a/cgroup.controllers", "cpu memory\n");
	put(f, "a/cgroup.subtree_control", "");
	put(f, "a/cgroup.procs", "");
	cpuset_add(&f->cpus, 1);
	cpuset_add(&f->nodes, 0);
}

static void tear_down(struct fixture *f)
{
	cpuset_release(&f->cpus);
	cpuset_release(&f->nodes);
	strv_release(&f->notes);
	free(f->self);
	file_remove_tree(f->dir, NULL);
}

static int enter(struct fixture *f, bool strict)
{
	return sandbox_enter(&f->at, &f->cpus, &f->nodes, strict, &f->s, &f->notes, &f->e);
}

/* Without a cap a line says why there is no sandbox; with one that is an error. */
static void lacks(struct fixture *f, const char *token)
{
	assert_int_equal(enter(f, false), 0);
	assert_null(f->s);
	assert_int_equal(f->notes.n, 1);
	assert_non_null(strstr(f->notes.v[0], token));
	assert_true(enter(f, true) < 0);
	assert_non_null(strstr(f->e.msg, token));
	assert_true(str_starts(f->e.msg, "--cpu-cap: "));
	assert_non_null(strstr(f->e.msg, "This host cannot enforce the resource budget."));
	assert_non_null(strstr(f->e.hint, "systemd-run --user --scope"));
	assert_non_null(strstr(f->e.hint, "sudo -E"));
	assert_non_null(strstr(f->e.hint, "subtree_control"));
	assert_non_null(strstr(f->e.hint, "without --cpu-cap"));
}

static void test_what_may_be_missing(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "0::/a\n");
	f.at.any_filesystem = false;
	lacks(&f, "cgroup v2 not mounted");
	tear_down(&f);
	set_up(&f, "1:name=systemd:/a\n");
	lacks(&f, "cgroup v2 not mounted");
	tear_down(&f);
	set_up(&f, "4:cpuset:/b\n0::/\n");
	lacks(&f, "cgroup v2 root (0::/)");
	tear_down(&f);
	set_up(&f, "0::/../outside\n");
	lacks(&f, "cgroup v2 root (0::/)");
	tear_down(&f);
	set_up(&f, "0::/a\n");
	put(&f, "cgroup.controllers", "cpu memory\n");
	lacks(&f, "does not expose cpuset controller");
	tear_down(&f);
	/* a group that cannot be told to have cpusets: here the file is a folder */
	set_up(&f, "0::/a\n");
	{
		cleanup_free char *path = file_join(f.dir, "cgroup.subtree_control");

		assert_int_equal(unlink(path), 0);
	}
	put(&f, "cgroup.subtree_control/x", "");
	lacks(&f, "rejected +cpuset subtree_control");
	tear_down(&f);
}

/* Plain files cannot make groups: the way up to that is the one that kernels take. */
static void test_groups_above_are_enabled(void **state)
{
	cleanup_str struct str text = STR_INIT;
	struct fixture f;

	(void)state;
	set_up(&f, "0::/a/b\n");
	put(&f, "a/cgroup.controllers", "cpuset cpu\n");
	put(&f, "a/b/cgroup.procs", "");
	assert_int_equal(enter(&f, false), 0);
	assert_null(f.s);
	assert_int_equal(f.notes.n, 1); /* the new folder has no cpuset.cpus */
	assert_non_null(strstr(f.notes.v[0], "cpuset.cpus"));
	assert_int_equal(cgroup_read(f.dir, "cgroup.subtree_control", &text), 0);
	assert_non_null(strstr(text.s, "-cpuset")); /* enabled, and taken back */
	tear_down(&f);
}

static void test_old_leftovers_are_swept(void **state)
{
	struct fixture f;
	static const struct {
		const char *name;
		bool old, stays;
	} rows[] = {
		{"ktstr-build-1-2147483000", true, false},
		{"ktstr-build-1-2147483001", false, true}, /* too young */
		{"ktstr-build-1-1", true, true},	   /* alive */
		{"ktstr-build-1-x", true, true},
		{"ktstr-build-1-99999999999", true, true},
		{"other-1-2147483000", true, true},
	};

	(void)state;
	set_up(&f, "0::/a\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_free char *path = file_join(f.dir, rows[i].name);
		const struct utimbuf day_ago = {time(NULL) - 86401, time(NULL) - 86401};

		assert_int_equal(mkdir(path, 0755), 0);
		if (rows[i].old)
			assert_int_equal(utime(path, &day_ago), 0);
	}
	assert_int_equal(enter(&f, false), 0);
	assert_null(f.s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_free char *path = file_join(f.dir, rows[i].name);

		assert_int_equal(file_is_dir(path), rows[i].stays);
	}
	tear_down(&f);
}

static void test_files(void **state)
{
	struct fixture f;
	pid_t *pids;
	size_t n;

	(void)state;
	set_up(&f, "0::/a\n");
	put(&f, "a/cgroup.procs", "12\n0\n34\nx\n");
	{
		cleanup_free char *a = file_join(f.dir, "a"), *group = cgroup_of(f.self);

		assert_string_equal(group, "/a");
		assert_int_equal(cgroup_pids(a, &pids, &n), 0);
		assert_int_equal(n, 3);
		assert_int_equal(pids[0] + pids[1] + pids[2], 46);
		free(pids);
		assert_int_equal(cgroup_pids("/nonexistent", &pids, &n), -ENOENT);
		assert_true(cgroup_has_word(f.dir, "cgroup.controllers", "io"));
		assert_false(cgroup_has_word(f.dir, "cgroup.controllers", "i"));
		assert_int_equal(cgroup_write(a, "nothing", "1"), -ENOENT);
		assert_int_equal(cgroup_remove("/nonexistent"), 0);
		assert_int_equal(cgroup_remove(a), -ENOTEMPTY);
	}
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_be_missing),
		cmocka_unit_test(test_groups_above_are_enabled),
		cmocka_unit_test(test_old_leftovers_are_swept),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
