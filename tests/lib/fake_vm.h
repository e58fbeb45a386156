/*
 * A VM that is a command on a pseudo terminal: the client's functions of vmm/vmctl.h, for programs
 * that look at the guest pane without a guest. To be included by one .c file of a program; what it
 * defines takes the place of vmm/vmctl.o.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "vmm/vmctl.h"

struct vm {
	pid_t pid;
	int console, control;
	size_t told; /* events */
	char text[256];
};

/* What the guest runs: `sh -c` of config->kernel. */
struct vm *vm_start(const struct vm_config *c, struct err *e)
{
	struct winsize size = {.ws_row = c->rows ? c->rows : 24, .ws_col = c->cols ? c->cols : 80};
	struct vm *vm = xcalloc(1, sizeof(*vm));

	vm->pid = forkpty(&vm->console, NULL, NULL, &size);
	if (vm->pid < 0) {
		err_sys(e, errno, "forkpty");
		free(vm);
		return NULL;
	}
	if (vm->pid == 0) {
		execl("/bin/sh", "sh", "-c", c->kernel, (char *)NULL);
		_exit(127);
	}
	fcntl(vm->console, F_SETFL, O_NONBLOCK);
	fcntl(vm->console, F_SETFD, FD_CLOEXEC);
	vm->control = (int)syscall(SYS_pidfd_open, vm->pid, 0);
	return vm;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->pid) {
		kill(vm->pid, SIGKILL);
		waitpid(vm->pid, NULL, 0);
	}
	close(vm->console);
	close(vm->control);
	free(vm);
}

int vm_control_fd(const struct vm *vm)
{
	return vm->control;
}

int vm_console_fd(const struct vm *vm)
{
	return vm->console;
}

int vm_next_event(struct vm *vm, struct vm_event *ev)
{
	int status;

	*ev = (struct vm_event){.text = vm->text};
	if (!vm->pid)
		return -EPIPE;
	if (waitpid(vm->pid, &status, WNOHANG) != vm->pid)
		return 0;
	vm->pid = 0;
	ev->kind = VM_EVENT_EXIT;
	ev->status = spawn_status(status);
	if (ev->status)
		snprintf(
			vm->text, sizeof(vm->text), "the command ended with status %d", ev->status);
	return 1;
}

int vm_resize(struct vm *vm, uint16_t rows, uint16_t cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	return ioctl(vm->console, TIOCSWINSZ, &size);
}

int vm_signal(struct vm *vm, int signo)
{
	return vm->pid ? kill(vm->pid, signo) : -ESRCH;
}

/* A command on a terminal runs nothing beside it. */
int vm_run_command(struct vm *vm, const char *command)
{
	(void)vm;
	(void)command;
	return -ENOTSUP;
}

/* A program on a terminal has no machine to pause. */
int vm_pause(struct vm *vm)
{
	return vm->pid ? kill(vm->pid, SIGSTOP) : -ESRCH;
}

int vm_resume(struct vm *vm)
{
	return vm->pid ? kill(vm->pid, SIGCONT) : -ESRCH;
}

int vm_nmi(struct vm *vm)
{
	(void)vm;
	return -ENOTSUP;
}

int vm_sysrq(struct vm *vm, char key)
{
	(void)vm;
	(void)key;
	return -ENOTSUP;
}

int vm_reset(struct vm *vm)
{
	return vm->pid ? kill(vm->pid, SIGKILL) : -ESRCH;
}

int vm_kill(struct vm *vm)
{
	return vm_signal(vm, SIGKILL);
}
