#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/parse.h"
#include "src/base/units.h"

static void durations_add_up(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"100ms", 100 * NS_PER_MS},
		{"1s 200ms", 1200 * NS_PER_MS},
		{"1h30m", 5400 * NS_PER_SEC},
		{" 2 sec ", 2 * NS_PER_SEC},
		{"1s1s", 2 * NS_PER_SEC},
		{"1M", 2630016 * NS_PER_SEC},
		{"1y", 31557600 * NS_PER_SEC},
		{"5\xc2\xb5s", 5000},
		{"0", 0},
		{"7nanos", 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t ns = 1;

		assert_int_equal(parse_duration(good[i].text, &ns, NULL), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

static void bad_durations_say_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *token;
	} bad[] = {
		{"", "value was empty"},
		{"5", "time unit needed"},
		{"5 parsecs", "unknown time unit \"parsecs\""},
		{"s", "expected number at 0"},
		{"1.5s", "invalid character at 1"},
		{"-1s", "expected number at 0"},
		{"99999999999999999999s", "number is too large"},
		{"600y", "number is too large"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;
		uint64_t ns;

		assert_true(parse_duration(bad[i].text, &ns, &e) < 0);
		assert_non_null(strstr(e.msg, bad[i].token));
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text, *token;
	} bad[] = {
		{"", "empty"},
		{"64mb", "SI suffixes"},
		{"64", "missing unit suffix"},
		{"-1mib", "is not an unsigned integer"},
		{"1.5gib", "is not an unsigned integer"},
		{"0mib", "must be > 0"},
		{"99999999999gib", "too large"},
		{"1tib", "unknown suffix"},
	};
	uint64_t v;

	(void)state;
	assert_int_equal(parse_size(" 256 MiB ", &v, NULL), 0);
	assert_int_equal(v, 256ULL << 20);
	assert_int_equal(parse_size("1gib", &v, NULL), 0);
	assert_int_equal(v, 1ULL << 30);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = ERR_INIT;

		assert_true(parse_size(bad[i].text, &v, &e) < 0);
		assert_non_null(strstr(e.msg, bad[i].token));
	}
}

static void numbers(void **state)
{
	uint64_t v;
	uint32_t w;

	(void)state;
	assert_int_equal(parse_u64("18446744073709551615", &v, NULL), 0);
	assert_int_equal(v, UINT64_MAX);
	assert_true(parse_u64("18446744073709551616", &v, NULL) < 0);
	assert_true(parse_u64("", &v, NULL) < 0);
	assert_true(parse_u64("+1", &v, NULL) < 0);
	assert_true(parse_u64("1 ", &v, NULL) < 0);
	assert_int_equal(parse_u32("4294967295", &w, NULL), 0);
	assert_true(parse_u32("4294967296", &w, NULL) < 0);
}

static void expect_unit(void (*fn)(struct str *, uint64_t), uint64_t v, const char *text)
{
	cleanup_str struct str out = STR_INIT;

	fn(&out, v);
	assert_string_equal(str_get(&out), text);
}

static void units_are_short(void **state)
{
	(void)state;
	expect_unit(units_bytes, 17, "17");
	expect_unit(units_bytes, 512 << 10, "512K");
	expect_unit(units_bytes, 32 << 20, "32M");
	expect_unit(units_bytes, 269947723776ULL, "251.4G");
	expect_unit(units_hms, 72, "00:01:12");
	expect_unit(units_duration, 850 * NS_PER_MS, "850ms");
	expect_unit(units_duration, 252 * NS_PER_SEC, "4m12s");
	expect_unit(units_duration, 3780 * NS_PER_SEC, "1h03m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_add_up),
		cmocka_unit_test(bad_durations_say_what_is_wrong),
		cmocka_unit_test(sizes),
		cmocka_unit_test(numbers),
		cmocka_unit_test(units_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
