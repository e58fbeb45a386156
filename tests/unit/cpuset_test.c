#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/cpuset.h"

static void expect_list(const char *in, const char *out)
{
	cleanup_cpuset struct cpuset s = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;

	assert_int_equal(cpuset_parse_list(&s, in, NULL), 0);
	cpuset_format(&s, &text);
	assert_string_equal(str_get(&text), out);
}

static void lists_are_folded_and_sorted(void **state)
{
	(void)state;
	expect_list("", "");
	expect_list("\n", "");
	expect_list("0-3,8\n", "0-3,8");
	expect_list(" 8 , 0 - 3 ,, 2", "0-3,8");
	expect_list("63,64,65,128", "63-65,128");
}

static void bad_lists_are_refused(void **state)
{
	static const char *const bad[] = {
		"a", "1-", "-1", "3-1", "1;2", "1 2", "0-262144", "99999999999"};
	cleanup_cpuset struct cpuset s = CPUSET_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;

		assert_true(cpuset_parse_list(&s, bad[i], &e) < 0);
		assert_true(e.msg[0]);
	}
}

static void maps_name_the_same_cpus(void **state)
{
	cleanup_cpuset struct cpuset s = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;

	(void)state;
	assert_int_equal(cpuset_parse_map(&s, "00000001,0000000f\n", NULL), 0);
	cpuset_format(&s, &text);
	assert_string_equal(str_get(&text), "0-3,32");
	assert_true(cpuset_parse_map(&s, "xyz", NULL) < 0);
	assert_true(cpuset_parse_map(&s, "", NULL) < 0);
}

static void algebra(void **state)
{
	cleanup_cpuset struct cpuset a = CPUSET_INIT, b = CPUSET_INIT;

	(void)state;
	cpuset_parse_list(&a, "0-3,100", NULL);
	cpuset_parse_list(&b, "2-5", NULL);
	assert_true(cpuset_intersects(&a, &b));
	assert_false(cpuset_subset(&b, &a));
	cpuset_and(&b, &a);
	assert_int_equal(cpuset_count(&b), 2);
	assert_true(cpuset_subset(&b, &a));
	cpuset_minus(&a, &b);
	assert_false(cpuset_has(&a, 2));
	assert_int_equal(cpuset_next(&a, 2), 100);
	assert_int_equal(cpuset_next(&a, 101), -1);
}

static void test_confine(void **state)
{
	cleanup_cpuset struct cpuset before = CPUSET_INIT, one = CPUSET_INIT, got = CPUSET_INIT;

	(void)state;
	assert_int_equal(cpuset_affinity(&before), 0);
	cpuset_add(&one, (unsigned)cpuset_next(&before, 0));
	assert_int_equal(cpuset_confine(0, &one), 0);
	assert_int_equal(cpuset_affinity(&got), 0);
	assert_true(cpuset_equal(&got, &one));
	assert_int_equal(cpuset_confine(0, &before), 0);
	cpuset_clear(&one);
	assert_int_equal(cpuset_confine(0, &one), -EINVAL);
	cpuset_add(&one, 200000); /* no such CPU */
	assert_int_equal(cpuset_confine(0, &one), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_folded_and_sorted),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(maps_name_the_same_cpus),
		cmocka_unit_test(algebra),
		cmocka_unit_test(test_confine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
