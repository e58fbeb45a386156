/*
 * Guests that mean harm, on our own monitor: it ends by itself, says something, is killed by no
 * signal, stays small and lets its host stay so, prints no control bytes, and leaves no process
 * behind.
 */
#include <fcntl.h>
#include <poll.h>
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

#include "src/base/file.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

#define HOSTILE "/include-files/nested/guest/hostile"

enum { SLACK_KB = 16 * 1024, LOOK_MS = 100 };

/* The guest's process and its engine. */
enum { HOST, MONITOR, PROCESSES };
struct sizes {
	pid_t pid[PROCESSES];
	uint64_t before[PROCESSES], most[PROCESSES]; /* KiB */
};

/* The most memory that a process had, in KiB; 0 = it is gone. */
static uint64_t peak(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);
	cleanup_str struct str text = STR_INIT;
	const char *line;

	if (file_read(path, 65536, &text, NULL))
		return 0;
	line = strstr(str_get(&text), "VmHWM:");
	return line ? strtoull(line + strlen("VmHWM:"), NULL, 10) : 0;
}

static void look(struct sizes *s)
{
	for (int i = 0; i < PROCESSES; i++) {
		uint64_t now = peak(s->pid[i]);

		s->most[i] = now ? now : s->most[i];
	}
}

static void begin(struct sizes *s, pid_t client)
{
	*s = (struct sizes){.pid[HOST] = vm_child_of(client)};
	s->pid[MONITOR] = vm_child_of(s->pid[HOST]);
	look(s);
	memcpy(s->before, s->most, sizeof(s->before));
}

static void take(int *fd, struct str *into)
{
	char buf[65536];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n > 0) {
		str_append(into, buf, (size_t)n);
	} else {
		close(*fd);
		*fd = -1;
	}
}

/* Up to its end; a guest whose attack is over is looked at before it may go. */
static void watch(struct vm_running *r, struct sizes *s, int in)
{
	bool over = false;

	while (r->out >= 0 || r->errs >= 0) {
		struct pollfd p[] = {{r->out, POLLIN, 0}, {r->errs, POLLIN, 0}};

		poll(p, 2, LOOK_MS);
		look(s);
		if (p[0].revents)
			take(&r->out, &r->seen);
		if (p[1].revents)
			take(&r->errs, &r->said);
		if (!over && strstr(str_get(&r->seen), "over\n")) {
			over = true;
			assert_int_equal(write(in, "\n", 1), 1);
		}
	}
}

static void run(struct vm_run *r, struct sizes *s, const char *command, const char *limit)
{
	cleanup_free char *script = xasprintf("echo ready; read -r go; (%s); status=$?; echo over; "
					      "read -r go; exit $status",
		command);
	cleanup_strv struct strv argv = STRV_INIT;
	struct vm_running running;
	int in[2];

	vm_command(&argv, "--exec", script, "-i", HOSTILE, "--disk", "16mib", "--append",
		"iomem=relaxed", "--exec-timeout", limit, NULL);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	vm_start_argv(&running, &argv, in[0], PATIENCE_S);
	begin(s, running.pid);
	assert_int_equal(write(in[1], "\n", 1), 1);
	watch(&running, s, in[1]);
	close(in[0]);
	close(in[1]);
	*r = (struct vm_run){
		.status = vm_finish(&running), .out = running.seen, .errs = running.said};
}

static void attack(struct vm_run *r, const char *command, const char *limit)
{
	struct sizes s;
	char mark[32];

	snprintf(mark, sizeof(mark), "hostile-%d", (int)getpid());
	setenv("KTSTR_TEST_MARK", mark, 1);
	run(r, &s, command, limit);
	unsetenv("KTSTR_TEST_MARK");
	printf("# %s: status %d\n", command, r->status);
	assert_null(strstr(str_get(&r->errs), "killed by signal"));
	assert_null(strstr(str_get(&r->errs), "ended with signal"));
	vm_check_shown(&r->errs, "\n");
	for (int i = 0; i < PROCESSES; i++) {
		printf("# %s: %llu KiB, and then %llu\n", i == HOST ? "its host" : "its monitor",
			(unsigned long long)s.before[i], (unsigned long long)s.most[i]);
		assert_in_range(s.most[i], s.before[i], s.before[i] + SLACK_KB);
	}
	assert_true(vm_wait_processes(mark, 10));
}

/* Devices that nobody needs to talk to the guest: it lives on. */
static void came_through(const char *command)
{
	struct vm_run r;

	attack(&r, command, PATIENCE_OPTION);
	vm_check(&r, 0, NULL);
	assert_string_equal(str_get(&r.out), "ready\ncame through\nover\n");
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
