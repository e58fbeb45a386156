/*
 * The client side of a virtual machine: all that ui/ and src/cli/ see of vmm/. A VM is one child
 * process (our own binary with the hidden command `__vm`), reached over a SOCK_SEQPACKET pair
 * (control) and a stream socket (the interactive console). A child that dies is an event like any
 * other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/cpuset.h"
#include "src/base/err.h"
#include "src/base/str.h"
#include "src/reserve/reserve.h"
#include "vmm/topology.h"

/* QEMU_KVM: QEMU on KVM, to be compared with our own monitor; not offered to people. */
enum vm_accel { VM_ACCEL_AUTO, VM_ACCEL_KVM, VM_ACCEL_TCG, VM_ACCEL_QEMU_KVM };

enum { VM_MEMORY_MIN_MIB = 128 };

/*
 * Where on this host a guest runs, as its reservation has it: an engine does as much of this as it
 * can and names in a note what it cannot. Zeroed: anywhere, nothing held, no performance mode.
 */
struct vm_placement {
	struct cpuset cpus;	  /* all of the engine's threads stay on these; empty = anywhere */
	struct cpuset *vcpu_cpus; /* owned, by vCPU number: each is pinned; NULL = as `cpus` says */
	unsigned nvcpus;	  /* of vcpu_cpus */
	struct cpuset service;	  /* for threads that are no vCPUs; empty = as `cpus` says */
	int vcpu_fifo;		  /* SCHED_FIFO priority of vCPU threads, 0 = ordinary */
	int service_fifo;	  /* of the thread that watches them */
	bool hugepages;		  /* 2 MiB pages for the guest's memory, where enough are free */
	struct cpuset *node_mems; /* owned, by guest node: host nodes that its memory is bound to
				     (MPOL_BIND); NULL = anywhere */
	unsigned nnodes;	  /* of node_mems */
	bool keep_running;  /* PAUSE and HLT do not leave the guest: KVM_CAP_X86_DISABLE_EXITS */
	bool realtime_hint; /* KVM_HINTS_REALTIME in CPUID 0x40000001 EDX */
	int *locks;	    /* owned, open lock files of CPUs and the kernel: the engine's process
			       inherits them, so that they are held exactly as long as the guest lives */
	size_t nlocks;
};
/* Gives the locks back: only once the engine is gone. */
void vm_placement_release(struct vm_placement *p);

/* Everything a VM is asked to be. Strings are borrowed during vm_start(). */
struct vm_config {
	const char *kernel;  /* identifier; NULL = automatic */
	const char *modules; /* --modules DIR; NULL = the kernel's own */
	const char *fetch;   /* --fetch distro|stable; NULL = as the environment says */
	struct vm_topology topology;
	uint32_t memory_mib; /* floor; 0 = estimated alone */
	enum vm_accel accel;
	struct reserve_request reserve; /* what it wants of this host's CPUs */
	struct strv notes;		/* said to the client before anything else */
	bool kaslr;			/* let the kernel choose its addresses; slower */
	const char *exec;		/* NULL = interactive */
	uint64_t exec_timeout_ns;	/* with exec; boot included */
	bool dmesg;			/* VM_DMESG events, loglevel=7 */
	struct strv append;		/* extra kernel command line words */
	struct strv env;		/* NAME=VALUE for the shell or command */
	struct strv modules_load;	/* further modules by name, with their dependencies */
	struct strv include;		/* -i arguments */
	uint64_t disk_bytes;		/* 0 = none */
	uint16_t rows, cols;		/* initial window; 0 = 24 x 80 */
	const char *term, *colorterm;	/* NULL = the guest's default */
	const char *program;		/* our binary for the child; NULL = /proc/self/exe */
};

/* What would be reserved for it now, as lines for people; nothing is taken. -EBUSY when others have
 * it, -ERANGE when this host cannot give it. */
int vm_reservation_text(const struct vm_config *c, struct str *out, struct err *e);

/* What can be refused before anything is looked for: words for the kernel that end its line, or are
 * more than it takes. */
int vm_check_append(const struct vm_config *c, struct err *e);
/* Whether this machine has room for the guest's disk and memory; tried, and nothing is kept. */
int vm_check_room(const struct vm_config *c, struct err *e);

/* Where a VM is; only ever grows. */
enum vm_stage {
	VM_STAGE_STARTING,
	VM_STAGE_KERNEL,  /* looking for or fetching the kernel */
	VM_STAGE_PAYLOAD, /* packing the initramfs */
	VM_STAGE_BOOTING, /* the engine runs; nothing heard from the guest */
	VM_STAGE_LINUX,	  /* the kernel's console spoke */
	VM_STAGE_INIT,	  /* our init is up */
	VM_STAGE_PROMPT,  /* the shell or the command runs */
	VM_STAGE_ENDED,
};
const char *vm_stage_name(enum vm_stage s);

enum vm_event_kind {
	VM_EVENT_NOTE,	   /* text: one line for a person */
	VM_EVENT_PROGRESS, /* text: what; done, total (0 = unknown) */
	VM_EVENT_STAGE,	   /* stage, at_ns since vm_start() */
	VM_EVENT_INFO,	   /* text: JSON object once the VM is built: engine, accel, why, kernel,
			      release, origin, memory_mib, vcpus, initrd_bytes, virtio */
	VM_EVENT_DMESG,	   /* bytes of the guest's kernel console */
	VM_EVENT_STDOUT,   /* bytes of the command; only with exec */
	VM_EVENT_STDERR,
	VM_EVENT_POWER,	 /* status: 1 = the guest runs again, 0 = it is paused */
	VM_EVENT_REPORT, /* text: JSON object, once, before EXIT: timings (ns since vm_start(), null
			    = not reached): exec, engine, first_run, kernel, init, prompt, exit;
			    setup_cpu_ns: the engine's CPU time before the guest ran, and
			    load_cpu_ns of it: for its kernel and initramfs; exits: a count for each
			    reason, null where the engine does not count; topology: asked, offline,
			    seen (null = no notation says it), verified (null = the guest did not
			    tell), difference, note */
	VM_EVENT_TOPOLOGY,   /* status: 1 = the guest has the topology that was asked for; text: the
				same for a person, or the first difference */
	VM_EVENT_RUN_STDOUT, /* bytes of vm_run_command()'s command */
	VM_EVENT_RUN_STDERR,
	VM_EVENT_RUN_EXIT, /* its end: status as a shell gives it; text: why it could not run, or
				empty */
	VM_EVENT_EXIT, /* status (the exit code to end with), text: reason, empty when it ended well
			*/
};

struct vm_event {
	enum vm_event_kind kind;
	enum vm_stage stage;
	uint64_t at_ns, done, total;
	int status;
	const char *text; /* NUL-terminated; valid until the next call on this vm */
	size_t size;	  /* of text, which may hold NULs when it is bytes */
};

struct vm;

/* Starts the child; everything slow happens there. NULL with a sentence. */
struct vm *vm_start(const struct vm_config *c, struct err *e);
/* Kills what still runs, reaps it, closes. */
void vm_free(struct vm *vm);

/* For poll(2)/epoll: both are non-blocking and readable when there is something (or the end) to
 * see. */
int vm_control_fd(const struct vm *vm);
/* The guest terminal's bytes, both ways; end of file when the guest is gone. */
int vm_console_fd(const struct vm *vm);
pid_t vm_pid(const struct vm *vm);

/* The next event: 1 = filled in, 0 = none now. A child that died without a word gives one EXIT
 * event with the status of what is lost by that, and the reason; after EXIT it returns -EPIPE. */
int vm_next_event(struct vm *vm, struct vm_event *ev);

/* Bytes for the command's stdin. Number taken (at most n), -EAGAIN when the guest does not keep up.
 */
ssize_t vm_stdin(struct vm *vm, const void *bytes, size_t n);
int vm_stdin_end(struct vm *vm);
int vm_resize(struct vm *vm, uint16_t rows, uint16_t cols);
int vm_signal(struct vm *vm, int signo); /* to the command, or to vm_run_command()'s */
/* Runs a command (sh -c, no input) beside the interactive shell; RUN_STDOUT and RUN_STDERR events
 * follow, and one RUN_EXIT. One at a time: another one before that is answered by a RUN_EXIT that
 * says so. -E2BIG above 32 KiB. */
int vm_run_command(struct vm *vm, const char *command);
/* A POWER event follows once it is done; a guest that is paused can be told the others too. */
int vm_pause(struct vm *vm);
int vm_resume(struct vm *vm);
int vm_nmi(struct vm *vm);
int vm_sysrq(struct vm *vm, char key); /* as typed on a keyboard: 'h', 'w', 'c', ... */
int vm_reset(struct vm *vm);	       /* which is the end: EXIT follows */
/* Ends the guest at once; an EXIT event follows. */
int vm_kill(struct vm *vm);

/*
 * What guests need of this machine, for whoever explains why they do not start.
 */
enum vm_kvm_state { VM_KVM_USABLE, VM_KVM_TOO_SLOW, VM_KVM_MISSING, VM_KVM_DENIED, VM_KVM_BROKEN };
/* Measured, which takes some milliseconds; `why` is one line for people. */
enum vm_kvm_state vm_check_kvm(struct str *why);
/* The paths of what else they need, heap; NULL with a sentence and a hint. */
char *vm_check_qemu(struct err *e);
char *vm_check_busybox(struct err *e);
