/* Guests that end otherwise than asked: what is said, the exit code, and that nothing is left. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
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
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/patience.h"
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
	assert_int_equal(vm_finish(&r), 125); /* not that of a command that was killed */
	assert_non_null(strstr(r.said.s, "killed by signal 9"));
	assert_true(vm_wait_processes(mark, 20));
	vm_running_release(&r);
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	assert_non_null(d);
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

/* Whether the process has a file of this folder open that is in no folder any more. */
static bool has_unlinked_in(pid_t pid, const char *dir)
{
	cleanup_free char *fds = xasprintf("/proc/%d/fd", (int)pid);
	DIR *d = opendir(fds);
	const struct dirent *e;
	bool found = false;

	assert_non_null(d);
	while (!found && (e = readdir(d))) {
		cleanup_free char *link = file_join(fds, e->d_name);
		char to[PATH_MAX] = "";

		found = readlink(link, to, sizeof(to) - 1) > 0 && str_starts(to, dir) &&
			str_ends(to, " (deleted)");
	}
	closedir(d);
	return found;
}

/* The disk's file lies in TMPDIR without a name, so that nobody has to remove it. */
static void disk_ends(const char *command, int signo, int status)
{
	cleanup_strv struct strv argv = STRV_INIT;
	char dir[] = "/tmp/ktstr-disk-test-XXXXXX";
	struct vm_running r;
	int in[2];

	vm_command(&argv, "--disk", "16mib", "--exec", command, NULL);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	setenv("TMPDIR", dir, 1);
	vm_start_argv(&r, &argv, in[0], PATIENCE_S);
	unsetenv("TMPDIR");
	assert_true(has_unlinked_in(vm_child_of(vm_child_of(r.pid)), dir));
	assert_true(is_empty(dir));
	close(in[0]);
	close(in[1]); /* the end of its input */
	if (signo)
		kill(r.pid, signo);
	assert_int_equal(vm_finish(&r), status);
	assert_true(is_empty(dir));
	assert_int_equal(rmdir(dir), 0);
	vm_running_release(&r);
}

static void test_a_disk_leaves_no_file(void **state)
{
	(void)state;
	vm_guest_options();
	disk_ends("echo ready; cat; head -c 8m /dev/zero >/dev/vda && sync", 0, 0);
}

static void test_a_killed_disk_leaves_no_file(void **state)
{
	(void)state;
	vm_guest_options();
	disk_ends("echo ready; sleep 1000", SIGKILL, 128 + SIGKILL);
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
		cmocka_unit_test(test_a_disk_leaves_no_file),
		cmocka_unit_test(test_a_killed_disk_leaves_no_file),
	};
	/* conformance_test has the others for both engines */
	const struct CMUnitTest nested[] = {
		cmocka_unit_test(test_a_panic_that_stays),
		cmocka_unit_test(test_no_init),
		cmocka_unit_test(test_a_killed_client_leaves_nothing),
		cmocka_unit_test(test_a_killed_monitor_is_told),
		cmocka_unit_test(test_a_disk_leaves_no_file),
		cmocka_unit_test(test_a_killed_disk_leaves_no_file),
	};

	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
