/* Configurations, and the pipeline from a tree to an image, on a tree in miniature. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/kernels/build.h"
#include "src/kernels/local.h"
#include "tests/lib/kernel_fixture.h"
#include "tests/lib/mini_tree.h"

/* ---- configurations ------------------------------------------------------------------------- */

static void lines_are_read(void **state)
{
	static const char text[] = "# a comment\nCONFIG_A=y\n#CONFIG_B=y\n# CONFIG_C is not set\n"
				   "CONFIG_D=\"a b\"\r\nCONFIG_=y\nCONFIG_E\n# CONFIG_F is set\n"
				   " CONFIG_G=y\nCONFIG_H=";
	static const char *const want[][2] = {
		{"CONFIG_A", "y"}, {"CONFIG_C", "n"}, {"CONFIG_D", "\"a b\""}, {"CONFIG_H", ""}};
	struct kconfig_line l;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(kconfig_next(text, &at, &l));
		assert_int_equal(l.symbol_len, strlen(want[i][0]));
		assert_memory_equal(l.symbol, want[i][0], l.symbol_len);
		assert_int_equal(l.value_len, strlen(want[i][1]));
		assert_memory_equal(l.value, want[i][1], l.value_len);
	}
	assert_false(kconfig_next(text, &at, &l));
}

static void what_is_missing(void **state)
{
	cleanup_strv struct strv missing = STRV_INIT;

	(void)state;
	kconfig_missing("CONFIG_A=y\nCONFIG_AB=y\n# CONFIG_C is not set\n",
		"# why\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n# CONFIG_A is not set\n",
		&missing);
	assert_int_equal(missing.n, 2);
	assert_string_equal(missing.v[0], "CONFIG_B=y");
	assert_string_equal(missing.v[1], "# CONFIG_A is not set");
}

static void overrides_are_named(void **state)
{
	cleanup_strv struct strv said = STRV_INIT;

	(void)state;
	kconfig_overrides("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=y\n",
		"# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_D=y\n", &said);
	assert_int_equal(said.n, 2);
	assert_string_equal(
		said.v[0], "--extra-kconfig overrides baked-in CONFIG_A (was =y, now =n)");
	assert_string_equal(
		said.v[1], "--extra-kconfig overrides baked-in CONFIG_B (was =n, now =m)");
}

static void each_base_has_a_hash_of_its_own(void **state)
{
	char slim[KCONFIG_HASH + 1], def[KCONFIG_HASH + 1], text[KCONFIG_HASH + 1];

	(void)state;
	kconfig_hash(KCONFIG_SLIM, slim);
	kconfig_hash(KCONFIG_DEFCONFIG, def);
	assert_string_not_equal(slim, def);
	kconfig_crc(kconfig_fragment(), strlen(kconfig_fragment()), text);
	assert_string_equal(def, text);
	kconfig_crc("123456789", 9, text);
	assert_string_equal(text, "cbf43926");
}

/* What the check asks for is in the fragment: else no build could pass it. */
static void the_fragment_passes_the_check(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(kconfig_validate(kconfig_fragment(), &e), 0);
	assert_int_equal(kconfig_validate("", &e), -EINVAL);
	assert_true(str_starts(e.msg,
		"kernel build completed but critical config options are missing:\n  "
		"CONFIG_SCHED_CLASS_EXT not set"));
	assert_non_null(strstr(e.msg, "pahole >= 1.16"));
	assert_non_null(strstr(e.msg, "CONFIG_VIRTIO_PCI not set"));
}

static void versions_of_makefiles(void **state)
{
	static const char *const cases[][2] = {
		{"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\nEXTRAVERSION =\n", "6.12.9"},
		{"VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\n", "6.18-rc3"},
		{"VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 0\nEXTRAVERSION =\n", "6.18.0"},
		{"VERSION=6\nPATCHLEVEL\t= 1 # x\n", "6.1.0"},
		{"PATCHLEVEL = 1\n", NULL},
		{"VERSION = six\nPATCHLEVEL = 1\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_free char *v = local_version(cases[i][0]);

		if (cases[i][1])
			assert_string_equal(v, cases[i][1]);
		else
			assert_null(v);
	}
}

/* ---- builds --------------------------------------------------------------------------------- */

struct ground {
	char *dir, *tree;
	struct fixture_report report;
	struct build b;
	struct build_result out;
};

static int set_up(void **state)
{
	struct ground *g = xcalloc(1, sizeof(*g));

	g->dir = fixture_dir();
	g->tree = file_join(g->dir, "linux");
	mini_tree(g->tree, "6.12.9");
	fixture_report_init(&g->report);
	g->b = (struct build){.tree = g->tree, .jobs = 3, .report = &g->report.report};
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *g = *state;

	build_result_release(&g->out);
	fixture_report_release(&g->report);
	fixture_remove(g->dir);
	free(g->tree);
	free(g);
	return 0;
}

static void expect_calls(struct ground *g, const char *want)
{
	cleanup_free char *path = file_join(g->tree, "calls");
	cleanup_str struct str text = STR_INIT, flat = STR_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(file_read(path, 4096, &text, &e), 0);
	for (char *line = strtok(text.s, "\n"); line; line = strtok(NULL, "\n"))
		str_printf(&flat, "%s%s", flat.len ? " " : "",
			strstr(line, "-Wno-error") ? (strstr(line, "-j3") ? "all-j3" : "all")
						   : line);
	assert_string_equal(str_get(&flat), want);
}

static void config_has(struct ground *g, const char *line, bool there)
{
	cleanup_free char *path = file_join(g->tree, ".config");
	cleanup_str struct str text = STR_INIT;
	cleanup_strv struct strv missing = STRV_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
	kconfig_missing(str_get(&text), line, &missing);
	assert_int_equal(missing.n, there ? 0 : 1);
}

static void an_image_comes_out(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	assert_int_equal(build_kernel(&g->b, &g->out, &e), 0);
	assert_true(str_ends(g->out.image, "/linux/arch/x86/boot/bzImage"));
	assert_true(str_ends(g->out.vmlinux, "/linux/vmlinux"));
	assert_int_equal(g->out.objects, 3);
	assert_int_equal(strlen(g->out.config_hash), KCONFIG_HASH);
	expect_calls(g, "tinyconfig olddefconfig all-j3");
	config_has(g, "CONFIG_FROM_tinyconfig=y", true);
	config_has(g, "CONFIG_SCHED_CLASS_EXT=y", true);
	config_has(g, "CONFIG_KVM_GUEST=y", true); /* of the slim base */
	/* again: nothing to configure */
	build_result_release(&g->out);
	assert_int_equal(build_kernel(&g->b, &g->out, &e), 0);
	expect_calls(g, "tinyconfig olddefconfig all-j3 all-j3");
}

static void another_base_and_extra_options(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	g->b.base = KCONFIG_DEFCONFIG;
	g->b.extra = "CONFIG_PREEMPT=y\n# CONFIG_PSI is not set\nCONFIG_NOWHERE=y\n";
	fixture_text(g->tree, "absent", "CONFIG_NOWHERE\n");
	g->b.persistent = true;
	assert_int_equal(build_kernel(&g->b, &g->out, &e), 0);
	config_has(g, "CONFIG_KVM_GUEST=y", false);
	config_has(g, "CONFIG_PREEMPT=y", true);
	config_has(g, "# CONFIG_PSI is not set", true);
	assert_true(fixture_noted(&g->report, "overrides baked-in CONFIG_PSI (was =y, now =n)"));
	assert_true(
		fixture_noted(&g->report, "CONFIG_NOWHERE=y did not survive `make olddefconfig`"));
	expect_calls(g, "defconfig olddefconfig all-j3 compile_commands.json");
}

static void a_persons_configuration_stays(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	fixture_text(g->tree, ".config", "CONFIG_MINE=y\n");
	assert_int_equal(build_kernel(&g->b, &g->out, &e), 0);
	config_has(g, "CONFIG_MINE=y", true);
	config_has(g, "CONFIG_KVM_GUEST=y", false);
	expect_calls(g, "olddefconfig all-j3");
	g->b.clean = true;
	build_result_release(&g->out);
	assert_int_equal(build_kernel(&g->b, &g->out, &e), 0);
	config_has(g, "CONFIG_MINE=y", false);
	expect_calls(g, "olddefconfig all-j3 mrproper tinyconfig olddefconfig all-j3");
}

static void what_make_said_is_shown(void **state)
{
	struct ground *g = *state;
	cleanup_free char *config = file_join(g->tree, ".config");
	struct err e = ERR_INIT;

	fixture_text(g->tree, "fail-olddefconfig", "");
	assert_int_equal(build_kernel(&g->b, &g->out, &e), -EIO);
	assert_true(str_starts(e.msg, "kernel configure failed: "));
	assert_non_null(strstr(e.msg, "make olddefconfig failed"));
	assert_true(fixture_noted(&g->report, "olddefconfig: it fails"));
	assert_false(file_exists(config));
}

static void a_lost_option_is_named(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	fixture_text(g->tree, "absent", "CONFIG_DEBUG_INFO_BTF\n");
	assert_int_equal(build_kernel(&g->b, &g->out, &e), -EINVAL);
	assert_true(str_starts(e.msg, "post-build kernel config validation failed: "));
	assert_non_null(strstr(e.msg, "CONFIG_DEBUG_INFO_BTF not set"));
}

static void a_failing_build_is_told(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	fixture_text(g->tree, "fail-all", "");
	assert_int_equal(build_kernel(&g->b, &g->out, &e), -EIO);
	assert_non_null(strstr(e.msg, "make -j3 KCFLAGS=-Wno-error failed in "));
	assert_true(fixture_noted(&g->report, "all: it fails"));
}

static void a_build_can_be_stopped(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	fixture_text(g->tree, "slow", "");
	g->b.expected = 10;
	g->report.cancel_what = "building the kernel: kernel/sched/core.o";
	assert_int_equal(build_kernel(&g->b, &g->out, &e), -ECANCELED);
	assert_int_equal(g->report.done, 1);
	assert_int_equal(g->report.total, 10);
}

/* What the configuration's own programs are made of is no measure of anything. */
static void configuring_is_not_counted(void **state)
{
	struct ground *g = *state;
	struct err e = ERR_INIT;

	fixture_text(g->tree, "slow-config", "");
	g->report.cancel_what = "configuring the kernel: scripts/kconfig/conf.o";
	g->report.cancel_uncounted = true;
	assert_int_equal(build_kernel(&g->b, &g->out, &e), -ECANCELED);
	assert_int_equal(g->report.done, 0);
	assert_int_equal(g->report.total, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(overrides_are_named),
		cmocka_unit_test(each_base_has_a_hash_of_its_own),
		cmocka_unit_test(the_fragment_passes_the_check),
		cmocka_unit_test(versions_of_makefiles),
		TEST(an_image_comes_out),
		TEST(another_base_and_extra_options),
		TEST(a_persons_configuration_stays),
		TEST(what_make_said_is_shown),
		TEST(a_lost_option_is_named),
		TEST(a_failing_build_is_told),
		TEST(a_build_can_be_stopped),
		TEST(configuring_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
