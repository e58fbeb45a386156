/*
 * Guests that mean harm, on our own monitor: it ends by itself, says something, is killed by no
 * signal, stays small, prints no control bytes, and leaves no process behind.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

#define HOSTILE "/include-files/nested/guest/hostile"

static void attack(struct vm_run *r, const char *command, const char *limit)
{
	char mark[32];

	snprintf(mark, sizeof(mark), "hostile-%d", (int)getpid());
	setenv("KTSTR_TEST_MARK", mark, 1);
	vm_exec(r, command, "-i", HOSTILE, "--disk", "16mib", "--append", "iomem=relaxed",
		"--exec-timeout", limit, NULL);
	unsetenv("KTSTR_TEST_MARK");
	printf("# %s: status %d\n", command, r->status);
	assert_null(strstr(str_get(&r->errs), "killed by signal"));
	assert_null(strstr(str_get(&r->errs), "ended with signal"));
	vm_check_shown(&r->errs, "\n");
	assert_true(vm_wait_processes(mark, 10));
}

/* Devices that nobody needs to talk to the guest: it lives on. */
static void came_through(const char *command)
{
	struct vm_run r;

	attack(&r, command, PATIENCE_OPTION);
	vm_check(&r, 0, NULL);
	assert_string_equal(str_get(&r.out), "came through\n");
	vm_run_release(&r);
}

static void test_ports(void **state)
{
	(void)state;
	came_through("hostile ports >/dev/null && hostile strings");
}

static void test_addresses_where_nothing_is(void **state)
{
	(void)state;
	came_through("hostile dark");
}

static void test_a_flood_of_the_console(void **state)
{
	(void)state;
	came_through("hostile serial");
}

/* The console's registers are among those that are scribbled on, so the result may never come. */
static void test_registers_of_live_devices(void **state)
{
	(void)state;
	for (int seed = 1; seed <= 2; seed++) {
		cleanup_free char *command = xasprintf("hostile mmio %d", seed);
		struct vm_run r;

		attack(&r, command, "40s");
		assert_true(r.status == 0 || r.status == 124 || r.status == 125 || r.status == 255);
		assert_true(r.status == 0 || r.errs.len > 0);
		vm_run_release(&r);
	}
}

/* A guest that never ends, whatever it is told inside. */
static void test_a_guest_that_never_ends(void **state)
{
	struct vm_run r;

	(void)state;
	attack(&r, "echo 0 >/proc/sys/kernel/sysrq; trap '' TERM INT HUP QUIT; while :; do :; done",
		"25s");
	vm_check(&r, 124, "exec-timeout", NULL);
	vm_run_release(&r);
}

/* Frames that our init would never send, from a process that has taken its port: the end, with a
 * reason. */
static void test_wrong_frames(void **state)
{
	struct vm_run r;

	(void)state;
	attack(&r, "hostile frames", PATIENCE_OPTION);
	printf("# %s", str_get(&r.errs));
	assert_int_equal(r.status, 125);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_addresses_where_nothing_is),
		cmocka_unit_test(test_a_flood_of_the_console),
		cmocka_unit_test(test_registers_of_live_devices),
		cmocka_unit_test(test_a_guest_that_never_ends),
		cmocka_unit_test(test_wrong_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
