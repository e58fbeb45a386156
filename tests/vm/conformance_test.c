/*
 * What a guest is whichever engine runs it: the ordinary suite boots these guests under QEMU, the
 * nested host (make test-kvm) on our own monitor, and both have to pass the same lines.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/json_in.h"
#include "tests/lib/vm.h"

enum { DISK_BYTES = 2000 * 1000, LOG_LINES = 400 };

static bool is_kvm(void)
{
	return strv_has(vm_guest_options(), "kvm");
}

/* The last line of stderr is the report of --timings. */
static void check_engine(const struct vm_run *r)
{
	const char *end = r->errs.s + r->errs.len - 1, *line = end;
	const char *want = is_kvm() ? "kvm" : "qemu", *got;
	struct json *j;

	while (line > r->errs.s && line[-1] != '\n')
		line--;
	j = json_parse(line, (size_t)(end - line), NULL);
	got = j ? json_get_text(j, "engine", "none") : "none";
	if (strcmp(got, want) != 0)
		fail_msg("not the engine %s: %s", want, line);
	json_free(j);
}

/* Bytes of every value go to the disk, are dropped from memory, and come back on stdout, while
 * stderr stays apart; the ports are where init found them. */
static void test_streams_disk_and_ports(void **state)
{
	cleanup_strv struct strv argv = STRV_INIT;
	unsigned char *in = malloc(DISK_BYTES);
	struct vm_run r;
	uint32_t x = 7;

	(void)state;
	assert_non_null(in);
	for (size_t i = 0; i < DISK_BYTES; i++) {
		x = x * 1664525u + 1013904223u;
		in[i] = (unsigned char)(x >> 24);
	}
	vm_command(&argv, "--disk", "16mib", "--timings", "--json", "--exec",
		"cat >/dev/vda && sync && echo 3 >/proc/sys/vm/drop_caches; "
		"head -c 2000000 /dev/vda; "
		"for p in /sys/class/virtio-ports/*; do echo \"port ${p##*p}: $(cat $p/name)\"; "
		"done >&2; echo \"disk $(cat /sys/block/vda/size /sys/block/vda/serial)\" >&2; "
		"tail -c 512 /dev/vda | tr -d '\\0' | wc -c >&2; exit 41",
		NULL);
	vm_run(&r, &argv, in, DISK_BYTES);
	vm_check(&r, 41, "port 1: ktstr-bulk\nport 2: ktstr-console\n",
		"disk 32768\nktstr-virtio-blk\n0\n", NULL);
	assert_int_equal(r.out.len, DISK_BYTES);
	assert_memory_equal(r.out.s, in, DISK_BYTES);
	check_engine(&r);
	vm_run_release(&r);
	free(in);
}

/* How a guest ends, and what is said of it. */
static void test_ends(void **state)
{
	static const struct {
		const char *command, *append;
		int status;
		const char *says;
	} ends[] = {
		{"kill -9 $$", "", 137, ""},
		{"poweroff -f; sleep 100", "", 125, "MSG_TYPE_EXEC_EXIT"},
		{"reboot -f; sleep 100", "", 125, "rebooted"},
		{"reboot -f; sleep 100", "reboot=t", 125, "MSG_TYPE_EXEC_EXIT"}, /* triple fault */
		{"echo c >/proc/sysrq-trigger", "", 255, "sysrq triggered crash"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct vm_run r;

		vm_exec(&r, ends[i].command, "--append", ends[i].append, NULL);
		vm_check(&r, ends[i].status, ends[i].says, NULL);
		assert_null(strstr(r.errs.s, "killed by signal"));
		vm_run_release(&r);
	}
}

/* A command that is told to end, and one that is not waited for. */
static void test_signal_and_timeout(void **state)
{
	struct vm_running run;
	struct vm_run r;

	(void)state;
	vm_guest_options();
	vm_start_exec(&run, "trap 'exit 33' TERM; echo ready; while :; do sleep 1; done", -1);
	assert_int_equal(kill(run.pid, SIGTERM), 0);
	assert_int_equal(vm_finish(&run), 33);
	vm_running_release(&run);
	vm_exec(&r, "sleep 1000", "--exec-timeout", "6s", NULL);
	vm_check(&r, 124, "exec-timeout", "force-killed", NULL);
	vm_run_release(&r);
}

/* Of the kernel's log nothing is lost on its way, and nothing changes places. */
/* It starts on a machine that it has nothing to say against. */
static void test_the_kernel_does_not_warn(void **state)
{
	struct vm_run r;

	(void)state;
	vm_exec(&r, "dmesg | grep -A3 -e WARNING: -e BUG -e 'Firmware Bug'; true", NULL);
	vm_check(&r, 0, NULL);
	assert_string_equal(r.out.s, "");
	vm_run_release(&r);
}

static void test_the_kernel_log_is_whole(void **state)
{
	char line[32];
	const char *at;
	struct vm_run r;

	(void)state;
	vm_exec(&r,
		"i=1; while [ $i -le 400 ]; do echo \"<4>conformance line $i.\" >/dev/kmsg; "
		"i=$((i+1)); done",
		"--dmesg", "--append", "printk.devkmsg=on", NULL);
	vm_check(&r, 0, NULL);
	at = r.errs.s;
	for (unsigned i = 1; i <= LOG_LINES; i++) {
		snprintf(line, sizeof(line), "conformance line %u.", i);
		at = strstr(at, line);
		if (!at)
			fail_msg("'%s' is missing or out of its place", line);
	}
	vm_run_release(&r);
}

static void test_a_terminal_and_its_size(void **state)
{
	struct pty p;

	(void)state;
	vm_session(&p, 24, 80, NULL);
	pty_type(&p, "stty size\n");
	assert_true(pty_expect(&p, "24 80"));
	pty_resize(&p, 43, 111);
	pty_type(&p, "until stty size | grep 43; do :; done\n");
	assert_true(pty_expect(&p, "43 111"));
	pty_type(&p, "seq 5000 | md5sum\n");
	assert_true(pty_expect(&p, "a5a208cd26b07cadade3450fe14d1d93"));
	pty_type(&p, "sh -c 'echo go-$((40+2)); exec sleep 1000'\n");
	assert_true(pty_expect(&p, "go-42"));
	pty_type(&p, "\003");
	assert_true(pty_expect(&p, "# "));
	pty_type(&p, "exit\n");
	assert_int_equal(pty_wait(&p), 0);
	pty_close(&p);
}

/* No drivers for ports: frames over COM2, both ways. */
static void test_a_guest_without_virtio(void **state)
{
	static char in[20000];
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
	vm_check(&r, 9, "apart\n", NULL);
	assert_int_equal(r.out.len, sizeof(in));
	assert_memory_equal(r.out.s, in, sizeof(in));
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_disk_and_ports),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_signal_and_timeout),
		cmocka_unit_test(test_the_kernel_does_not_warn),
		cmocka_unit_test(test_the_kernel_log_is_whole),
		cmocka_unit_test(test_a_terminal_and_its_size),
		cmocka_unit_test(test_a_guest_without_virtio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
