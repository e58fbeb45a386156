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
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "tests/lib/elf_make.h"
#include "tests/lib/skip.h"
#include "vmm/payload/include.h"

/* A folder that is the current one, with a bin/ that is PATH. */
struct work {
	char *dir, *bin, *before, *path;
	struct strv args, notes;
	struct payload_note note;
	struct include_list list;
	struct tree *t;
	struct search_env env;
	const char *dirs[2];
	struct libs *libs;
	struct err e;
};

static void note(void *user, const char *text)
{
	strv_push(&((struct work *)user)->notes, text);
}

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));
	char dir[] = "/var/tmp/ktstr-include-XXXXXX";

	assert_non_null(mkdtemp(dir));
	w->dir = realpath(dir, NULL);
	w->bin = file_join(w->dir, "bin");
	w->before = getcwd(NULL, 0);
	w->path = xstrdup(getenv("PATH"));
	assert_int_equal(mkdir(w->bin, 0755), 0);
	assert_int_equal(chdir(w->dir), 0);
	setenv("PATH", w->bin, 1);
	w->note = (struct payload_note){.user = w, .note = note};
	w->t = tree_new();
	w->dirs[0] = w->dir;
	w->env.dirs = w->dirs;
	ldcache_parse("", 0, &w->env.cache);
	w->libs = libs_new(&w->env, &w->note);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct work *w = *state;

	setenv("PATH", w->path, 1);
	assert_int_equal(chdir(w->before), 0);
	file_remove_tree(w->dir, NULL);
	strv_release(&w->args);
	strv_release(&w->notes);
	include_release(&w->list);
	libs_free(w->libs);
	tree_free(w->t);
	search_env_release(&w->env);
	free(w->path);
	free(w->before);
	free(w->bin);
	free(w->dir);
	free(w);
	return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
	cleanup_free char *dir = file_dir(path);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(path, text, strlen(text), mode, NULL), 0);
}

static int resolve(struct work *w, const char *a, const char *b)
{
	strv_release(&w->args);
	strv_release(&w->notes);
	include_release(&w->list);
	err_clear(&w->e);
	strv_push(&w->args, a);
	if (b)
		strv_push(&w->args, b);
	return include_resolve(&w->args, &w->note, &w->list, &w->e);
}

static int pack(struct work *w, const char *a, const char *b)
{
	int rc = resolve(w, a, b);

	if (!rc)
		rc = include_pack(&w->list, &w->note, w->t, w->libs, &w->e);
	return rc ? rc : libs_place(w->libs, w->t, &w->e);
}

/* All guest paths, parted by blanks. */
static void assert_files(const struct work *w, const char *want)
{
	cleanup_str struct str got = STR_INIT;

	for (size_t i = 0; i < w->list.files.n; i++)
		str_printf(&got, "%s%s", i ? " " : "", w->list.files.v[i].guest);
	assert_string_equal(str_get(&got), want);
}

static void assert_error(const struct work *w, const char *want)
{
	assert_string_equal(w->e.msg, want);
}

static void paths_and_bare_names(void **state)
{
	struct work *w = *state;
	cleanup_free char *absolute = file_join(w->dir, "sub/file");

	put("sub/file", "x", 0644);
	put("bin/tool", "x", 0755);
	put("bin/data", "x", 0644);
	put("here", "x", 0644);
	put("bin/here", "y", 0755);
	assert_int_equal(resolve(w, "./sub/file", "tool"), 0);
	assert_files(w, "include-files/file include-files/tool");
	assert_int_equal(resolve(w, "sub/file", NULL), 0);
	assert_files(w, "include-files/file");
	assert_int_equal(resolve(w, absolute, NULL), 0);
	assert_files(w, "include-files/file");
	/* what lies here comes before PATH */
	assert_int_equal(resolve(w, "here", NULL), 0);
	assert_string_equal(w->list.files.v[0].host, "here");
	/* no execute bit: not a program */
	assert_int_equal(resolve(w, "data", NULL), -ENOENT);
	assert_error(w, "-i data: not found in filesystem or PATH");
	assert_int_equal(resolve(w, "./tool", NULL), -ENOENT);
	assert_error(w, "--include-files path not found: ./tool");
	assert_int_equal(resolve(w, "", NULL), -ENOENT);
}

static void folders_are_walked_in_order(void **state)
{
	struct work *w = *state;

	put("d/b", "x", 0644);
	put("d/a/z", "x", 0644);
	put("d/a/.hidden", "x", 0644);
	put("other/c", "x", 0644);
	assert_int_equal(mkfifo("d/fifo", 0600), 0);
	assert_int_equal(mkdir("d/empty", 0700), 0);
	assert_int_equal(symlink("../other", "d/link"), 0);
	assert_int_equal(symlink("../other/c", "d/y"), 0);
	assert_int_equal(resolve(w, "d", NULL), 0);
	assert_files(w, "include-files/d/a/.hidden include-files/d/a/z include-files/d/b "
			"include-files/d/link/c include-files/d/y");
	assert_int_equal(w->notes.n, 0);
	assert_int_equal(resolve(w, "./d/", NULL), 0);
	assert_int_equal(w->list.files.n, 5);
	assert_int_equal(resolve(w, "d/a/.", NULL), 0);
	assert_files(w, "include-files/a/.hidden include-files/a/z");
}

static void loops_and_dead_links_are_told(void **state)
{
	struct work *w = *state;

	put("d/sub/file", "x", 0644);
	assert_int_equal(symlink("..", "d/sub/up"), 0);
	assert_int_equal(symlink("nowhere", "d/dead"), 0);
	assert_int_equal(resolve(w, "d", NULL), 0);
	assert_files(w, "include-files/d/sub/file");
	assert_int_equal(w->notes.n, 2);
	assert_non_null(strstr(w->notes.v[0], "'d/dead' leads nowhere"));
	assert_non_null(strstr(w->notes.v[1], "'d/sub/up' leads back"));
}

static void an_empty_folder_is_a_warning(void **state)
{
	struct work *w = *state;

	assert_int_equal(mkdir("none", 0755), 0);
	assert_int_equal(resolve(w, "none", NULL), 0);
	assert_files(w, "");
	assert_int_equal(w->notes.n, 1);
	assert_string_equal(w->notes.v[0], "warning: -i none: directory contains no regular files");
}

static void nameless_folders_are_refused(void **state)
{
	static const char *const bad[] = {"/", "..", ".", "bin/..", "//", "/."};
	struct work *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(resolve(w, bad[i], NULL), -EINVAL);
		assert_non_null(strstr(w->e.msg, "include directory has no name"));
		assert_int_equal(payload_check_includes(&w->args, &w->e), -EINVAL);
	}
}

static void a_fifo_is_refused(void **state)
{
	struct work *w = *state;

	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(resolve(w, "pipe", NULL), -EINVAL);
	assert_non_null(strstr(w->e.msg, "pipe is a FIFO"));
	assert_int_equal(resolve(w, "/dev/null", NULL), -EINVAL);
	assert_non_null(strstr(w->e.msg, "a device"));
}

static void four_gigabytes_are_refused_before_anything_is_read(void **state)
{
	struct work *w = *state;

	put("d/big", "", 0644);
	if (truncate("d/big", (off_t)1 << 32))
		skip_because("a file system without holes");
	assert_int_equal(resolve(w, "d/big", NULL), -EFBIG);
	assert_non_null(strstr(w->e.msg, "'d/big' has 4 GiB or more"));
	assert_int_equal(payload_check_includes(&w->args, &w->e), -EFBIG);
	assert_int_equal(resolve(w, "d", NULL), -EFBIG);
}

static void duplicates_name_both(void **state)
{
	struct work *w = *state;

	put("a/x", "1", 0644);
	put("b/x", "2", 0644);
	assert_int_equal(resolve(w, "a/x", "b/x"), -EEXIST);
	assert_error(w, "duplicate include path 'include-files/x': provided by both a/x and b/x");
	err_clear(&w->e);
	assert_int_equal(payload_check_includes(&w->args, &w->e), -EEXIST);
	assert_error(w, "duplicate include path 'include-files/x': provided by both a/x and b/x");
}

static void folders_of_one_name_complement_each_other(void **state)
{
	struct work *w = *state;

	put("a/d/one", "1", 0644);
	put("b/d/two", "2", 0644);
	assert_int_equal(resolve(w, "a/d", "b/d"), 0);
	assert_files(w, "include-files/d/one include-files/d/two");
	assert_int_equal(payload_check_includes(&w->args, &w->e), 0);
	put("b/d/one", "3", 0644);
	assert_int_equal(resolve(w, "a/d", "b/d"), -EEXIST);
	assert_non_null(strstr(w->e.msg, "a/d/one and b/d/one"));
}

static void a_file_and_a_folder_of_one_name_collide(void **state)
{
	struct work *w = *state;

	put("a/d/one", "1", 0644);
	put("b/d", "2", 0644);
	assert_int_equal(pack(w, "a/d", "b/d"), -EEXIST);
	assert_int_equal(payload_check_includes(&w->args, &w->e), -EEXIST);
}

static void interpreters_come_along(void **state)
{
	struct work *w = *state;
	cleanup_free char *shell = file_join(w->dir, "opt/mysh");
	cleanup_free char *link = file_join(w->dir, "opt/sh");
	cleanup_free char *text = xasprintf("#!%s -e\n", link);

	put("opt/mysh", "not a program, but an interpreter all the same", 0755);
	assert_int_equal(symlink("mysh", link), 0);
	put("run", text, 0755);
	put("data", text, 0644);
	assert_int_equal(pack(w, "data", NULL), 0);
	assert_false(tree_has(w->t, shell + 1));
	assert_int_equal(pack(w, "run", NULL), 0);
	assert_string_equal(tree_resolve(w->t, link + 1), shell + 1);
	assert_string_equal(tree_resolve(w->t, shell + 1), shell + 1);
}

static void env_finds_its_command_in_path(void **state)
{
	struct work *w = *state;
	cleanup_free char *env = file_join(w->dir, "bin/env");
	cleanup_free char *awk = file_join(w->dir, "bin/awk");
	cleanup_free char *text = xasprintf("#!%s -S awk -f\n", env);

	put("bin/env", "x", 0755);
	put("bin/awk", "x", 0755);
	put("run", text, 0755);
	assert_int_equal(pack(w, "run", NULL), 0);
	assert_string_equal(tree_resolve(w->t, awk + 1), awk + 1);
	assert_string_equal(tree_resolve(w->t, env + 1), env + 1);
	/* the guest's PATH has /bin */
	assert_string_equal(tree_resolve(w->t, "bin/awk"), awk + 1);
}

static void interpreters_have_interpreters(void **state)
{
	struct work *w = *state;
	cleanup_free char *one = file_join(w->dir, "one"), *two = file_join(w->dir, "two");
	cleanup_free char *run = xasprintf("#!%s\n", one), *first = xasprintf("#!%s\n", two);

	put("two", "the end of it", 0755);
	put("one", first, 0755);
	put("run", run, 0755);
	assert_int_equal(pack(w, "run", NULL), 0);
	assert_true(tree_has(w->t, two + 1));
	put("two", run, 0755); /* and now in a circle */
	assert_int_equal(pack(w, "one", NULL), -ELOOP);
}

static void an_interpreter_that_is_not_here_is_said(void **state)
{
	struct work *w = *state;

	put("run", "#!/nowhere/sh\n", 0755);
	put("env", "x", 0755);
	assert_int_equal(pack(w, "run", NULL), -ENOENT);
	assert_non_null(strstr(w->e.msg, "run: its interpreter '/nowhere/sh'"));
	put("d/run", "#!/nowhere/sh\n", 0755);
	assert_int_equal(pack(w, "d", NULL), 0);
	assert_int_equal(w->notes.n, 1);
	assert_non_null(strstr(w->notes.v[0], "/nowhere/sh"));
	put("busy", "#!/bin/ash\n", 0755);
	assert_int_equal(pack(w, "busy", NULL), 0);
}

static void missing_libraries_stop_programs_only(void **state)
{
	struct work *w = *state;
	cleanup_str struct str program = STR_INIT, library = STR_INIT;

	elf_make_dynamic(&program, &(struct elf_make){.interp = "/lib64/ld-linux-x86-64.so.2",
					   .needed = {"libnowhere.so", "libx.so"}});
	elf_make_dynamic(&library, &(struct elf_make){.needed = {"libnowhere.so"}});
	elf_make_file("p", &program);
	elf_make_file("d/plugin.so", &library);
	elf_make_file("d2/p", &program);
	assert_int_equal(pack(w, "p", NULL), -ENOENT);
	assert_error(w, "p: missing shared libraries: libnowhere.so, libx.so");
	assert_int_equal(pack(w, "d", NULL), 0);
	assert_int_equal(w->notes.n, 1);
	assert_non_null(strstr(w->notes.v[0], "d/plugin.so: missing shared libraries"));
	assert_int_equal(pack(w, "d2", NULL), -ENOENT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(paths_and_bare_names),
		T(folders_are_walked_in_order),
		T(loops_and_dead_links_are_told),
		T(an_empty_folder_is_a_warning),
		T(nameless_folders_are_refused),
		T(a_fifo_is_refused),
		T(four_gigabytes_are_refused_before_anything_is_read),
		T(duplicates_name_both),
		T(folders_of_one_name_complement_each_other),
		T(a_file_and_a_folder_of_one_name_collide),
		T(interpreters_come_along),
		T(env_finds_its_command_in_path),
		T(interpreters_have_interpreters),
		T(an_interpreter_that_is_not_here_is_said),
		T(missing_libraries_stop_programs_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
