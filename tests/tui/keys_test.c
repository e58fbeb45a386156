/* What keys do, on the real program's screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/tui.h"

static void test_first(void **state)
{
	struct tui *t = tui_start(&(struct tui_options){0});

	(void)state;
	tui_expect(t, "Topology");
	tui_expect(t, "LLC 0");
	tui_keys(t, "?");
	tui_expect(t, "Help: Topology");
	tui_keys(t, "Esc");
	tui_expect_not(t, "Help: Topology");
	tui_keys(t, "q");
	assert_int_equal(tui_wait(t), 0);
	tui_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
