#include "vmm/vmctl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/base/utf8.h"
#include "vmm/config.h"
#include "vmm/ctlwire.h"
#include "vmm/verdict.h"
#include "vmm/vmctl_state.h"

/* How long the child may take to end its guest by itself before it is killed. */
enum { FAREWELL_MS = 3000 };

/* Descriptors of the child's side; its own numbers are fixed by src/cli/cmd_vm.c. */
struct ends {
	int config, control, console;
};

static void close_ends(struct ends *p)
{
	const int fds[] = {p->config, p->control, p->console};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*p = (struct ends){-1, -1, -1};
}

/* The child reads it as its standard input. */
static int write_config(const struct vm_config *c, uint64_t now, struct err *e)
{
	cleanup_str struct str bytes = STR_INIT;
	cleanup_close int fd = file_memfd("ktstr-vm-config");
	int rc;

	vm_config_encode(c, now, &bytes);
	if (bytes.len > VM_CONFIG_BYTES_MAX)
		return err_set(e, E2BIG,
			"the VM's configuration has %zu bytes, the most is %d: shorten the "
			"command, "
			"the environment or the list of include files",
			bytes.len, VM_CONFIG_BYTES_MAX);
	if (fd < 0)
		return err_sys(e, fd, "cannot create a memory file for the VM's configuration");
	rc = file_write_fd(fd, bytes.s, bytes.len);
	if (!rc && lseek(fd, 0, SEEK_SET) < 0)
		rc = -errno;
	if (rc)
		return err_sys(e, rc, "cannot write the VM's configuration");
	return take_fd(fd);
}

static int open_sockets(struct vm *vm, struct ends *child, struct err *e)
{
	int control[2], console[2], size = CTL_SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control))
		return err_sys(e, errno, "cannot create the VM's control socket");
	vm->control = control[0];
	child->control = control[1];
	for (int i = 0; i < 2; i++)
		setsockopt(control[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, console))
		return err_sys(e, errno, "cannot create the VM's console socket");
	vm->console = console[0];
	child->console = console[1];
	return 0;
}

static int start_child(struct vm *vm, const struct vm_config *c, struct err *e)
{
	const char *program = c->program ? c->program : "/proc/self/exe";
	const char *const argv[] = {"ktstr", "__vm", NULL};
	struct ends child = {-1, -1, -1};
	int rc = open_sockets(vm, &child, e);

	if (!rc)
		rc = child.config = write_config(c, vm->started_ns, e);
	if (rc >= 0) {
		const struct spawn_fd fds[] = {
			{child.config, 0}, {child.control, 3}, {child.console, 4}};
		/* Not die_with_parent: our end is end of file on the control socket, which lets the
		 * child put away half-done downloads. */
		const struct spawn s = {
			.program = program,
			.argv = argv,
			.fds = fds,
			.nfds = ARRAY_LEN(fds),
			.new_session = true,
		};

		rc = vm->pid = spawn_start(&s, e);
	}
	close_ends(&child);
	return rc < 0 ? rc : 0;
}

struct vm *vm_start(const struct vm_config *c, struct err *e)
{
	struct vm *vm = xcalloc(1, sizeof(*vm));

	vm->control = vm->console = vm->pidfd = -1;
	vm->started_ns = clock_mono_ns();
	vm->exec = c->exec != NULL;
	if (start_child(vm, c, e) < 0) {
		vm->pid = 0;
		vm_free(vm);
		return NULL;
	}
	/* Only makes waiting in vm_free() shorter; where the kernel has none, it polls. */
	vm->pidfd = (int)syscall(SYS_pidfd_open, vm->pid, 0);
	return vm;
}

/* Waits for the child at most ms; true when it was reaped. */
static bool reap(struct vm *vm, int ms, int *status)
{
	struct pollfd p = {vm->pidfd, POLLIN, 0};
	int st = 0;
	pid_t rc;

	if (!vm->pid)
		return true;
	if (ms && vm->pidfd >= 0)
		while (poll(&p, 1, ms) < 0 && errno == EINTR)
			;
	do
		rc = waitpid(vm->pid, &st, ms < 0 ? 0 : WNOHANG);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return false;
	vm->pid = 0;
	if (status)
		*status = spawn_status(st);
	return true;
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->control >= 0)
		close(vm->control);
	if (vm->console >= 0)
		close(vm->console);
	/* The child sees the end of the control socket and ends its guest. */
	if (vm->pid && !reap(vm, FAREWELL_MS, NULL)) {
		kill(vm->pid, SIGKILL);
		reap(vm, -1, NULL);
	}
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	str_release(&vm->text);
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

pid_t vm_pid(const struct vm *vm)
{
	return vm->pid;
}

/* Text for people is cleaned here once: the child may be in the guest's hands. */
static void clean_text(struct vm *vm, const struct ctl_message *m, struct vm_event *ev)
{
	str_clear(&vm->text);
	utf8_sanitize(&vm->text, m->data, m->size, true);
	ev->text = str_get(&vm->text);
	ev->size = vm->text.len;
}

static void raw_bytes(struct vm *vm, const struct ctl_message *m, struct vm_event *ev)
{
	vm->buf[CTL_HEADER + m->size] = 0;
	ev->text = (const char *)vm->buf + CTL_HEADER;
	ev->size = m->size;
}

/* Fills in the event of a message; false when it is for us alone. */
static bool to_event(struct vm *vm, const struct ctl_message *m, struct vm_event *ev)
{
	static const enum vm_event_kind kinds[] = {
		[CTL_NOTE] = VM_EVENT_NOTE,
		[CTL_PROGRESS] = VM_EVENT_PROGRESS,
		[CTL_STAGE] = VM_EVENT_STAGE,
		[CTL_INFO] = VM_EVENT_INFO,
		[CTL_DMESG] = VM_EVENT_DMESG,
		[CTL_STDOUT] = VM_EVENT_STDOUT,
		[CTL_STDERR] = VM_EVENT_STDERR,
		[CTL_RUN_STDOUT] = VM_EVENT_RUN_STDOUT,
		[CTL_RUN_STDERR] = VM_EVENT_RUN_STDERR,
		[CTL_RUN_EXIT] = VM_EVENT_RUN_EXIT,
		[CTL_EXIT] = VM_EVENT_EXIT,
		[CTL_RUNNING] = VM_EVENT_POWER,
		[CTL_REPORT] = VM_EVENT_REPORT,
		[CTL_TOPOLOGY] = VM_EVENT_TOPOLOGY,
	};

	if (m->type == CTL_CREDIT) {
		vm->credit += m->a;
		return false;
	}
	*ev = (struct vm_event){.kind = kinds[m->type], .stage = vm->stage, .text = ""};
	switch (m->type) {
	case CTL_STAGE:
		if ((enum vm_stage)m->a <= vm->stage) /* stages only grow */
			return false;
		ev->stage = vm->stage = (enum vm_stage)m->a;
		ev->at_ns = m->b;
		return true;
	case CTL_PROGRESS:
		ev->done = m->a;
		ev->total = m->b;
		break;
	case CTL_RUNNING:
	case CTL_RUN_EXIT:
	case CTL_TOPOLOGY:
		ev->status = (int)m->a;
		break;
	case CTL_EXIT:
		ev->status = (int)m->a;
		ev->stage = vm->stage = VM_STAGE_ENDED;
		vm->exited = true;
		break;
	default:
		break;
	}
	if (m->type == CTL_NOTE || m->type == CTL_PROGRESS || m->type == CTL_EXIT ||
		m->type == CTL_RUN_EXIT || m->type == CTL_TOPOLOGY)
		clean_text(vm, m, ev);
	else
		raw_bytes(vm, m, ev);
	return true;
}

/* The child is gone, or speaks nonsense, without an EXIT message. */
static int died(struct vm *vm, const char *how, struct vm_event *ev)
{
	cleanup_str struct str reason = STR_INIT;
	int status = 1;

	shutdown(vm->control, SHUT_RDWR);
	if (!reap(vm, FAREWELL_MS, &status)) {
		kill(vm->pid, SIGKILL);
		reap(vm, -1, NULL);
	}
	if (status > 128)
		str_printf(&reason, "the VM's process was killed by signal %d (%s)", status - 128,
			strsignal(status - 128));
	else
		str_printf(
			&reason, "the VM's process %s (stage: %s)", how, vm_stage_name(vm->stage));
	str_clear(&vm->text);
	status = verdict_of_death(vm->exec, vm->stage, str_get(&reason), &vm->text);
	vm->exited = true;
	vm->stage = VM_STAGE_ENDED;
	*ev = (struct vm_event){
		.kind = VM_EVENT_EXIT,
		.stage = VM_STAGE_ENDED,
		.status = status,
		.text = str_get(&vm->text),
		.size = vm->text.len,
	};
	return 1;
}

int vm_next_event(struct vm *vm, struct vm_event *ev)
{
	struct ctl_message m;

	while (!vm->exited) {
		int rc = ctl_receive(vm->control, CTL_FROM_CHILD, vm->buf, &m);

		if (rc == -EAGAIN)
			return 0;
		if (rc == 0)
			return died(vm, "ended without a word", ev);
		if (rc < 0)
			return died(vm, "broke the control protocol and was ended", ev);
		if (to_event(vm, &m, ev))
			return 1;
	}
	return -EPIPE;
}
