#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/str.h"
#include "vmm/conf.h"
#include "vmm/proto.h"

#define BYTES(text) (text), sizeof(text) - 1

static void records_come_in_order(void **state)
{
	static const char text[] = "exec=echo a=b\nc\0env=X=1\0term=\0rows=40\0cols=120";
	static const char *const keys[] = {
		PROTO_CONF_EXEC, PROTO_CONF_ENV, PROTO_CONF_TERM, PROTO_CONF_ROWS, PROTO_CONF_COLS};
	static const char *const values[] = {"echo a=b\nc", "X=1", "", "40", "120"};
	struct conf_record r;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_int_equal(conf_next(BYTES(text), &at, &r), 1);
		assert_true(conf_is(&r, keys[i]));
		assert_string_equal(r.value, values[i]); /* the array's own NUL ends the last */
		assert_int_equal(r.value_len, strlen(values[i]));
	}
	assert_int_equal(conf_next(BYTES(text), &at, &r), 0);
	assert_int_equal(conf_next(BYTES(text), &at, &r), 0);
}

static void the_last_nul_may_be_there(void **state)
{
	struct conf_record r;
	size_t at = 0;

	(void)state;
	assert_int_equal(conf_next("a=b", 4, &at, &r), 1);
	assert_int_equal(at, 4);
	assert_int_equal(conf_next("a=b", 4, &at, &r), 0);
	at = 0;
	assert_int_equal(conf_next("", 0, &at, &r), 0);
}

static void malformed_records_are_seen(void **state)
{
	static const char *const bad[] = {"no equals sign", "=value", "", "a"};
	struct conf_record r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		size_t at = 0;

		assert_int_equal(conf_next(bad[i], strlen(bad[i]) + 1, &at, &r), -1);
	}
}

static void keys_match_as_a_whole(void **state)
{
	struct conf_record r;
	size_t at = 0;

	(void)state;
	assert_int_equal(conf_next(BYTES("execute=1"), &at, &r), 1);
	assert_false(conf_is(&r, "exec"));
	assert_false(conf_is(&r, "executes"));
	assert_true(conf_is(&r, "execute"));
}

static unsigned number(const char *value, unsigned max)
{
	cleanup_free char *text = xasprintf("n=%s", value);
	struct conf_record r;
	size_t at = 0;

	assert_int_equal(conf_next(text, strlen(text), &at, &r), 1);
	return conf_number(&r, max, 77);
}

static void numbers_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(number("1", 65535), 1);
	assert_int_equal(number("65535", 65535), 65535);
	assert_int_equal(number("0024", 65535), 24);
	assert_int_equal(number("65536", 65535), 77);
	assert_int_equal(number("99999999999999999999", UINT32_MAX), 77);
	assert_int_equal(number("4294967295", UINT32_MAX), UINT32_MAX);
	assert_int_equal(number("4294967296", UINT32_MAX), 77);
	assert_int_equal(number("0", 65535), 77);
	assert_int_equal(number("", 65535), 77);
	assert_int_equal(number("-1", 65535), 77);
	assert_int_equal(number("12a", 65535), 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_order),
		cmocka_unit_test(the_last_nul_may_be_there),
		cmocka_unit_test(malformed_records_are_seen),
		cmocka_unit_test(keys_match_as_a_whole),
		cmocka_unit_test(numbers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
