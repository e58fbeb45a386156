/* What a client may do to a running machine, on either engine: pause, resume, NMI, SysRq, reset. */
#include <errno.h>
#include <poll.h>
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
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"
#include "vmm/vmctl.h"

/* A guest as a client of vmctl has it, with all that it has said. */
struct client {
	struct vm *vm;
	struct str out, dmesg, notes, report, reason;
	int power; /* of the last event, -1 = none yet */
	bool ended;
	int status;
};

static enum vm_accel accel_of(const char *word)
{
	return !strcmp(word, "kvm") ? VM_ACCEL_KVM : VM_ACCEL_TCG;
}

static void begin(struct client *c, const char *command, bool dmesg)
{
	const struct strv *o = vm_guest_options();
	struct vm_config config = {
		.kernel = o->v[1],
		.modules = o->v[3],
		.accel = accel_of(o->v[5]),
		.exec = command,
		.exec_timeout_ns = PATIENCE_S * NS_PER_SEC,
		.dmesg = dmesg,
		.program = vm_program(),
	};
	struct err e = ERR_INIT;

	*c = (struct client){.power = -1};
	assert_int_equal(vm_topology_parse("1,1,2,1", &config.topology, NULL), 0);
	c->vm = vm_start(&config, &e);
	if (!c->vm)
		fail_msg("%s", e.msg);
}

static void end(struct client *c)
{
	vm_free(c->vm);
	str_release(&c->out);
	str_release(&c->dmesg);
	str_release(&c->notes);
	str_release(&c->report);
	str_release(&c->reason);
}

static void take(struct client *c, const struct vm_event *ev)
{
	if (ev->kind == VM_EVENT_STDOUT)
		str_append(&c->out, ev->text, ev->size);
	else if (ev->kind == VM_EVENT_DMESG)
		str_append(&c->dmesg, ev->text, ev->size);
	else if (ev->kind == VM_EVENT_NOTE)
		str_printf(&c->notes, "%s\n", ev->text);
	else if (ev->kind == VM_EVENT_REPORT)
		str_append(&c->report, ev->text, ev->size);
	else if (ev->kind == VM_EVENT_POWER)
		c->power = ev->status;
	else if (ev->kind == VM_EVENT_EXIT) {
		c->ended = true;
		c->status = ev->status;
		str_append(&c->reason, ev->text, ev->size);
	}
}

/* Hears what there is to hear, and waits for more. */
static void turn(struct client *c)
{
	struct pollfd p = {vm_control_fd(c->vm), POLLIN, 0};
	struct vm_event ev;

	if (poll(&p, 1, PATIENCE_S * 1000) <= 0)
		fail_msg("the guest has nothing to say any more: %s%s", str_get(&c->dmesg),
			str_get(&c->notes));
	while (vm_next_event(c->vm, &ev) == 1)
		take(c, &ev);
}

static void until_said(struct client *c, const struct str *where, const char *text)
{
	while (!strstr(str_get(where), text)) {
		if (c->ended)
			fail_msg("ended before '%s': %s\n%s%s", text, str_get(&c->reason),
				str_get(&c->notes), str_get(&c->dmesg));
		turn(c);
	}
}

static void until_power(struct client *c, int power)
{
	while (c->power != power && !c->ended)
		turn(c);
	assert_false(c->ended);
}

static void until_end(struct client *c)
{
	while (!c->ended)
		turn(c);
}

static void say(struct client *c, const char *text)
{
	assert_int_equal(vm_stdin(c->vm, text, strlen(text)), strlen(text));
}

static void paused_and_resumed(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "echo ready; while read x; do echo got $x; done; exit 5", false);
	until_said(&c, &c.out, "ready\n");
	for (int i = 0; i < 3; i++) {
		cleanup_free char *line = xasprintf("line %d\n", i);
		cleanup_free char *answer = xasprintf("got line %d\n", i);

		assert_int_equal(vm_pause(c.vm), 0);
		until_power(&c, 0);
		say(&c, line);
		assert_null(strstr(str_get(&c.out), answer));
		assert_int_equal(vm_resume(c.vm), 0);
		until_power(&c, 1);
		until_said(&c, &c.out, answer);
	}
	/* told twice is told once */
	assert_int_equal(vm_pause(c.vm), 0);
	assert_int_equal(vm_pause(c.vm), 0);
	until_power(&c, 0);
	assert_int_equal(vm_resume(c.vm), 0);
	until_power(&c, 1);
	assert_int_equal(vm_stdin_end(c.vm), 0);
	until_end(&c);
	assert_int_equal(c.status, 5);
	assert_non_null(strstr(str_get(&c.report), "\"timings\""));
	end(&c);
}

static void a_paused_guest_is_killed(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "echo ready; cat", false);
	until_said(&c, &c.out, "ready\n");
	assert_int_equal(vm_pause(c.vm), 0);
	until_power(&c, 0);
	assert_int_equal(vm_kill(c.vm), 0);
	until_end(&c);
	assert_int_equal(c.status, 137);
	end(&c);
}

static void nmi_and_sysrq_reach_the_kernel(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "echo 1 >/proc/sys/kernel/sysrq; echo ready; read x", true);
	until_said(&c, &c.out, "ready\n");
	assert_int_equal(vm_nmi(c.vm), 0);
	until_said(&c, &c.dmesg, "NMI received for unknown reason");
	assert_int_equal(vm_sysrq(c.vm, 'h'), 0);
	until_said(&c, &c.dmesg, "sysrq: HELP");
	assert_int_equal(vm_sysrq(c.vm, 'c'), 0);
	until_end(&c);
	assert_int_equal(c.status, 255);
	assert_non_null(strstr(str_get(&c.reason), "sysrq triggered crash"));
	end(&c);
}

static void a_reset_is_the_end(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "echo ready; cat", false);
	until_said(&c, &c.out, "ready\n");
	assert_int_equal(vm_reset(c.vm), 0);
	until_end(&c);
	assert_int_equal(c.status, 125);
	assert_non_null(strstr(str_get(&c.reason), "rebooted"));
	end(&c);
}

static void an_engine_that_dies_is_named(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "echo ready; cat", false);
	until_said(&c, &c.out, "ready\n");
	kill(vm_child_of(vm_pid(c.vm)), SIGSEGV);
	until_end(&c);
	assert_int_equal(c.status, 125);
	assert_non_null(strstr(str_get(&c.reason), "was killed by signal 11"));
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paused_and_resumed),
		cmocka_unit_test(a_paused_guest_is_killed),
		cmocka_unit_test(nmi_and_sysrq_reach_the_kernel),
		cmocka_unit_test(a_reset_is_the_end),
		cmocka_unit_test(an_engine_that_dies_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
