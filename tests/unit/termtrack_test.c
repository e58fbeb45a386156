#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/termtrack.h"

#define ALWAYS "\017\033(B\033[0m"

static void check(const char *output, size_t n, const char *want)
{
	/* the answer does not depend on how the bytes were cut */
	for (size_t cut = 0; cut <= n; cut++) {
		cleanup_str struct str undo = STR_INIT;
		struct termtrack t = {0};

		termtrack_feed(&t, output, cut);
		termtrack_feed(&t, output + cut, n - cut);
		termtrack_undo(&t, &undo);
		if (!str_ends(undo.s, ALWAYS))
			fail_msg("%s", undo.s);
		undo.s[undo.len - strlen(ALWAYS)] = 0;
		assert_string_equal(undo.s, want);
	}
}

static void test_only_what_was_switched_is_undone(void **state)
{
	static const struct {
		const char *output, *want;
	} cases[] = {
		{"", ""}, {"plain text\r\n\033[1;31mred\033[0m \033[2J\033[H", ""},
		{"\033[?25l", "\033[?25h"}, {"\033[?25l..\033[?25h", ""},
		{"\033[?1049h", "\033[?1049l"}, {"\033[?1049h\033[?1049l", ""},
		{"\033[?1;25;2004h", "\033[?1l\033[?2004l"},
		{"\033[?1000h\033[?1002h\033[?1006h", "\033[?1000l\033[?1002l\033[?1006l"},
		{"\033[?7l", "\033[?7h"}, {"\033=", "\033>"}, {"\033=\033>", ""},
		{"\033[2;20r", "\0337\033[r\0338"}, {"\033[2;20r\033[r", ""},
		{"\033[4h", "\033[4l"}, {"\033[20h", ""}, {"\033[4 q", "\033[0 q"},
		{"\033[4 q\033[ q", ""}, {"\033[>4;2m", "\033[>4m"}, {"\033[>4;2m\033[>4;0m", ""},
		{"\033[?2004h\033[?25l\033c", ""}, /* full reset */
		{"\033[?1049h\033[?25l\033[!p", "\033[?1049l"},
		{"\033]0;title \033[?25l\007", ""}, /* inside a string nothing counts */
		{"\033]0;title\033\\\033[?25l", "\033[?25h"}, {"\033P+q\033\\", ""},
		{"\033(0\033[?25l", "\033[?25h"}, {"\033[?25\030l", ""}, /* cancelled */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i].output, strlen(cases[i].output), cases[i].want);
}

static void test_a_cut_sequence_is_ended(void **state)
{
	cleanup_str struct str undo = STR_INIT;
	struct termtrack t = {0};

	(void)state;
	termtrack_feed(&t, "\033]0;half", 8);
	termtrack_undo(&t, &undo);
	assert_string_equal(undo.s, "\030" ALWAYS);
}

static void test_change_is_reported(void **state)
{
	struct termtrack t = {0};

	(void)state;
	assert_false(termtrack_feed(&t, "text", 4));
	assert_true(termtrack_feed(&t, "\033[?25l", 6));
	assert_false(termtrack_feed(&t, "\033[?25l", 6));
	assert_true(termtrack_feed(&t, "\033[?25h", 6));
}

/* Feeding the undo sequence leaves nothing to undo, whatever came before. */
static void test_undo_undoes(void **state)
{
	static const char alphabet[] = "\033\033\033[[[???;;0124579hlrqmcp=> !1049;1000\007\\Pab";

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		cleanup_str struct str undo = STR_INIT, rest = STR_INIT;
		struct termtrack t = {0};
		char bytes[64];

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		termtrack_feed(&t, bytes, sizeof(bytes));
		termtrack_undo(&t, &undo);
		termtrack_feed(&t, undo.s, undo.len);
		termtrack_undo(&t, &rest);
		assert_string_equal(rest.s, ALWAYS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_was_switched_is_undone),
		cmocka_unit_test(test_a_cut_sequence_is_ended),
		cmocka_unit_test(test_change_is_reported),
		cmocka_unit_test(test_undo_undoes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
