#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/conlog.h"

static void feed(struct conlog *l, const char *s)
{
	conlog_feed(l, s, strlen(s));
}

static void test_last_lines_in_order(void **state)
{
	cleanup_strv struct strv all = STRV_INIT, two = STRV_INIT;
	struct conlog l = {0};

	(void)state;
	assert_null(conlog_newest(&l));
	conlog_last(&l, 5, &all);
	assert_int_equal(all.n, 0);
	feed(&l, "[    0.0] one\r\n\r\n  two \nthr");
	feed(&l, "ee\nunfinish");
	feed(&l, "ed");
	conlog_last(&l, 10, &all);
	assert_int_equal(all.n, 4);
	assert_string_equal(all.v[0], "[    0.0] one");
	assert_string_equal(all.v[1], "two");
	assert_string_equal(all.v[2], "three");
	assert_string_equal(all.v[3], "unfinished");
	conlog_last(&l, 2, &two);
	assert_int_equal(two.n, 2);
	assert_string_equal(two.v[0], "three");
	assert_string_equal(two.v[1], "unfinished");
	assert_string_equal(conlog_newest(&l), "three");
	conlog_release(&l);
}

static void test_the_ring_forgets_the_oldest(void **state)
{
	cleanup_strv struct strv out = STRV_INIT;
	struct conlog l = {0};
	char line[32];

	(void)state;
	for (int i = 0; i < 3 * CONLOG_LINES; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		feed(&l, line);
	}
	conlog_last(&l, 1000, &out);
	assert_int_equal(out.n, CONLOG_LINES);
	assert_string_equal(out.v[0], "line 128");
	assert_string_equal(out.v[CONLOG_LINES - 1], "line 191");
	conlog_release(&l);
}

static void test_quotes_are_short_and_clean(void **state)
{
	cleanup_strv struct strv out = STRV_INIT;
	struct conlog l = {0};
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	conlog_feed(&l, big, sizeof(big));
	feed(&l, "\n\x1b[31mred\x1b[0m \x1b]0;title\x07 a\n");
	conlog_feed(&l, "nul\0in it\n", 10);
	conlog_last(&l, 10, &out);
	assert_int_equal(out.n, 3);
	assert_int_equal(strlen(out.v[0]), CONLOG_QUOTE);
	assert_null(strchr(out.v[1], 0x1b));
	assert_null(strchr(out.v[1], 7));
	assert_int_equal(strncmp(out.v[1], "red", 3), 0);
	assert_string_equal(out.v[2], "nul in it");
	conlog_release(&l);
}

static void test_causes_are_found(void **state)
{
	struct conlog l = {0};

	(void)state;
	feed(&l, "[ 1.0] Out of memory: Killed process 12 (x)\n");
	feed(&l,
		"[ 1.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000000\n");
	feed(&l, "[ 1.2] Kernel panic - not syncing: second\n");
	feed(&l, "[ 1.3] ---[ end Kernel panic - not syncing: second ]---\n");
	assert_non_null(strstr(l.memory, "Out of memory"));
	assert_non_null(strstr(l.panic, "Attempted to kill init"));
	conlog_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_lines_in_order),
		cmocka_unit_test(test_the_ring_forgets_the_oldest),
		cmocka_unit_test(test_quotes_are_short_and_clean),
		cmocka_unit_test(test_causes_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
