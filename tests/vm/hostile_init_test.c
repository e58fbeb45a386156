/*
 * Guests whose first process is not ours and breaks the port's protocol, on whichever engine runs
 * them: the client ends in time and says what happened, prints no control bytes, and leaves nothing
 * behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

static const char broke[] = "broke the port protocol";

static const struct {
	const char *way;
	int status;
	const char *says;
	bool engine; /* the engine has a part in it, so that both are asked */
} ways[] = {
	{.way = "noise", .status = 254, .says = broke, .engine = true},
	{.way = "checksum", .status = 125, .says = broke},
	{.way = "length", .status = 125, .says = broke},
	{.way = "unknown", .status = 124, .says = "exec-timeout"},
	{.way = "lies", .status = 125, .says = "owned"},
	{.way = "console", .status = 125, .says = "more to its console than it may at once"},
	{.way = "topology", .status = 125, .says = "more of its topology than any can have"},
	{.way = "lingers", .status = 125, .says = "MSG_TYPE_EXEC_EXIT"},
	{.way = "gives_up", .status = 125, .says = "no more"},
	{.way = "stays", .status = 5, .says = "", .engine = true},
	{.way = "shouts", .status = 124, .says = "exec-timeout", .engine = true},
	{.way = "says_nothing", .status = 124, .says = "exec-timeout"},
};

/* Beside this program. */
static char *hostile_init(void)
{
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	slash = strrchr(self, '/');
	return xasprintf("%.*s/hostile_init", (int)(slash - self), self);
}

static void test_ways(void **state)
{
	cleanup_free char *init = hostile_init();
	const char *patience = vm_emulated() ? "12s" : "25s";
	char mark[40];

	(void)state;
	vm_guest_options(); /* skips where no guest can be booted */
	snprintf(mark, sizeof(mark), "hostile-init-%d", (int)getpid());
	setenv("KTSTR_TEST_MARK", mark, 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		cleanup_free char *words =
			xasprintf("rdinit=/include-files/hostile_init HOSTILE=%s", ways[i].way);
		bool waits = ways[i].status == 124;
		struct vm_run r;

		if (!vm_emulated() && !ways[i].engine)
			continue;
		vm_exec(&r, "true", "-i", init, "--append", words, "--dmesg", "--exec-timeout",
			waits ? patience : PATIENCE_OPTION, NULL);
		print_message("# %s: status %d\n", ways[i].way, r.status);
		vm_check(&r, ways[i].status, ways[i].says, NULL);
		vm_check_shown(&r.errs, "\n\t");
		assert_int_equal(r.out.len, 0);
		vm_run_release(&r);
		assert_true(vm_wait_processes(mark, 20));
	}
	unsetenv("KTSTR_TEST_MARK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
