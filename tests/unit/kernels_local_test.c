/* What a person's own tree is, with git repositories made on the spot. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/local.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/mini_tree.h"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = fixture_dir();
	mini_tree(dir, "6.12.9");
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	fixture_remove(dir);
	return 0;
}

static void shell(const char *command)
{
	cleanup_free char *line = xasprintf("cd '%s' && { %s; } >/dev/null", dir, command);

	assert_int_equal(system(line), 0);
}

#define GIT "git -c user.name=t -c user.email=t@localhost -c commit.gpgsign=false "

static void commit_all(void)
{
	shell("git init -q . && git add -A && " GIT "commit -qm one");
}

static struct local_tree inspect(void)
{
	struct local_tree t;
	struct err e = ERR_INIT;

	assert_int_equal(local_inspect(dir, NULL, &t, &e), 0);
	return t;
}

static void expect_key(const struct local_tree *t, const char *behind)
{
	cleanup_free char *key = local_key(t, "kcdeadbeef");
	cleanup_free char *want = xasprintf("local-%.7s%s", t->commit, behind);

	assert_string_equal(key, want);
}

static void a_clean_tree_is_its_commit(void **state)
{
	struct local_tree t;

	(void)state;
	commit_all();
	shell("touch untracked");
	t = inspect();
	assert_true(t.git && !t.dirty && !t.configured);
	assert_string_equal(t.version, "6.12.9");
	expect_key(&t, "-x86_64-kcdeadbeef");
	local_release(&t);
	fixture_text(dir, ".config", "123456789");
	t = inspect();
	expect_key(&t, "-x86_64-cfgcbf43926-kcdeadbeef");
	local_release(&t);
}

static void changes_make_it_dirty(void **state)
{
	static const char *const changes[] = {"echo x >> Kconfig",
		"echo x >> Kconfig; git add Kconfig", "rm Kconfig; touch Kconfig"};

	(void)state;
	commit_all();
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct local_tree clean = inspect(), t;
		cleanup_free char *key = NULL;

		shell(changes[i]);
		t = inspect();
		assert_true(t.git && t.dirty);
		assert_false(local_same(&clean, &t));
		key = local_key(&t, "kc0");
		assert_true(str_starts(key, "local-unknown-"));
		local_release(&t);
		local_release(&clean);
		shell("git reset -q --hard");
	}
}

static void a_commit_is_a_change_too(void **state)
{
	struct local_tree before, after;

	(void)state;
	commit_all();
	before = inspect();
	shell("echo x >> Kconfig; " GIT "commit -qam two");
	after = inspect();
	assert_false(after.dirty);
	assert_false(local_same(&before, &after));
	local_release(&before);
	local_release(&after);
}

static void without_git_nothing_names_it(void **state)
{
	struct local_tree t = inspect();

	(void)state;
	assert_true(!t.git && t.dirty);
	assert_string_equal(t.commit, "");
	local_release(&t);
	/* a repository without a commit names nothing either */
	shell("git init -q .");
	t = inspect();
	assert_true(!t.git && t.dirty);
	local_release(&t);
}

/* A tree's own settings must not run anything of its owner's choosing. */
static void hooks_and_settings_do_not_matter(void **state)
{
	cleanup_free char *config = file_join(dir, "home-config");
	struct local_tree t;

	(void)state;
	commit_all();
	fixture_text(dir, "home-config", "[status]\n\tshowUntrackedFiles = all\n[core\n");
	setenv("GIT_CONFIG_GLOBAL", config, 1);
	t = inspect();
	unsetenv("GIT_CONFIG_GLOBAL");
	assert_true(t.git && !t.dirty);
	local_release(&t);
}

static void what_is_no_tree(void **state)
{
	cleanup_free char *missing = file_join(dir, "nowhere");
	struct local_tree t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(local_inspect(missing, NULL, &t, &e), -ENOENT);
	shell("rm Kconfig");
	assert_int_equal(local_inspect(dir, NULL, &t, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "not a kernel source tree"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_tree_is_its_commit),
		TEST(changes_make_it_dirty),
		TEST(a_commit_is_a_change_too),
		TEST(without_git_nothing_names_it),
		TEST(hooks_and_settings_do_not_matter),
		TEST(what_is_no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
