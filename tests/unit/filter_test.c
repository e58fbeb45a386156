#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "ui/filter.h"

static const char *const names[] = {"group", "metric"};

static bool lets(const char *text, const char *group, const char *metric)
{
	const struct filter_column row[] = {{"group", group}, {"metric", metric}};
	struct err e = ERR_INIT;
	struct filter *f = filter_new(text, names, 2, &e);
	bool yes;

	if (!f)
		fail_msg("%s: %s", text, e.msg);
	yes = filter_lets(f, row, 2);
	filter_free(f);
	return yes;
}

static void terms(void **state)
{
	(void)state;
	assert_true(lets("", "a", "b"));
	assert_true(lets(" | ", "a", "b"));
	assert_true(lets("WORK", "worker", "run_time_ns"));
	assert_true(lets("nothing|run", "worker", "run_time_ns"));
	assert_false(lets("nothing", "worker", "run_time_ns"));
	assert_false(lets("group:run", "worker", "run_time_ns"));
	assert_true(lets("metric:run", "worker", "run_time_ns"));
	assert_true(lets("other:run", "other:run", "x")); /* no column: plain text */
	assert_true(lets("!ssh", "worker", "run_time_ns"));
	assert_false(lets("worker|!run", "worker", "run_time_ns"));
	assert_true(lets("re:^work.*r$", "worker", "run_time_ns"));
	assert_false(lets("metric:re:^time", "worker", "run_time_ns"));
	assert_true(lets("!metric:re:^time", "worker", "run_time_ns"));
}

static void what_is_no_filter(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(filter_new("re:[", names, 2, &e));
	assert_non_null(strstr(e.msg, "is no regular expression"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms),
		cmocka_unit_test(what_is_no_filter),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
