#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/kernels/modtree.h"
#include "tests/lib/kernel_fixture.h"

#define KO "kernel/drivers/virtio/virtio.ko.xz"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = fixture_dir();
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	fixture_remove(dir);
	return 0;
}

static void expect_tree(const char *image, const char *release, const char *tree)
{
	cleanup_free char *full = file_join(dir, image), *prefix = file_join(dir, "host"),
			  *found = NULL;
	const struct place p = {.prefix = prefix, .cwd = ""};

	found = modtree_find(&p, full, release);
	if (!tree) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_true(str_starts(found, dir));
	assert_string_equal(found + strlen(dir) + 1, tree);
}

static void trees_hold_modules(void **state)
{
	static const char *const names[] = {"a/kernel/x.ko", "b/kernel/x.ko.gz", "c/x.ko.zst",
		"d/kernel/p/q/r/x.ko.xz", "e/modules.builtin"};
	cleanup_free char *loop = file_join(dir, "loop/kernel/self"), *top = file_join(dir, "loop");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_free char *tree = xasprintf("%s/%c", dir, names[i][0]);

		assert_false(modtree_holds_modules(tree));
		fixture_text(dir, names[i], "");
		assert_true(modtree_holds_modules(tree));
	}
	/* links are not followed, neither round in circles nor into a build tree */
	fixture_mkdir(dir, "loop/kernel");
	assert_int_equal(symlink("..", loop), 0);
	assert_false(modtree_holds_modules(top));
	fixture_text(dir, "loop/kernel/x.kot", "");
	assert_false(modtree_holds_modules(top));
}

static void build_trees_are_their_own(void **state)
{
	(void)state;
	fixture_text(dir, "src/drivers/x/" KO, "");
	expect_tree("src/arch/x86/boot/bzImage", "6.9", NULL);
	fixture_text(dir, "src/modules.builtin", "kernel/fs/ext4/ext4.ko\n");
	expect_tree("src/arch/x86/boot/bzImage", "6.9", "src");
}

static void installed_images_have_theirs_beside_boot(void **state)
{
	(void)state;
	fixture_text(dir, "host/lib/modules/6.1/" KO, "");
	expect_tree("x/boot/vmlinuz-6.1", "6.1", "host/lib/modules/6.1");
	fixture_text(dir, "x/lib/modules/6.1/" KO, "");
	expect_tree("x/boot/vmlinuz-6.1", "6.1", "x/lib/modules/6.1");
	/* the file's name counts, and works where the image does not say */
	expect_tree("x/boot/vmlinuz-6.1", NULL, "x/lib/modules/6.1");
	expect_tree("x/boot/vmlinuz-renamed", "6.1", "x/lib/modules/6.1");
	expect_tree("x/boot/vmlinuz-", NULL, NULL);
	expect_tree("x/reboot/vmlinuz-6.1", "6.1", "host/lib/modules/6.1");
	expect_tree("x/reboot/vmlinuz-6.1", NULL, NULL);
}

static void newer_systems_keep_them_in_usr(void **state)
{
	(void)state;
	fixture_text(dir, "x/usr/lib/modules/6.12/" KO, "");
	expect_tree("x/boot/vmlinuz-6.12", "6.12", "x/usr/lib/modules/6.12");
}

static void entries_have_theirs_beside_the_image(void **state)
{
	(void)state;
	fixture_text(dir, "host/lib/modules/6.1/" KO, "");
	fixture_text(dir, "cache/key/lib/modules/6.1/" KO, "");
	expect_tree("cache/key/bzImage", "6.1", "cache/key/lib/modules/6.1");
	expect_tree("cache/key/bzImage", "6.2", NULL);
}

static void images_may_lie_in_their_tree(void **state)
{
	(void)state;
	fixture_text(dir, "y/lib/modules/6.1/" KO, "");
	expect_tree("y/lib/modules/6.1/vmlinuz", NULL, "y/lib/modules/6.1");
	expect_tree("y/lib/modules/6.1/bzImage", NULL, NULL);
}

static void others_have_the_machines(void **state)
{
	(void)state;
	expect_tree("linux/arch/x86/boot/bzImage", "6.1", NULL);
	fixture_mkdir(dir, "host/lib/modules/6.1/kernel");
	expect_tree("linux/arch/x86/boot/bzImage", "6.1", NULL);
	fixture_text(dir, "host/lib/modules/6.1/" KO, "");
	expect_tree("linux/arch/x86/boot/bzImage", "6.1", "host/lib/modules/6.1");
	expect_tree("linux/arch/x86/boot/bzImage", NULL, NULL);
}

static void named_folders_must_hold_some(void **state)
{
	const struct place p = {.prefix = "", .cwd = dir};
	cleanup_free char *tree = NULL, *inner = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_null(modtree_named(&p, "gone", "6.1", &e));
	assert_non_null(strstr(e.msg, "'gone' does not exist"));
	fixture_mkdir(dir, "empty");
	assert_null(modtree_named(&p, "empty", "6.1", &e));
	assert_non_null(strstr(e.msg, "'empty' holds no kernel modules"));
	assert_non_null(strstr(e.hint, "/lib/modules/VERSION"));
	fixture_text(dir, "root/lib/modules/6.1/" KO, "");
	inner = modtree_named(&p, "root", "6.1", &e);
	assert_true(inner && str_ends(inner, "/root/lib/modules/6.1"));
	tree = modtree_named(&p, "root/lib/modules/6.1", "6.1", &e);
	assert_string_equal(tree, inner);
	free(take_ptr(tree));
	tree = modtree_named(&p, "root/lib/modules", "6.1", &e);
	assert_string_equal(tree, inner);
	assert_null(modtree_named(&p, "root/lib/modules", "6.2", &e));
	assert_non_null(strstr(e.msg, "none of kernel 6.2"));
	assert_null(modtree_named(&p, "root/lib/modules", NULL, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
		TEST(trees_hold_modules),
		TEST(build_trees_are_their_own),
		TEST(installed_images_have_theirs_beside_boot),
		TEST(newer_systems_keep_them_in_usr),
		TEST(entries_have_theirs_beside_the_image),
		TEST(images_may_lie_in_their_tree),
		TEST(others_have_the_machines),
		TEST(named_folders_must_hold_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
