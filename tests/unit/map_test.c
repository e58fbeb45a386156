/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "src/base/map.h"

static void an_empty_map_has_nothing(void **state)
{
	struct map m = {0};

	(void)state;
	assert_false(map_has(&m, "a"));
	assert_null(map_get(&m, "a"));
	map_release(&m);
}

static void keys_are_found_after_growing(void **state)
{
	static int values[5000];
	struct map m = {0};
	char key[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_true(map_add(&m, key, &values[i]));
	}
	assert_int_equal(m.n, 5000);
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(map_get(&m, key), &values[i]);
	}
	assert_false(map_has(&m, "key-5000"));
	map_release(&m);
}

static void the_first_value_stays(void **state)
{
	struct map m = {0};
	int a, b;

	(void)state;
	assert_true(map_add(&m, "", &a));
	assert_false(map_add(&m, "", &b));
	assert_ptr_equal(map_get(&m, ""), &a);
	*map_at(&m, "") = &b;
	assert_ptr_equal(map_get(&m, ""), &b);
	assert_int_equal(m.n, 1);
	map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(keys_are_found_after_growing),
		cmocka_unit_test(the_first_value_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
