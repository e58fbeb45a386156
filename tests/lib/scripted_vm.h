/*
 * A VM whose side a test plays: the client's functions of vmm/vmctl.h, which note what they were
 * asked, and guest_...(), which say what the guest and its host process would. To be included by
 * one .c file of a program; what it defines takes the place of vmm/vmctl.o.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "tests/lib/dash.h"
#include "ui/panes.h"
#include "vmm/vmctl.h"

struct vm {
	int console[2], control; /* console[1] is the guest's end */
	struct vm_event events[64];
	size_t n, at;
	int resizes;
	uint16_t rows, cols;
	/* what it was asked to be */
	char kernel[128], term[64];
	struct vm_topology topology;
	uint32_t memory_mib;
	uint64_t disk;
	enum vm_accel accel;
	struct reserve_request reserve;
	struct strv include, append, env;
	char ran[128]; /* vm_run_command() */
	int signalled;
	char power[64]; /* what the machine was told, a letter each, SysRq's with its key */
};

static struct vm *latest;
static const char *refuse; /* the next start fails with this sentence */

struct vm *vm_start(const struct vm_config *c, struct err *e)
{
	struct vm *vm;

	if (refuse) {
		err_set(e, ENOENT, "%s", refuse);
		refuse = NULL;
		return NULL;
	}
	vm = xcalloc(1, sizeof(*vm));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, vm->console), 0);
	vm->control = eventfd(0, EFD_NONBLOCK);
	snprintf(vm->kernel, sizeof(vm->kernel), "%s", c->kernel ? c->kernel : "(automatic)");
	snprintf(vm->term, sizeof(vm->term), "%s", c->term ? c->term : "");
	vm->topology = c->topology;
	vm->memory_mib = c->memory_mib;
	vm->disk = c->disk_bytes;
	vm->accel = c->accel;
	vm->reserve = c->reserve;
	strv_copy(&vm->include, &c->include);
	strv_copy(&vm->append, &c->append);
	strv_copy(&vm->env, &c->env);
	latest = vm;
	return vm;
}

void vm_free(struct vm *vm)
{
	if (latest == vm)
		latest = NULL;
	close(vm->console[0]);
	if (vm->console[1] >= 0)
		close(vm->console[1]);
	close(vm->control);
	for (size_t i = 0; i < vm->n; i++)
		free((char *)vm->events[i].text);
	strv_release(&vm->include);
	strv_release(&vm->append);
	strv_release(&vm->env);
	free(vm);
}

int vm_control_fd(const struct vm *vm)
{
	return vm->control;
}

int vm_console_fd(const struct vm *vm)
{
	return vm->console[0];
}

int vm_next_event(struct vm *vm, struct vm_event *ev)
{
	uint64_t drain;

	if (vm->at == vm->n) {
		(void)!read(vm->control, &drain, sizeof(drain));
		return 0;
	}
	*ev = vm->events[vm->at++];
	return 1;
}

int vm_resize(struct vm *vm, uint16_t rows, uint16_t cols)
{
	vm->resizes++;
	vm->rows = rows;
	vm->cols = cols;
	return 0;
}

int vm_signal(struct vm *vm, int signo)
{
	vm->signalled = signo;
	return 0;
}

int vm_run_command(struct vm *vm, const char *command)
{
	snprintf(vm->ran, sizeof(vm->ran), "%s", command);
	return 0;
}

static int told(struct vm *vm, const char *what)
{
	strncat(vm->power, what, sizeof(vm->power) - strlen(vm->power) - 1);
	return 0;
}

int vm_pause(struct vm *vm)
{
	return told(vm, "p");
}

int vm_resume(struct vm *vm)
{
	return told(vm, "g");
}

int vm_nmi(struct vm *vm)
{
	return told(vm, "n");
}

int vm_sysrq(struct vm *vm, char key)
{
	const char what[] = {'s', key, '\0'};

	return told(vm, what);
}

int vm_reset(struct vm *vm)
{
	return told(vm, "r");
}

int vm_kill(struct vm *vm)
{
	return told(vm, "k");
}

/* ---- the guest's side ----------------------------------------------------------------------- */

static inline void guest_tell(struct dash *d, struct vm_event ev)
{
	uint64_t one = 1;

	ev.text = xstrdup(ev.text ? ev.text : "");
	ev.size = strlen(ev.text);
	latest->events[latest->n++] = ev;
	assert_int_equal(write(latest->control, &one, sizeof(one)), sizeof(one));
	dash_turn(d);
}

static inline void guest_stage(struct dash *d, enum vm_stage s)
{
	guest_tell(d, (struct vm_event){.kind = VM_EVENT_STAGE,
			      .stage = s,
			      .at_ns = (uint64_t)s * 100 * NS_PER_MS});
}

static inline void guest_writes(struct dash *d, const char *text)
{
	assert_int_equal(write(latest->console[1], text, strlen(text)), (ssize_t)strlen(text));
	dash_turn(d);
}

static inline void guest_heard(const char *want)
{
	char buf[4096];
	ssize_t n = read(latest->console[1], buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	assert_string_equal(buf, want);
}

static inline void guest_boot(struct dash *d)
{
	const struct vm_config c = {.topology = vm_topology_uniform(1, 2, 2, 1)};
	struct err e = ERR_INIT;

	assert_non_null(app_open(d->app, &pane_vm, &c, &e));
	dash_turn(d);
}

static inline void guest_boot_to_prompt(struct dash *d)
{
	guest_boot(d);
	guest_tell(
		d, (struct vm_event){.kind = VM_EVENT_INFO,
			   .text = "{\"engine\":\"qemu\",\"accel\":\"tcg\",\"release\":\"6.1.0-51-"
				   "cloud-"
				   "amd64\",\"origin\":\"distribution package\",\"memory_mib\":512,"
				   "\"vcpus\":4}"});
	guest_stage(d, VM_STAGE_PROMPT);
	guest_writes(d, "/ # ");
}
