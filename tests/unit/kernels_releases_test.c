/* The published list of releases, and the published sums. */
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
#include "src/kernels/releases.h"
#include "src/kernels/sums.h"

/* As kernel.org's: newest first, mainline and next on top; one row is broken. */
static const char list[] = "{\"latest_stable\":{\"version\":\"6.17.3\"},\"releases\":["
			   "{\"moniker\":\"mainline\",\"version\":\"6.18-rc2\",\"iseol\":false},"
			   "{\"moniker\":\"stable\",\"version\":\"6.17.3\"},"
			   "{\"moniker\":\"stable\",\"version\":\"6.16.12\",\"iseol\":true},"
			   "{\"moniker\":\"longterm\",\"version\":\"6.12.53\"},"
			   "{\"moniker\":\"longterm\"},"
			   "{\"moniker\":\"longterm\",\"version\":\"6.6.112\"},"
			   "{\"moniker\":\"longterm\",\"version\":\"6.12.53\"},"
			   "{\"moniker\":\"linux-next\",\"version\":\"next-20261120\"}]}";

static int load(void **state)
{
	static struct releases l;
	struct err e = ERR_INIT;

	assert_int_equal(releases_parse(list, sizeof(list) - 1, &l, &e), 0);
	*state = &l;
	return 0;
}

static int unload(void **state)
{
	releases_release(*state);
	return 0;
}

static void rows(void **state)
{
	const struct releases *l = *state;

	assert_int_equal(l->rows.n, 7);
	assert_int_equal(l->malformed, 1);
	assert_string_equal(l->rows.v[0].version, "6.18-rc2");
	assert_string_equal(l->rows.v[6].moniker, "linux-next");
}

static void latest_has_had_its_patches(void **state)
{
	assert_string_equal(releases_latest(*state), "6.16.12");
}

static const char *of_series(const struct releases *l, const char *series)
{
	struct kver v;

	assert_true(kver_parse(series, strlen(series), &v));
	return releases_of_series(l, &v);
}

static void a_series_is_its_highest(void **state)
{
	assert_string_equal(of_series(*state, "6.12"), "6.12.53");
	assert_string_equal(of_series(*state, "6"), "6.18-rc2");
	assert_null(of_series(*state, "6.11"));
	assert_null(of_series(*state, "5"));
}

static void expect_range(const struct releases *l, const char *text, const char *want)
{
	cleanup_strv struct strv in = STRV_INIT;
	cleanup_str struct str all = STR_INIT;
	struct ident id;
	struct err e = ERR_INIT;

	assert_int_equal(ident_parse(text, NULL, &id, &e), 0);
	assert_int_equal(id.kind, IDENT_RANGE);
	releases_in_range(l, &id, &in);
	for (size_t i = 0; i < in.n; i++)
		str_printf(&all, "%s%s", i ? " " : "", in.v[i]);
	assert_string_equal(str_get(&all), want);
	ident_release(&id);
}

static void a_range_is_ascending_and_each_once(void **state)
{
	expect_range(*state, "6.6..6.12", "6.6.112 6.12.53");
	expect_range(*state, "6.12.53..=6.17.2", "6.12.53 6.16.12");
	expect_range(*state, "6.6..7", "6.6.112 6.12.53 6.16.12 6.17.3");
	expect_range(*state, "5.0..5.15", "");
}

static void active_series(void **state)
{
	cleanup_strv struct strv active = STRV_INIT;

	releases_active(*state, &active);
	assert_int_equal(active.n, 5);
	assert_true(strv_has(&active, "6.18"));
	assert_true(strv_has(&active, "6.6"));
	assert_false(strv_has(&active, "6.15"));
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"releases\":[]}",
		"{\"releases\":[{\"moniker\":1,\"version\":\"6.1\"}]}", "<html>"};
	struct releases l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;

		assert_true(releases_parse(bad[i], strlen(bad[i]), &l, &e) < 0);
		assert_true(e.msg[0] != '\0');
	}
}

#define SUM_ABC	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SUM_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void a_published_sum(void **state)
{
	static const char text[] =
		"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
		"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD  "
		"linux-6.1.tar.xz\n"
		"e3b0c442  linux-6.2.tar.xz\n" SUM_EMPTY "  patch-6.3.xz\r\n"
		"-----BEGIN PGP SIGNATURE-----\n" SUM_EMPTY "  linux-6.4.tar.xz\n";
	char sum[SHA256_HEX + 1];

	(void)state;
	assert_int_equal(sums_find(text, strlen(text), "linux-6.1.tar.xz", sum), 0);
	assert_string_equal(sum, SUM_ABC);
	assert_int_equal(sums_find(text, strlen(text), "patch-6.3.xz", sum), 0);
	assert_string_equal(sum, SUM_EMPTY);
	/* too short, a part of a name, behind the signed text */
	assert_int_equal(sums_find(text, strlen(text), "linux-6.2.tar.xz", sum), -ENOENT);
	assert_int_equal(sums_find(text, strlen(text), "6.1.tar.xz", sum), -ENOENT);
	assert_int_equal(sums_find(text, strlen(text), "linux-6.4.tar.xz", sum), -ENOENT);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, load, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(rows),
		WITH(latest_has_had_its_patches),
		WITH(a_series_is_its_highest),
		WITH(a_range_is_ascending_and_each_once),
		WITH(active_series),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(a_published_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
