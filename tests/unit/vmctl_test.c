/*
 * The client against a child that is this program itself: started as `__vm` it plays the script
 * that the configuration's --exec names.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "vmm/config.h"
#include "vmm/ctlwire.h"

enum { CONTROL = 3, CONSOLE = 4 };

static void say(struct ctl_message m)
{
	struct pollfd p = {CONTROL, POLLOUT, 0};

	if (m.data && !m.size)
		m.size = strlen(m.data);
	while (ctl_send(CONTROL, &m) == -EAGAIN)
		poll(&p, 1, -1);
}

/* Waits for the next message of the client; false at the end. */
static bool hear(unsigned char *buf, struct ctl_message *m)
{
	struct pollfd p = {CONTROL, POLLIN, 0};

	poll(&p, 1, -1);
	return ctl_receive(CONTROL, CTL_FROM_CLIENT, buf, m) == 1;
}

static void play_descriptors(void)
{
	struct dirent *d;
	DIR *dir = opendir("/proc/self/fd");
	char line[512] = "";

	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && atoi(d->d_name) != dirfd(dir))
			snprintf(line + strlen(line), sizeof(line) - strlen(line), "%.8s ",
				d->d_name);
	say((struct ctl_message){.type = CTL_NOTE, .data = line});
	say((struct ctl_message){.type = CTL_EXIT});
	closedir(dir);
}

/* Repeats what it is told until it is killed. */
static void play_echo(void)
{
	unsigned char buf[CTL_MESSAGE_MAX];
	struct ctl_message m;
	char line[100];

	say((struct ctl_message){.type = CTL_CREDIT, .a = 5});
	while (hear(buf, &m) && m.type != CTL_KILL) {
		if (m.type == CTL_STDIN && m.size)
			say((struct ctl_message){
				.type = CTL_STDOUT, .data = m.data, .size = m.size});
		snprintf(line, sizeof(line), "%d %d %d %zu", (int)m.type, (int)m.a, (int)m.b,
			m.size);
		say((struct ctl_message){.type = CTL_NOTE, .data = line});
	}
	say((struct ctl_message){.type = CTL_EXIT, .a = 137, .data = "killed\x1b[2J"});
}

static void play_events(void)
{
	say((struct ctl_message){.type = CTL_STAGE, .a = VM_STAGE_KERNEL, .b = 5});
	say((struct ctl_message){.type = CTL_STAGE, .a = VM_STAGE_KERNEL, .b = 6});
	say((struct ctl_message){.type = CTL_PROGRESS, .a = 1, .b = 2, .data = "fetching"});
	say((struct ctl_message){.type = CTL_NOTE, .data = "bad \x1b]0;title\x07 text"});
	say((struct ctl_message){.type = CTL_STDOUT, .data = "a\0b", .size = 3});
	say((struct ctl_message){.type = CTL_STDERR, .data = "\x1b[1m", .size = 4});
	say((struct ctl_message){.type = CTL_INFO, .data = "{\"vcpus\":4}"});
	say((struct ctl_message){.type = CTL_EXIT, .a = 7});
}

/* Until the end of the control socket, then says so on the console, which outlives it here. */
static void play_wait(void)
{
	unsigned char buf[CTL_MESSAGE_MAX];
	struct ctl_message m;

	say((struct ctl_message){.type = CTL_STAGE, .a = VM_STAGE_PROMPT});
	while (hear(buf, &m))
		;
}

/* "die", or "die N": in that stage. */
static void play_death(const char *stage)
{
	if (*stage)
		say((struct ctl_message){.type = CTL_STAGE, .a = (uint64_t)atoi(stage)});
	raise(SIGKILL);
}

static int play(void)
{
	cleanup_str struct str bytes = STR_INIT;
	struct vm_setup s;
	const char *what;

	if (file_read_fd(0, VM_CONFIG_BYTES_MAX, &bytes) ||
		vm_config_decode(bytes.s, bytes.len, &s, NULL))
		return 9;
	what = s.c.exec;
	if (!strcmp(what, "fds"))
		play_descriptors();
	else if (!strcmp(what, "echo"))
		play_echo();
	else if (!strcmp(what, "events"))
		play_events();
	else if (!strcmp(what, "wait"))
		play_wait();
	else if (str_starts(what, "die"))
		play_death(what + 3);
	else if (!strcmp(what, "nonsense"))
		(void)!send(CONTROL, "nonsense", 8, 0);
	else if (!strcmp(what, "console"))
		(void)!write(CONSOLE, "\0\xff\x1b", 3);
	vm_setup_release(&s);
	return 0;
}

static struct vm *start(const char *script)
{
	struct vm_config c = {.topology = vm_topology_uniform(1, 1, 1, 1), .exec = script};
	struct err e = ERR_INIT;
	struct vm *vm = vm_start(&c, &e);

	if (!vm)
		fail_msg("%s", e.msg);
	return vm;
}

/* The next event, waited for. */
static int next(struct vm *vm, struct vm_event *ev)
{
	struct pollfd p = {vm_control_fd(vm), POLLIN, 0};
	int rc;

	while ((rc = vm_next_event(vm, ev)) == 0)
		poll(&p, 1, -1);
	return rc;
}

static unsigned open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_child_has_its_descriptors_only(void **state)
{
	unsigned before = open_descriptors();
	struct vm *vm = start("fds");
	struct vm_event ev;

	(void)state;
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_NOTE);
	assert_string_equal(ev.text, "0 1 2 3 4 ");
	vm_free(vm);
	assert_int_equal(open_descriptors(), before);
}

static void test_events_arrive_in_order_and_clean(void **state)
{
	struct vm *vm = start("events");
	struct vm_event ev;

	(void)state;
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_STAGE);
	assert_int_equal(ev.stage, VM_STAGE_KERNEL);
	assert_int_equal(ev.at_ns, 5);
	assert_int_equal(next(vm, &ev), 1); /* the stage that does not grow is left out */
	assert_int_equal(ev.kind, VM_EVENT_PROGRESS);
	assert_int_equal(ev.done, 1);
	assert_int_equal(ev.total, 2);
	assert_string_equal(ev.text, "fetching");
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_NOTE);
	assert_null(strchr(ev.text, 0x1b));
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_STDOUT);
	assert_int_equal(ev.size, 3);
	assert_memory_equal(ev.text, "a\0b", 4);
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_STDERR);
	assert_string_equal(ev.text, "\x1b[1m");
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_INFO);
	assert_string_equal(ev.text, "{\"vcpus\":4}");
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_EXIT);
	assert_int_equal(ev.status, 7);
	assert_string_equal(ev.text, "");
	assert_int_equal(next(vm, &ev), -EPIPE);
	assert_int_equal(vm_stdin(vm, "x", 1), -EPIPE);
	vm_free(vm);
}

static void expect_note(struct vm *vm, const char *text)
{
	struct vm_event ev;

	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_NOTE);
	assert_string_equal(ev.text, text);
}

static void test_input_waits_for_credit(void **state)
{
	struct vm *vm = start("echo");
	struct pollfd p = {vm_control_fd(vm), POLLIN, 0};
	struct vm_event ev;
	ssize_t n;

	(void)state;
	assert_int_equal(vm_stdin(vm, "abcdefgh", 8), -EAGAIN);
	while ((n = vm_stdin(vm, "abcdefgh", 8)) == -EAGAIN) {
		poll(&p, 1, -1);
		assert_int_equal(vm_next_event(vm, &ev), 0);
	}
	assert_int_equal(n, 5);
	assert_int_equal(vm_stdin(vm, "fgh", 3), -EAGAIN);
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_STDOUT);
	assert_string_equal(ev.text, "abcde");
	expect_note(vm, "64 0 0 5");
	assert_int_equal(vm_stdin_end(vm), 0);
	assert_int_equal(vm_stdin_end(vm), 0); /* said once */
	expect_note(vm, "64 0 0 0");
	assert_int_equal(vm_resize(vm, 50, 132), 0);
	expect_note(vm, "65 50 132 0");
	assert_int_equal(vm_resize(vm, 0, 132), -EINVAL);
	assert_int_equal(vm_signal(vm, SIGTERM), 0);
	expect_note(vm, "66 15 0 0");
	assert_int_equal(vm_kill(vm), 0);
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.kind, VM_EVENT_EXIT);
	assert_int_equal(ev.status, 137);
	assert_null(strchr(ev.text, 0x1b));
	vm_free(vm);
}

static void test_death_is_an_event(void **state)
{
	static const struct {
		const char *script, *text;
		int status;
	} cases[] = {
		{"die", "killed by signal 9", 1},
		{"die 2", "killed by signal 9", 1},
		{"die 3", "never reached its init (stage: booting", 254},
		{"die 4", "killed by signal 9", 254},
		{"die 5", "result is lost: the VM's process was killed by signal 9", 125},
		{"die 6", "no MSG_TYPE_EXEC_EXIT frame came", 125},
		{"nothing", "without a word", 1},
		{"nonsense", "broke the control protocol", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vm *vm = start(cases[i].script);
		struct vm_event ev;

		do
			assert_int_equal(next(vm, &ev), 1);
		while (ev.kind == VM_EVENT_STAGE);
		assert_int_equal(ev.kind, VM_EVENT_EXIT);
		assert_int_equal(ev.status, cases[i].status);
		assert_non_null(strstr(ev.text, cases[i].text));
		assert_int_equal(vm_pid(vm), 0);
		assert_int_equal(next(vm, &ev), -EPIPE);
		vm_free(vm);
	}
}

static void test_free_ends_the_child(void **state)
{
	struct vm *vm = start("wait");
	struct vm_event ev;
	pid_t pid = vm_pid(vm);

	(void)state;
	assert_int_equal(next(vm, &ev), 1);
	assert_int_equal(ev.stage, VM_STAGE_PROMPT);
	vm_free(vm);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void test_console_is_bytes_then_the_end(void **state)
{
	struct vm *vm = start("console");
	struct pollfd p = {vm_console_fd(vm), POLLIN, 0};
	char buf[8];

	(void)state;
	poll(&p, 1, -1);
	assert_int_equal(read(p.fd, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "\0\xff\x1b", 3);
	poll(&p, 1, -1);
	assert_int_equal(read(p.fd, buf, sizeof(buf)), 0);
	vm_free(vm);
}

static void test_a_missing_program_is_a_sentence(void **state)
{
	struct vm_config c = {
		.topology = vm_topology_uniform(1, 1, 1, 1), .program = "/nonexistent/ktstr"};
	unsigned before = open_descriptors();
	struct err e = ERR_INIT;

	(void)state;
	assert_null(vm_start(&c, &e));
	assert_non_null(strstr(e.msg, "/nonexistent/ktstr"));
	assert_int_equal(open_descriptors(), before);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child_has_its_descriptors_only),
		cmocka_unit_test(test_events_arrive_in_order_and_clean),
		cmocka_unit_test(test_input_waits_for_credit),
		cmocka_unit_test(test_death_is_an_event),
		cmocka_unit_test(test_free_ends_the_child),
		cmocka_unit_test(test_console_is_bytes_then_the_end),
		cmocka_unit_test(test_a_missing_program_is_a_sentence),
	};

	if (argc > 1 && !strcmp(argv[1], "__vm"))
		return play();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
