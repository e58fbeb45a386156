/* The guest pane: looking back at what was written, finding it, copying it. */
#include "tests/lib/scripted_vm.h"

static void write_numbers(struct dash *d, int n)
{
	for (int i = 0; i < n; i++) {
		char line[64];

		snprintf(line, sizeof(line), "number %03d of %s\r\n", i, i % 10 ? "many" : "TENS");
		guest_writes(d, line);
	}
}

static void scrolling_stays_where_it_is(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	write_numbers(&d, 100);
	dash_keys(&d, "C-] o PgUp");
	dash_expect(&d, "20 rows back");
	dash_expect(&d, "number 061");
	dash_expect_not(&d, "number 081");
	write_numbers(&d, 5);
	dash_expect(&d, "number 061");
	dash_expect(&d, "25 rows back");
	dash_keys(&d, "g");
	dash_expect(&d, "/ # number 000");
	dash_keys(&d, "Esc");
	dash_expect_not(&d, "rows back");
	dash_expect(&d, "number 004");
	dash_keys(&d, "k k j");
	dash_expect(&d, "1 rows back");
	dash_keys(&d, "G");
	dash_expect_not(&d, "rows back");
	dash_close(&d);
}

static void search_finds_the_newest_first(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	write_numbers(&d, 100);
	dash_keys(&d, "C-] /");
	dash_type(&d, "tens");
	dash_expect(&d, "number 090 of TENS");
	dash_keys(&d, "Enter n");
	dash_expect(&d, "number 080 of TENS");
	dash_keys(&d, "n n n n");
	dash_expect(&d, "number 040 of TENS");
	dash_expect_not(&d, "number 080");
	dash_keys(&d, "N");
	dash_expect(&d, "number 050 of TENS");
	dash_keys(&d, "Esc");
	dash_expect(&d, "number 050 of TENS"); /* the search is over, the place stays */
	dash_keys(&d, "n");
	dash_expect(&d, "Kernel words");
	dash_keys(&d, "Esc Esc");
	dash_expect_not(&d, "rows back");
	dash_keys(&d, "/");
	dash_type(&d, "nothing like it");
	dash_keys(&d, "Enter");
	dash_expect(&d, "nothing here matches");
	dash_close(&d);
}

static void a_selection_is_copied(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	write_numbers(&d, 30);
	dash_keys(&d, "C-] [");
	dash_expect(&d, "COPY");
	dash_keys(&d, "k k 0 v j y");
	assert_string_equal(str_get(&d.copied), "number 028 of many\nn");
	dash_expect(&d, "copied 2 lines");
	dash_expect(&d, "INPUT"); /* back to where it came from */
	dash_keys(&d, "C-] [ k V k y");
	assert_string_equal(str_get(&d.copied), "number 028 of many\nnumber 029 of many");
	dash_keys(&d, "C-] [ y");
	dash_expect(&d, "nothing is selected");
	dash_keys(&d, "C-] o y");
	assert_int_equal(strncmp(str_get(&d.copied), "number 010 of TENS\n", 19), 0);
	dash_close(&d);
}

static void text_is_copied_with_the_mouse(void **state)
{
	struct dash d;

	(void)state;
	dash_open(&d, 24, 80, false);
	guest_boot_to_prompt(&d);
	guest_writes(&d, "\x1b[2J\x1b[Hpick these words here");
	dash_mouse(&d, UI_MOUSE_PRESS, 1, 1, 5);
	dash_mouse(&d, UI_MOUSE_DRAG, 1, 1, 12);
	dash_mouse(&d, UI_MOUSE_DRAG, 1, 1, 15);
	dash_mouse(&d, UI_MOUSE_RELEASE, 1, 1, 15);
	assert_string_equal(str_get(&d.copied), "these words");
	guest_heard("");
	dash_expect(&d, "INPUT");
	dash_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrolling_stays_where_it_is),
		cmocka_unit_test(search_finds_the_newest_first),
		cmocka_unit_test(a_selection_is_copied),
		cmocka_unit_test(text_is_copied_with_the_mouse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
