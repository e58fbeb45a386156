#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "probes/ctprof/glob.h"
#include "src/base/str.h"

static bool matches(const char *pattern, const char *path)
{
	struct err e = ERR_INIT;
	struct ctp_glob *g = ctp_glob_new(pattern, &e);
	bool yes;

	if (!g)
		fail_msg("%s", e.msg);
	yes = ctp_glob_matches(g, path);
	ctp_glob_free(g);
	return yes;
}

static void what_matches(void **state)
{
	static const struct {
		const char *pattern, *path;
	} rows[] = {
		{"/", "/"},
		{"/a", "/a"},
		{"*", ""},
		{"*", "/a/b"},
		{"/kubepods/*", "/kubepods/pod1"},
		{"/kubepods/*", "/kubepods/pod1/deep"},
		{"/kubepods/*", "/kubepods/"},
		{"/a*/.b", "/a/x/.b"},
		{"/?", "/\xc3\xa9"},
		{"/[abc]", "/b"},
		{"/[a-c]x", "/cx"},
		{"/[!a-c]", "/d"},
		{"/[]]", "/]"},
		{"/[!]]", "/a"},
		{"/[a-]", "/-"},
		{"/[*]", "/*"},
		{"/a]", "/a]"},
		{"/**/c", "/c"},
		{"/**/c", "/a/b/c"},
		{"**/c", "c"},
		{"/a/**", "/a/"},
		{"/a/**", "/a/b/c"},
		{"**", "/a/b"},
		{"/**/**/c", "/a/c"},
		{"/{a,b}", "/{a,b}"},
		{"/\\*", "/\\x"},
		{"/a*b*c", "/aXbYbc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!matches(rows[i].pattern, rows[i].path))
			fail_msg("%s does not match %s", rows[i].pattern, rows[i].path);
}

static void what_does_not_match(void **state)
{
	static const struct {
		const char *pattern, *path;
	} rows[] = {
		{"", "/"},
		{"/a", "/A"},
		{"/a", "/a/b"},
		{"/a/b", "/a"},
		{"/?", "/"},
		{"/[abc]", "/d"},
		{"/[!a-c]", "/b"},
		{"/[!a]", "/"},
		{"/kubepods/*", "/kubepods"},
		{"/**/c", "/ac"},
		{"/**/c", "/a/bc"},
		{"/a/**", "/a"},
		{"/{a,b}", "/a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (matches(rows[i].pattern, rows[i].path))
			fail_msg("%s matches %s", rows[i].pattern, rows[i].path);
}

static void what_is_no_pattern(void **state)
{
	static const char *const rows[] = {"/a**", "/**b", "/***", "[", "[a", "[!", "[]", "[!]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = ERR_INIT;

		assert_null(ctp_glob_new(rows[i], &e));
		assert_non_null(strstr(e.msg, rows[i]));
	}
}

/* Many stars against a long path that almost matches: done in no time, or the suite's limit hits.
 */
static void many_stars_are_cheap(void **state)
{
	cleanup_str struct str pattern = STR_INIT, path = STR_INIT;

	(void)state;
	for (int i = 0; i < 200; i++)
		str_add(&pattern, "*a");
	str_addc(&pattern, 'b');
	str_repeat(&path, 'a', 4000);
	assert_false(matches(str_get(&pattern), str_get(&path)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches),
		cmocka_unit_test(what_does_not_match),
		cmocka_unit_test(what_is_no_pattern),
		cmocka_unit_test(many_stars_are_cheap),
	};

	return cmocka_run_group_tests_name("ctprof_glob", tests, NULL, NULL);
}
