/* `ktstr shell --exec`: streams, status, signals, as `ssh HOST CMD` would. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

enum { MB = 1000 * 1000, SLACK_KB = 16 * 1024 };

/* Until a process has stopped moving bytes. */
static void settle(pid_t pid)
{
	uint64_t now = vm_process_figure(pid, "io", "rchar:"), then;

	do {
		then = now;
		poll(NULL, 0, 300);
		now = vm_process_figure(pid, "io", "rchar:");
	} while (now != then);
}

/* Every byte value, both ways, with the end of stdin; stderr apart; the status of the command. */
static void test_bytes_and_status(void **state)
{
	cleanup_strv struct strv argv = STRV_INIT;
	unsigned char *in = malloc(MB);
	struct vm_run r;
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < MB; i++) {
		x = x * 1664525u + 1013904223u;
		in[i] = i < 256 ? (unsigned char)i : (unsigned char)(x >> 24);
	}
	vm_command(&argv, "--env", "GREETING=a  b\n\"c\"", "--exec",
		"cat; printf '%s' \"$GREETING\" >&2; exit 7", NULL);
	vm_run(&r, &argv, in, MB);
	vm_check(&r, 7, NULL);
	assert_int_equal(r.out.len, MB);
	assert_memory_equal(r.out.s, in, MB);
	assert_true(str_ends(r.errs.s, "a  b\n\"c\""));
	/* what is ours is marked, and says what the timing of this guest is worth */
	if (vm_emulated())
		assert_int_equal(strncmp(r.errs.s, "ktstr: ", 7), 0);
	assert_true(!strstr(r.errs.s, "not for timing") == !vm_emulated());
	vm_run_release(&r);
	free(in);
}

static void test_death_by_signal(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "echo out; echo err >&2; kill -9 $$", NULL);
	vm_check(&r, 137, NULL);
	assert_string_equal(r.out.s, "out\n");
	assert_true(str_ends(r.errs.s, "err\n"));
	vm_run_release(&r);
}

static void test_signals_reach_the_command(void **state)
{
	struct vm_running r;

	(void)state;
	vm_start_exec(
		&r, "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.1; done", -1);
	kill(r.pid, SIGTERM);
	assert_true(pty_expect_fd(r.out, &r.seen, "caught\n", PATIENCE_S));
	assert_int_equal(vm_finish(&r), 5);
	vm_running_release(&r);
}

/* And what our caller ignores (nohup) does not end us. */
static void test_a_second_signal_is_final(void **state)
{
	cleanup_strv struct strv argv = STRV_INIT, guest = STRV_INIT;
	struct vm_running r;

	(void)state;
	strv_push(&argv, "/bin/sh");
	strv_push(&argv, "-c");
	strv_push(&argv, "trap '' HUP; exec \"$@\"");
	strv_push(&argv, "sh");
	vm_command(&guest, "--exec",
		"trap 'echo ignored' INT; echo ready; while :; do sleep 0.1; done", NULL);
	strv_copy(&argv, &guest);
	vm_start_argv(&r, &argv, -1, PATIENCE_S);
	kill(r.pid, SIGHUP);
	kill(r.pid, SIGHUP);
	kill(r.pid, SIGINT);
	assert_true(pty_expect_fd(r.out, &r.seen, "ignored\n", PATIENCE_S));
	kill(r.pid, SIGINT);
	assert_int_equal(vm_finish(&r), 130);
	vm_running_release(&r);
}

/* Endless input for a command that does not read: nobody's memory grows, and signals get through.
 */
static void test_input_that_nobody_reads(void **state)
{
	int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct vm_running r;
	uint64_t before;

	(void)state;
	vm_start_exec(&r,
		"trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.1; done", zeros);
	before = vm_process_figure(vm_child_of(r.pid), "status", "VmHWM:");
	settle(vm_child_of(r.pid));
	assert_true(vm_process_figure(vm_child_of(r.pid), "status", "VmHWM:") < before + SLACK_KB);
	kill(r.pid, SIGTERM);
	assert_true(pty_expect_fd(r.out, &r.seen, "caught\n", PATIENCE_S));
	assert_int_equal(vm_finish(&r), 3);
	vm_running_release(&r);
	close(zeros);
}

/* A reader that stopped stops the guest; afterwards not a byte is missing. */
static void test_output_that_nobody_reads(void **state)
{
	unsigned mib = vm_emulated() ? 100 : 20; /* a nested host takes longer for each */
	cleanup_free char *command =
		xasprintf("echo ready; dd if=/dev/zero bs=1M count=%u 2>/dev/null", mib);
	struct vm_running r;
	uint64_t before;
	pid_t vm;

	(void)state;
	vm_start_exec(&r, command, -1);
	vm = vm_child_of(r.pid);
	before = vm_process_figure(vm, "status", "VmHWM:");
	kill(r.pid, SIGSTOP);
	settle(vm);
	assert_true(vm_process_figure(vm, "status", "VmHWM:") < before + SLACK_KB);
	kill(r.pid, SIGCONT);
	settle(r.pid); /* now it is our pipe that is full */
	assert_true(vm_process_figure(r.pid, "status", "VmHWM:") < before + SLACK_KB);
	assert_int_equal(vm_finish(&r), 0);
	assert_int_equal(r.seen.len, (size_t)mib * 1024 * 1024 + strlen("ready\n"));
	vm_running_release(&r);
}

/* `ktstr shell --exec ... | head -1` ends as quietly as any program there. */
static void test_a_closed_pipe_ends_it_quietly(void **state)
{
	struct vm_running r;

	(void)state;
	vm_start_exec(&r, "echo ready; yes", -1);
	close(r.out);
	r.out = -1;
	assert_int_equal(vm_finish(&r), 128 + SIGPIPE);
	assert_null(strstr(r.said.s, "ipe"));
	vm_running_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_status),
		cmocka_unit_test(test_death_by_signal),
		cmocka_unit_test(test_signals_reach_the_command),
		cmocka_unit_test(test_a_second_signal_is_final),
		cmocka_unit_test(test_input_that_nobody_reads),
		cmocka_unit_test(test_output_that_nobody_reads),
		cmocka_unit_test(test_a_closed_pipe_ends_it_quietly),
	};
	/* conformance_test has the others for both engines */
	const struct CMUnitTest nested[] = {
		cmocka_unit_test(test_a_second_signal_is_final),
		cmocka_unit_test(test_input_that_nobody_reads),
		cmocka_unit_test(test_output_that_nobody_reads),
		cmocka_unit_test(test_a_closed_pipe_ends_it_quietly),
	};

	cmocka_set_test_filter(getenv("ONLY_TEST"));
	if (!vm_emulated())
		return cmocka_run_group_tests(nested, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
