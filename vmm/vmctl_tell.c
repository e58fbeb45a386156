/* What a client tells the process of its guest: bytes, sizes, signals, power. */
#include "vmm/vmctl_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

static int tell(struct vm *vm, const struct ctl_message *m)
{
	return vm->exited ? -EPIPE : ctl_send(vm->control, m);
}

ssize_t vm_stdin(struct vm *vm, const void *bytes, size_t n)
{
	struct ctl_message m = {.type = CTL_STDIN, .data = bytes, .size = n};
	int rc;

	if (vm->stdin_ended)
		return -EPIPE;
	if (n == 0)
		return 0;
	if (!vm->credit)
		return vm->exited ? -EPIPE : -EAGAIN;
	if (m.size > vm->credit)
		m.size = (size_t)vm->credit;
	if (m.size > CTL_DATA_MAX)
		m.size = CTL_DATA_MAX;
	rc = tell(vm, &m);
	if (rc)
		return rc;
	vm->credit -= m.size;
	return (ssize_t)m.size;
}

int vm_stdin_end(struct vm *vm)
{
	int rc = vm->stdin_ended ? 0 : tell(vm, &(struct ctl_message){.type = CTL_STDIN});

	if (!rc)
		vm->stdin_ended = true;
	return rc;
}

int vm_resize(struct vm *vm, uint16_t rows, uint16_t cols)
{
	if (!rows || !cols)
		return -EINVAL;
	return tell(vm, &(struct ctl_message){.type = CTL_RESIZE, .a = rows, .b = cols});
}

int vm_signal(struct vm *vm, int signo)
{
	if (signo < 1 || signo > SIGSYS)
		return -EINVAL;
	return tell(vm, &(struct ctl_message){.type = CTL_SIGNAL, .a = (uint64_t)signo});
}

static int power(struct vm *vm, enum ctl_power what, uint64_t key)
{
	return tell(vm, &(struct ctl_message){.type = CTL_POWER, .a = what, .b = key});
}

int vm_pause(struct vm *vm)
{
	return power(vm, CTL_PAUSE, 0);
}

int vm_resume(struct vm *vm)
{
	return power(vm, CTL_RESUME, 0);
}

int vm_nmi(struct vm *vm)
{
	return power(vm, CTL_NMI, 0);
}

int vm_sysrq(struct vm *vm, char key)
{
	if (key < ' ' || key > '~')
		return -EINVAL;
	return power(vm, CTL_SYSRQ, (uint64_t)key);
}

int vm_reset(struct vm *vm)
{
	return power(vm, CTL_RESET, 0);
}

int vm_run_command(struct vm *vm, const char *command)
{
	struct ctl_message m = {.type = CTL_RUN, .data = command, .size = strlen(command)};

	if (m.size == 0)
		return -EINVAL;
	if (m.size > CTL_DATA_MAX)
		return -E2BIG;
	return tell(vm, &m);
}

int vm_kill(struct vm *vm)
{
	int rc = tell(vm, &(struct ctl_message){.type = CTL_KILL});

	/* No room for the message: the end of our side says the same. */
	if (rc == -EAGAIN)
		rc = shutdown(vm->control, SHUT_WR) ? -errno : 0;
	return rc;
}
