#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "src/base/mem.h"
#include "src/kernels/ident.h"

static struct ident parse(const char *text)
{
	struct err e = ERR_INIT;
	struct ident id;

	assert_int_equal(ident_parse(text, "/home/me", &id, &e), 0);
	return id;
}

static void expect_kind(const char *text, enum ident_kind kind)
{
	struct ident id = parse(text);

	if (id.kind != kind)
		fail_msg("'%s' is of kind %d, not %d", text, id.kind, kind);
	ident_release(&id);
}

static void kinds_are_told_by_spelling(void **state)
{
	static const struct {
		const char *text;
		enum ident_kind kind;
	} rows[] = {
		{"git+https://host/r#tag=v6.14", IDENT_GIT},
		{"git+", IDENT_GIT},
		{"6.12..6.14", IDENT_RANGE},
		{"6.12..=6.14.2", IDENT_RANGE},
		{"6..7", IDENT_RANGE},
		{"6.15-rc3..6.15", IDENT_RANGE},
		{"6.12...6.14", IDENT_KEY},
		{"..6.14", IDENT_PATH},
		{"a..b", IDENT_KEY},
		{"./linux", IDENT_PATH},
		{"../linux", IDENT_PATH},
		{".", IDENT_PATH},
		{"~", IDENT_PATH},
		{"~/src/linux", IDENT_PATH},
		{"~user", IDENT_PATH},
		{"/boot/vmlinuz", IDENT_PATH},
		{"a/b", IDENT_PATH},
		{"6", IDENT_VERSION},
		{"6.14", IDENT_VERSION},
		{"6.14.2", IDENT_VERSION},
		{"6.15-rc3", IDENT_VERSION},
		{"6.14.2.1", IDENT_KEY},
		{"6.", IDENT_KEY},
		{"v6.14", IDENT_KEY},
		{"6.15-rc", IDENT_KEY},
		{"6.15-rc3x", IDENT_KEY},
		{"99999999999", IDENT_KEY},
		{"linux", IDENT_KEY},
		{"6.14.2-tarball-x86_64-kcabd40422", IDENT_KEY},
		{"6.1.0-51-cloud-amd64", IDENT_KEY},
		{"distro", IDENT_DISTRO},
		{" distro\n", IDENT_DISTRO},
		{"distros", IDENT_KEY},
		{"x.deb", IDENT_PACKAGE},
		{"./dir/x.deb", IDENT_PACKAGE},
		{"x.rpm", IDENT_PACKAGE},
		{"x.pkg.tar.zst", IDENT_PACKAGE},
		{"x.tar.zst", IDENT_KEY},
		{"fedora", IDENT_RELEASE},
		{"fedora-44", IDENT_RELEASE},
		{"f44", IDENT_RELEASE},
		{"f", IDENT_KEY},
		{"ubuntu", IDENT_RELEASE},
		{"ubuntu-24.04", IDENT_RELEASE},
		{"ubuntu-noble", IDENT_KEY},
		{"amazonlinux-2023", IDENT_RELEASE},
		{"al2023", IDENT_RELEASE},
		{"steamos-3.8", IDENT_RELEASE},
		{"gke-129", IDENT_RELEASE},
		{"fedora44", IDENT_KEY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_kind(rows[i].text, rows[i].kind);
}

static void homes_are_expanded(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{"~", "/home/me"},
		{"~/linux", "/home/me/linux"},
		{"~user/linux", "~user/linux"},
		{"~/k.deb", "/home/me/k.deb"},
		{"./~", "./~"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ident id = parse(rows[i].text);

		assert_string_equal(id.path, rows[i].path);
		ident_release(&id);
	}
}

static void no_home_no_expansion(void **state)
{
	struct err e = ERR_INIT;
	struct ident id;

	(void)state;
	assert_int_equal(ident_parse("~/linux", NULL, &id, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "HOME is not set"));
	assert_int_equal(ident_parse("~", "", &id, &e), -EINVAL);
	assert_int_equal(ident_parse("  \t", "/h", &id, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "empty"));
}

static void git_parts_are_split_at_the_last_hash(void **state)
{
	struct ident id = parse("git+https://h/r#odd#branch=a=b");

	(void)state;
	assert_string_equal(id.url, "https://h/r#odd");
	assert_string_equal(id.ref_kind, "branch");
	assert_string_equal(id.ref, "a=b");
	assert_int_equal(ident_validate(&id, NULL), 0);
	ident_release(&id);
}

static void expect_invalid(const char *text, const char *words, const char *hint)
{
	struct ident id = parse(text);
	struct err e = ERR_INIT;

	assert_true(ident_validate(&id, &e) < 0);
	if (!strstr(e.msg, words))
		fail_msg("'%s': '%s' lacks '%s'", text, e.msg, words);
	if (hint && !strstr(e.hint, hint))
		fail_msg("'%s': hint '%s' lacks '%s'", text, e.hint, hint);
	ident_release(&id);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	expect_invalid("git+https://h/r", "the ref kind must be explicit", NULL);
	expect_invalid("git+https://h/r#v6.14", "the ref kind must be explicit", NULL);
	expect_invalid("git+https://h/r#commit=x", "the ref kind must be explicit", NULL);
	expect_invalid("git+#tag=v1", "empty URL", NULL);
	expect_invalid("git+https://h/r#tag=", "empty ref value", NULL);
	expect_invalid("git+https://h/r#sha=abc1234", "full 40-hex commit id", NULL);
	expect_invalid("git+u#sha=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
		"full 40-hex commit id", NULL);
	expect_invalid("6.14..6.12", "inverted kernel range `6.14..6.12`",
		"Swap the endpoints (`6.12..6.14`)");
	expect_invalid("6.14..=6.12.3", "inverted kernel range `6.14..=6.12.3`",
		"Swap the endpoints (`6.12.3..=6.14`)");
	expect_invalid("6.15..6.15-rc3", "inverted kernel range", NULL);
	expect_invalid("a..b", "it holds '..'", NULL);
	expect_invalid("a\\b", "backslash", NULL);
}

static void good_ones_pass(void **state)
{
	static const char *const good[] = {
		"git+https://h/r#sha=0123456789abcdef0123456789ABCDEF01234567",
		"git+ssh://git@h/r#tag=v6.14",
		"6.12..6.14",
		"6.14.11..6.14", /* the end is widened */
		"6.14..=6.14",
		"6.15-rc3..6.15-rc3",
		"linux",
		"./a..b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct ident id = parse(good[i]);
		struct err e = ERR_INIT;

		if (ident_validate(&id, &e))
			fail_msg("'%s': %s", good[i], e.msg);
		ident_release(&id);
	}
}

static void keys_are_names_of_folders(void **state)
{
	static const char *const bad[] = {"", "  ", ".hidden", ".tmp-x-1", "a/b", "a\\b", "a..b"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(ident_key_valid(bad[i], &why));
		assert_non_null(why);
	}
	assert_true(ident_key_valid("6.14.2-tarball-x86_64-kcabd40422", &why));
	assert_null(why);
}

static int compare(const char *a, const char *b)
{
	struct kver x, y;

	assert_true(kver_parse(a, strlen(a), &x));
	assert_true(kver_parse(b, strlen(b), &y));
	return kver_compare(&x, &y);
}

static void versions_are_ordered(void **state)
{
	static const char *const rising[] = {"5", "5.0.1", "6.1", "6.1.192", "6.2-rc1", "6.2-rc2",
		"6.2-rc10", "6.2", "6.2.1", "6.10", "10"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rising); i++)
		for (size_t j = 0; j < ARRAY_LEN(rising); j++)
			assert_int_equal(compare(rising[i], rising[j]), i < j ? -1 : i > j);
	assert_int_equal(compare("6", "6.0.0"), 0);
}

static void only_series_are_widened(void **state)
{
	struct kver late, end;

	(void)state;
	kver_parse("6.14.11", 7, &late);
	kver_parse("6.14", 4, &end);
	assert_true(kver_is_series(&end));
	assert_true(kver_compare(&late, &end) > 0);
	end = kver_widen(end);
	assert_true(kver_compare(&late, &end) < 0);
	kver_parse("6.14.2", 6, &end);
	assert_false(kver_is_series(&end));
	end = kver_widen(end);
	assert_true(kver_compare(&late, &end) > 0);
	kver_parse("6.14-rc2", 8, &end);
	assert_false(kver_is_series(&end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_by_spelling),
		cmocka_unit_test(homes_are_expanded),
		cmocka_unit_test(no_home_no_expansion),
		cmocka_unit_test(git_parts_are_split_at_the_last_hash),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(good_ones_pass),
		cmocka_unit_test(keys_are_names_of_folders),
		cmocka_unit_test(versions_are_ordered),
		cmocka_unit_test(only_series_are_widened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
