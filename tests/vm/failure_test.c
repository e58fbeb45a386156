/* Guests that end otherwise than asked: what is said, the exit code, and that nothing is left. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/spawn.h"
#include "tests/lib/vm.h"

static void test_timeout(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "sleep 999", "--exec-timeout", "3s", NULL);
	vm_check(&r, 124, "exec-timeout", "force-killed", NULL);
	/* a nested host needs seconds for what another does in one */
	assert_in_range(r.ns, 3 * NS_PER_SEC, (vm_emulated() ? 6 : 60) * NS_PER_SEC);
	vm_run_release(&r);
}

static void test_panic(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "echo c >/proc/sysrq-trigger", NULL);
	vm_check(&r, 255, "MSG_TYPE_EXEC_EXIT", "Kernel panic - not syncing: sysrq triggered crash",
		NULL);
	vm_run_release(&r);
}

/* Its kernel would stand still for ever. */
static void test_a_panic_that_stays(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "echo c >/proc/sysrq-trigger", "--append", "panic=0", NULL);
	vm_check(&r, 255, "MSG_TYPE_EXEC_EXIT", "Kernel panic - not syncing: sysrq triggered crash",
		NULL);
	vm_run_release(&r);
}

static void test_no_init(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "true", "--append", "rdinit=/nonexistent", NULL);
	vm_check(&r, 254, "never reached its init", "kernel started", "Kernel panic",
		"last lines of the guest's console", NULL);
	vm_run_release(&r);
}

static void test_a_lost_result(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "echo before; reboot -f; sleep 100", NULL);
	vm_check(&r, 125, "MSG_TYPE_EXEC_EXIT", "rebooted", NULL);
	assert_string_equal(r.out.s, "before\n");
	vm_run_release(&r);
}

/* Without a module tree the kernel has no ports: everything goes over the serial port. */
static void test_serial_port_serves(void **state)
{
	static char in[50000];
	cleanup_strv struct strv argv = STRV_INIT;
	struct vm_run r;
	char *dir;

	(void)state;
	vm_guest_options();
	dir = vm_no_modules();
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(i * 31 >> 3);
	vm_command(&argv, "--modules", dir, "--exec", "cat; echo apart >&2; exit 9", NULL);
	vm_run(&r, &argv, in, sizeof(in));
	vm_no_modules_release(dir);
	vm_check(&r, 9, "serial port", "apart\n", NULL);
	assert_int_equal(r.out.len, sizeof(in));
	assert_memory_equal(r.out.s, in, sizeof(in));
	vm_run_release(&r);
}

/* A running guest all of whose processes can be told from others. */
static void start_marked(struct vm_running *r, char *mark, size_t size)
{
	vm_guest_options();
	snprintf(mark, size, "failure-%d", (int)getpid());
	setenv("KTSTR_TEST_MARK", mark, 1);
	vm_start_exec(r, "echo ready; sleep 1000", -1);
	unsetenv("KTSTR_TEST_MARK");
	assert_true(vm_processes_left(mark));
}

static void test_a_killed_client_leaves_nothing(void **state)
{
	struct vm_running r;
	char mark[32];

	(void)state;
	start_marked(&r, mark, sizeof(mark));
	kill(r.pid, SIGKILL);
	assert_int_equal(vm_finish(&r), 137);
	assert_true(vm_wait_processes(mark, 20));
	vm_running_release(&r);
}

static void test_a_killed_monitor_is_told(void **state)
{
	struct vm_running r;
	char mark[32];

	(void)state;
	start_marked(&r, mark, sizeof(mark));
	kill(vm_child_of(r.pid), SIGKILL);
	assert_int_equal(vm_finish(&r), 137);
	assert_non_null(strstr(r.said.s, "killed by signal 9"));
	assert_true(vm_wait_processes(mark, 20));
	vm_running_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_a_panic_that_stays),
		cmocka_unit_test(test_no_init),
		cmocka_unit_test(test_a_lost_result),
		cmocka_unit_test(test_serial_port_serves),
		cmocka_unit_test(test_a_killed_client_leaves_nothing),
		cmocka_unit_test(test_a_killed_monitor_is_told),
	};
	/* conformance_test has the others for both engines */
	const struct CMUnitTest nested[] = {
		cmocka_unit_test(test_a_panic_that_stays),
		cmocka_unit_test(test_no_init),
		cmocka_unit_test(test_a_killed_client_leaves_nothing),
		cmocka_unit_test(test_a_killed_monitor_is_told),
	};

	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
