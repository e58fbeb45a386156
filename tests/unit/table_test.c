#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <string.h>
#include <cmocka.h>

#include "src/table/table.h"

struct fruit {
	const char *name;
	int64_t count; /* negative: not known */
	uint64_t bytes;
	const struct cpuset *cpus;
};

static struct cell get_name(const void *row, struct arena *a)
{
	(void)a;
	return cell_text(((const struct fruit *)row)->name);
}

static struct cell get_count(const void *row, struct arena *a)
{
	const struct fruit *f = row;

	(void)a;
	return f->count < 0 ? cell_absent("nobody counted") : cell_u64((uint64_t)f->count);
}

static struct cell get_bytes(const void *row, struct arena *a)
{
	(void)a;
	return cell_bytes(((const struct fruit *)row)->bytes);
}

static struct cell get_cpus(const void *row, struct arena *a)
{
	const struct fruit *f = row;

	(void)a;
	return f->cpus ? cell_set(f->cpus) : cell_absent(NULL);
}

static struct cell get_sweet(const void *row, struct arena *a)
{
	(void)a;
	return cell_bool(((const struct fruit *)row)->bytes > 0);
}

static struct cell get_label(const void *row, struct arena *a)
{
	return cell_text(arena_printf(a, "<%s>", ((const struct fruit *)row)->name));
}

static const struct column columns[] = {
	{.id = "name", .title = "NAME", .get = get_name},
	{.id = "count", .title = "COUNT", .right = true, .get = get_count},
	{.id = "bytes", .title = "BYTES", .unit = "bytes", .right = true, .get = get_bytes},
	{.id = "cpus", .title = "CPUS", .get = get_cpus},
	{.id = "label", .title = "LABEL", .get = get_label},
	{.id = "sweet", .title = "SWEET", .get = get_sweet},
};

static void expect_text(const void **rows, size_t n, size_t ncolumns, const char *want)
{
	const struct table t = {columns, ncolumns, rows, n};
	cleanup_str struct str out = STR_INIT;

	table_text(&t, &out);
	assert_string_equal(str_get(&out), want);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	const struct fruit fig = {.name = "fig", .count = 7, .bytes = 32 << 20},
			   melon = {.name = "melon", .count = -1, .bytes = 17};
	const void *rows[] = {&fig, &melon};

	(void)state;
	expect_text(rows, 2, 3,
		" NAME   COUNT  BYTES \n"
		" fig        7    32M \n"
		" melon      -     17 \n");
	expect_text(rows, 0, 2, " NAME  COUNT \n");
}

static void a_cell_of_several_lines_pads_its_neighbours(void **state)
{
	const struct fruit two = {.name = "red\nblack berry", .count = 3};
	const void *rows[] = {&two};

	(void)state;
	expect_text(rows, 1, 2,
		" NAME         COUNT \n"
		" red              3 \n"
		" black berry        \n");
}

static void width_counts_cells_and_foreign_bytes_are_tamed(void **state)
{
	const struct fruit kiwi = {.name = "\xe3\x82\xad\xe3\x82\xa6\xe3\x82\xa4", .count = 1},
			   rogue = {.name = "a\x1b[31mb\xff", .count = 2};
	const void *rows[] = {&kiwi, &rogue};

	(void)state;
	/* Double width comes from the locale's tables. */
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	expect_text(rows, 2, 2,
		" NAME      COUNT \n"
		" \xe3\x82\xad\xe3\x82\xa6\xe3\x82\xa4        1 \n"
		" a?[31mb\xef\xbf\xbd      2 \n");
}

static void json_has_values_and_reasons(void **state)
{
	cleanup_cpuset struct cpuset cpus = CPUSET_INIT;
	const struct fruit fig = {.name = "fig", .count = -1, .bytes = 2048, .cpus = &cpus};
	const void *rows[] = {&fig};
	const struct table t = {columns, ARRAY_LEN(columns), rows, 1};
	cleanup_str struct str out = STR_INIT;
	struct json_out j;

	(void)state;
	cpuset_parse_list(&cpus, "0-2,9", NULL);
	json_init(&j, &out, true);
	table_json(&t, &j);
	assert_string_equal(str_get(&out), "[\n"
					   "  {\n"
					   "    \"name\": \"fig\",\n"
					   "    \"count\": null,\n"
					   "    \"bytes\": 2048,\n"
					   "    \"cpus\": [0,1,2,9],\n"
					   "    \"label\": \"<fig>\",\n"
					   "    \"sweet\": true,\n"
					   "    \"_why\": {\n"
					   "      \"count\": \"nobody counted\"\n"
					   "    }\n"
					   "  }\n"
					   "]");
}

static void every_kind_has_a_text_and_a_value(void **state)
{
	cleanup_cpuset struct cpuset none = CPUSET_INIT;
	const unsigned numbers[] = {20, 10, 20};
	const struct {
		struct cell cell;
		const char *text, *json;
	} cases[] = {
		{cell_absent(NULL), "-", "null"},
		{cell_u64(UINT64_MAX), "18446744073709551615", "18446744073709551615"},
		{cell_i64(INT64_MIN), "-9223372036854775808", "-9223372036854775808"},
		{cell_real(0.125), "0.12", "0.125"},
		{cell_bool(true), "yes", "true"},
		{cell_bool(false), "no", "false"},
		{cell_text("a\tb"), "a?b", "\"a\\tb\""},
		{cell_text(NULL), "", "null"},
		{cell_bytes(1536), "1.5K", "1536"},
		{cell_set(&none), "", "[]"},
		{cell_list(numbers, 3), "20 10 20", "[20,10,20]"},
		{cell_list(NULL, 0), "", "[]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_str struct str text = STR_INIT, json = STR_INIT;
		struct json_out j;

		cell_format(&cases[i].cell, &text);
		assert_string_equal(str_get(&text), cases[i].text);
		json_init(&j, &json, true);
		cell_json(&cases[i].cell, &j);
		assert_string_equal(str_get(&json), cases[i].json);
	}
}

static void expect_order(size_t column, bool descending, const char *want)
{
	cleanup_cpuset struct cpuset low = CPUSET_INIT, high = CPUSET_INIT;
	const struct fruit f[] = {
		{"d", 5, 1, &high}, {"a", -1, 3, NULL}, {"c", 5, 2, &low}, {"b", 10, 1, &low}};
	const void *rows[] = {&f[0], &f[1], &f[2], &f[3]};
	struct table t = {columns, ARRAY_LEN(columns), rows, 4};
	char got[5] = "";

	cpuset_parse_list(&low, "0-3", NULL);
	cpuset_parse_list(&high, "0-2,4", NULL);
	table_sort(&t, column, descending);
	for (size_t i = 0; i < 4; i++)
		got[i] = ((const struct fruit *)rows[i])->name[0];
	assert_string_equal(got, want);
}

static void sorting_is_stable_and_absent_comes_last(void **state)
{
	(void)state;
	expect_order(0, false, "abcd");
	expect_order(0, true, "dcba");
	expect_order(1, false, "dcba");
	expect_order(1, true, "bdca");
	expect_order(2, false, "dbca");
	expect_order(3, false, "cbda");
	expect_order(3, true, "dcba");
	expect_order(99, false, "dacb");
}

static void columns_that_tell_nothing_can_be_left_out(void **state)
{
	const struct fruit fig = {.name = "fig", .count = -1}, nut = {.name = "nut", .count = -1},
			   pear = {.name = "pear", .count = 1, .bytes = 1};
	const void *alike[] = {&fig, &nut}, *mixed[] = {&fig, &pear};
	const struct table few = {columns, ARRAY_LEN(columns), alike, 2},
			   more = {columns, ARRAY_LEN(columns), mixed, 2};
	struct column some[ARRAY_LEN(columns)];

	(void)state;
	assert_int_equal(table_telling_columns(&few, some), 3);
	assert_string_equal(some[0].id, "name");
	assert_string_equal(some[1].id, "bytes");
	assert_string_equal(some[2].id, "label");
	assert_int_equal(table_telling_columns(&more, some), 5);
	assert_string_equal(some[1].id, "count");
	assert_string_equal(some[4].id, "sweet");
}

static void csv_is_quoted_and_counts_bytes(void **state)
{
	const struct fruit a = {.name = "a, \"b\"", .count = -1, .bytes = 4096},
			   b = {.name = "c", .count = 7};
	const void *rows[] = {&a, &b};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	table_csv(&(struct table){columns, 3, rows, 2}, &out);
	assert_string_equal(str_get(&out), "name,count,bytes\n\"a, \"\"b\"\"\",,4096\nc,7,0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(a_cell_of_several_lines_pads_its_neighbours),
		cmocka_unit_test(width_counts_cells_and_foreign_bytes_are_tamed),
		cmocka_unit_test(json_has_values_and_reasons),
		cmocka_unit_test(every_kind_has_a_text_and_a_value),
		cmocka_unit_test(sorting_is_stable_and_absent_comes_last),
		cmocka_unit_test(columns_that_tell_nothing_can_be_left_out),
		cmocka_unit_test(csv_is_quoted_and_counts_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
