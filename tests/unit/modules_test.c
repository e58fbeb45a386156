/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/elf_make.h"
#include "tests/lib/skip.h"
#include "vmm/payload/modules.h"

struct work {
	char *dir;
	struct modindex index;
	struct strv want, load;
	struct module_picks picks;
	struct err e;
};

static int setup(void **state)
{
	struct work *w = xcalloc(1, sizeof(*w));
	char dir[] = "/tmp/ktstr-modules-XXXXXX";

	assert_non_null(mkdtemp(dir));
	w->dir = xstrdup(dir);
	*state = w;
	return 0;
}

static void again(struct work *w)
{
	modindex_release(&w->index);
	strv_release(&w->want);
	strv_release(&w->load);
	module_picks_release(&w->picks);
	err_clear(&w->e);
}

static int teardown(void **state)
{
	struct work *w = *state;

	again(w);
	file_remove_tree(w->dir, NULL);
	free(w->dir);
	free(w);
	return 0;
}

/* A module with a depends= and possibly a softdep= line. */
static void put(struct work *w, const char *path, const char *depends, const char *soft)
{
	cleanup_free char *full = file_join(w->dir, path);
	cleanup_free char *d = xasprintf("depends=%s", depends);
	cleanup_free char *s = soft ? xasprintf("softdep=%s", soft) : NULL;
	const char *info[] = {"license=GPL", d, s, NULL};
	cleanup_str struct str bytes = STR_INIT;

	elf_make_module(&bytes, info);
	elf_make_file(full, &bytes);
}

static void text(struct work *w, const char *path, const char *s)
{
	cleanup_free char *full = file_join(w->dir, path), *dir = file_dir(full);

	assert_int_equal(file_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(file_replace(full, s, strlen(s), 0644, NULL), 0);
}

/* Names parted by blanks; `most` bytes may be unpacked. */
static int pick_within(struct work *w, const char *want, const char *load, size_t most)
{
	char copy[256], *save = NULL;

	again(w);
	snprintf(copy, sizeof(copy), "%s", want);
	for (char *s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		strv_push(&w->want, s);
	snprintf(copy, sizeof(copy), "%s", load);
	for (char *s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		strv_push(&w->load, s);
	assert_int_equal(modindex_open(w->dir, &w->index, &w->e), 0);
	return modules_pick(&w->index, &w->want, &w->load, most, &w->picks, &w->e);
}

static int pick(struct work *w, const char *want, const char *load)
{
	return pick_within(w, want, load, MODULES_BYTES_MAX);
}

static void assert_order(const struct work *w, const char *want)
{
	cleanup_str struct str got = STR_INIT;

	for (size_t i = 0; i < w->picks.list.n; i++)
		str_printf(&got, "%s%s", i ? " " : "", w->picks.list.v[i].name);
	assert_string_equal(str_get(&got), want);
}

static void dependencies_come_first(void **state)
{
	struct work *w = *state;

	put(w, "kernel/drivers/virtio/virtio.ko", "virtio_ring", NULL);
	put(w, "kernel/drivers/virtio/virtio_ring.ko", "", NULL);
	put(w, "kernel/drivers/virtio/virtio_pci.ko", "virtio,virtio_ring", NULL);
	put(w, "kernel/drivers/char/virtio_console.ko", "virtio_ring,virtio", NULL);
	put(w, "kernel/fs/other.ko", "", NULL);
	assert_int_equal(pick(w, "virtio_console virtio_pci", ""), 0);
	assert_order(w, "virtio_ring virtio virtio_console virtio_pci");
	assert_int_equal(w->picks.missing.n, 0);
}

static void dashes_and_underscores_are_the_same(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/virtio-rng.ko", "rng-core", NULL);
	put(w, "kernel/a/rng_core.ko", "", NULL);
	assert_int_equal(pick(w, "virtio_rng", ""), 0);
	assert_order(w, "rng_core virtio_rng");
	assert_int_equal(pick(w, "", "virtio-rng"), 0);
	assert_order(w, "rng_core virtio_rng");
}

static void what_is_built_in_is_not_missing(void **state)
{
	struct work *w = *state;

	text(w, "modules.builtin",
		"kernel/drivers/virtio/virtio.ko\nkernel/drivers/tty/n-null.ko\n");
	put(w, "kernel/a/virtio_pci.ko", "virtio", NULL);
	assert_int_equal(pick(w, "virtio virtio_pci n_null virtio_mmio", "n_null"), 0);
	assert_order(w, "virtio_pci");
	assert_int_equal(w->picks.missing.n, 1);
	assert_string_equal(w->picks.missing.v[0], "virtio_mmio");
}

static void an_unknown_name_gets_a_suggestion(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/virtio_console.ko", "", NULL);
	assert_int_equal(pick(w, "", "virtio_cosole"), -ENOENT);
	assert_non_null(strstr(w->e.msg, "'virtio_cosole'"));
	assert_string_equal(w->e.hint, "did you mean 'virtio_console'?");
}

static void a_dependency_that_is_not_there_is_named(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/upper.ko", "lower", NULL);
	assert_int_equal(pick(w, "upper", ""), -ENOENT);
	assert_non_null(strstr(w->e.msg, "'upper' needs 'lower'"));
}

static void soft_dependencies_are_taken_where_they_are(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/fs.ko", "lib", "pre: crc crypto-crc post: tail");
	put(w, "kernel/a/lib.ko", "", NULL);
	put(w, "kernel/a/crc.ko", "", NULL);
	put(w, "kernel/a/tail.ko", "fs", NULL);
	assert_int_equal(pick(w, "fs", ""), 0);
	assert_order(w, "crc lib fs tail");
}

static void a_circle_ends(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/one.ko", "two", NULL);
	put(w, "kernel/a/two.ko", "one", NULL);
	assert_int_equal(pick(w, "one", ""), 0);
	assert_order(w, "two one");
}

static void added_modules_come_before_the_distribution_s(void **state)
{
	struct work *w = *state;

	put(w, "kernel/a/x.ko", "", NULL);
	put(w, "extra/x.ko", "", NULL);
	assert_int_equal(pick(w, "x", ""), 0);
	assert_non_null(strstr(w->picks.list.v[0].path, "/extra/x.ko"));
	put(w, "updates/dkms/x.ko", "", NULL);
	assert_int_equal(pick(w, "x", ""), 0);
	assert_non_null(strstr(w->picks.list.v[0].path, "/updates/dkms/x.ko"));
}

static void links_to_kernel_trees_are_not_followed(void **state)
{
	struct work *w = *state;
	cleanup_free char *build = file_join(w->dir, "build");

	put(w, "kernel/a/x.ko", "", NULL);
	assert_int_equal(symlink(w->dir, build), 0);
	assert_int_equal(pick(w, "x", ""), 0);
	assert_non_null(strstr(w->picks.list.v[0].path, "/kernel/a/x.ko"));
}

static bool compress(struct work *w, const char *program, const char *option, const char *path)
{
	cleanup_free char *full = file_join(w->dir, path), *tool = spawn_find(program);
	const char *argv[] = {program, option, "-q", "-f", full, NULL};
	const struct spawn s = {.argv = argv};
	cleanup_str struct str out = STR_INIT;

	return tool && spawn_capture(&s, 4096, &out, NULL, NULL) == 0;
}

static void compressed_modules_are_unpacked(void **state)
{
	static const struct {
		const char *program, *option;
	} tools[] = {{"xz", "--check=crc32"}, {"gzip", "-9"}, {"zstd", "--rm"}};
	struct work *w = *state;
	cleanup_str struct str plain = STR_INIT;
	const char *info[] = {"license=GPL", "depends=", NULL};
	unsigned seen = 0;

	elf_make_module(&plain, info);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		put(w, "kernel/a/x.ko", "", NULL);
		if (!compress(w, tools[i].program, tools[i].option, "kernel/a/x.ko"))
			continue;
		assert_int_equal(pick(w, "x", ""), 0);
		assert_order(w, "x");
		assert_false(str_ends(w->picks.list.v[0].path, ".ko"));
		assert_int_equal(w->picks.list.v[0].bytes.len, plain.len);
		assert_memory_equal(w->picks.list.v[0].bytes.s, plain.s, plain.len);
		file_remove_tree(w->picks.list.v[0].path, NULL);
		seen++;
	}
	if (!seen)
		skip_because("no program that packs modules");
}

/* `n` bytes of nothing much, and what it depends on. */
static void put_large(struct work *w, const char *path, const char *depends, size_t n)
{
	cleanup_free char *soft = xmalloc(n + 1);

	memset(soft, '.', n);
	soft[n] = '\0';
	put(w, path, depends, soft);
}

/* Files of a few hundred bytes: each unpacks to little, all of them to more than they may. */
static void what_is_unpacked_is_bounded_together(void **state)
{
	enum { N = 4, EACH = 300000 };
	struct work *w = *state;
	size_t all = 0;

	for (unsigned i = 0; i < N; i++) {
		cleanup_free char *path = xasprintf("kernel/a/m%u.ko", i);
		cleanup_free char *next = i + 1 < N ? xasprintf("m%u", i + 1) : xstrdup("");

		put_large(w, path, next, EACH);
		if (!compress(w, "xz", "--check=crc32", path))
			skip_because("no xz");
	}
	assert_int_equal(pick(w, "m0", ""), 0);
	assert_order(w, "m3 m2 m1 m0");
	for (size_t i = 0; i < N; i++)
		all += w->picks.list.v[i].bytes.len;
	assert_true(all > (size_t)N * EACH);
	assert_int_equal(pick_within(w, "m0", "", all), 0);
	assert_int_equal(pick_within(w, "m0", "", all - 1), -E2BIG);
	assert_non_null(strstr(w->e.msg, "/kernel/a/m3.ko.xz'"));
	assert_non_null(strstr(w->e.msg, "--modules-load"));
	assert_int_equal(w->picks.list.n, 0);
	assert_int_equal(pick_within(w, "", "m0", all / N * 5 / 2), -E2BIG);
	assert_non_null(strstr(w->e.msg, "/kernel/a/m2.ko.xz'"));
	assert_int_equal(pick_within(w, "m3", "", 0), -E2BIG);
}

/* Nothing of a plain file is held in memory. */
static void plain_modules_are_not_unpacked(void **state)
{
	struct work *w = *state;

	put_large(w, "kernel/a/plain.ko", "", 300000);
	assert_int_equal(pick_within(w, "plain", "", 0), 0);
	assert_order(w, "plain");
}

static void what_a_module_says_of_itself_is_bounded(void **state)
{
	enum { MIB = 1 << 20, NAMES = 1000 };
	struct work *w = *state;
	cleanup_str struct str many = STR_INIT;

	put_large(w, "kernel/a/wordy.ko", "", MIB - 100);
	assert_int_equal(pick(w, "wordy", ""), 0);
	put_large(w, "kernel/a/wordy.ko", "", MIB);
	assert_int_equal(pick(w, "wordy", ""), -E2BIG);
	assert_non_null(strstr(w->e.msg, "/kernel/a/wordy.ko'"));
	for (unsigned i = 0; i < NAMES; i++)
		str_printf(&many, "x,");
	put(w, "kernel/a/x.ko", "", NULL);
	put(w, "kernel/a/needy.ko", str_get(&many), NULL);
	assert_int_equal(pick(w, "needy", ""), -E2BIG);
	assert_non_null(strstr(w->e.msg, "/kernel/a/needy.ko'"));
}

static void damaged_modules_are_refused_by_name(void **state)
{
	struct work *w = *state;
	cleanup_free char *full = file_join(w->dir, "kernel/a/bad.ko");
	cleanup_str struct str arm = STR_INIT;

	text(w, "kernel/a/bad.ko", "");
	assert_true(pick(w, "bad", "") < 0);
	assert_non_null(strstr(w->e.msg, "/kernel/a/bad.ko'"));
	put(w, "kernel/a/bad.ko", "", NULL);
	assert_int_equal(truncate(full, 100), 0);
	assert_true(pick(w, "bad", "") < 0);
	assert_non_null(strstr(w->e.msg, "/kernel/a/bad.ko'"));
	elf_make_dynamic(&arm, &(struct elf_make){0});
	elf_make_file(full, &arm);
	assert_true(pick(w, "bad", "") < 0);
	assert_non_null(strstr(w->e.msg, "is not a kernel module"));
	unlink(full);
	text(w, "kernel/a/bad.ko.xz", "\3757zXZ and then nothing sensible");
	assert_true(pick(w, "bad", "") < 0);
	assert_non_null(strstr(w->e.msg, "bad.ko.xz"));
	assert_int_equal(w->picks.list.n, 0);
}

static void without_a_tree_everything_is_missing(void **state)
{
	struct work *w = *state;

	strv_push(&w->want, "virtio_pci");
	assert_int_equal(modindex_open(NULL, &w->index, &w->e), 0);
	assert_int_equal(modules_pick(&w->index, &w->want, NULL, 0, &w->picks, &w->e), 0);
	assert_int_equal(w->picks.missing.n, 1);
	module_picks_release(&w->picks);
	assert_int_equal(modules_pick(&w->index, NULL, &w->want, 0, &w->picks, &w->e), -ENOENT);
	assert_non_null(strstr(w->e.msg, "no folder of modules"));
	assert_int_equal(modindex_open("/nowhere", &w->index, &w->e), -ENOENT);
}

static void the_archive_has_them_in_load_order(void **state)
{
	struct work *w = *state;
	struct tree *t = tree_new();

	put(w, "kernel/a/b-two.ko", "a-one", NULL);
	put(w, "kernel/a/a-one.ko", "", NULL);
	assert_int_equal(pick(w, "b_two", ""), 0);
	assert_int_equal(modules_place(&w->picks, t, &w->e), 0);
	assert_true(tree_has(t, "modules/000-a_one.ko"));
	assert_true(tree_has(t, "modules/001-b_two.ko"));
	tree_free(t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(dependencies_come_first),
		T(dashes_and_underscores_are_the_same),
		T(what_is_built_in_is_not_missing),
		T(an_unknown_name_gets_a_suggestion),
		T(a_dependency_that_is_not_there_is_named),
		T(soft_dependencies_are_taken_where_they_are),
		T(a_circle_ends),
		T(added_modules_come_before_the_distribution_s),
		T(links_to_kernel_trees_are_not_followed),
		T(compressed_modules_are_unpacked),
		T(what_is_unpacked_is_bounded_together),
		T(plain_modules_are_not_unpacked),
		T(what_a_module_says_of_itself_is_bounded),
		T(damaged_modules_are_refused_by_name),
		T(without_a_tree_everything_is_missing),
		T(the_archive_has_them_in_load_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
