/*
 * An engine runs one guest: it takes a kernel, an initramfs and descriptors for the guest's ports,
 * and gives back a process to wait for and a descriptor to talk to it. vmm/kvm is our own monitor,
 * vmm/qemu runs the same guest where KVM cannot. Only the host's process (vmm/host.c and its parts)
 * calls this, and it does so through the table alone.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "vmm/host.h"

/* Moments of a run that only the engine sees; CLOCK_MONOTONIC ns, 0 = has not happened. */
enum engine_mark {
	ENGINE_STARTED,	  /* its process, or thread of it, began */
	ENGINE_FIRST_RUN, /* the first CPU was about to run */
	ENGINE_KERNEL,	  /* the guest's kernel touched its first device */
	ENGINE_MARKS,
};

/* Why a virtual CPU came back to us, summed over all CPUs. */
enum engine_exit {
	ENGINE_EXIT_IO,
	ENGINE_EXIT_MMIO,
	ENGINE_EXIT_HLT,
	ENGINE_EXIT_INTR, /* a signal or a kick */
	ENGINE_EXIT_IOAPIC_EOI,
	ENGINE_EXIT_SYSTEM,
	ENGINE_EXIT_SHUTDOWN,
	ENGINE_EXIT_OTHER,
	ENGINE_EXITS,
};
const char *engine_exit_name(enum engine_exit x); /* "io", "mmio", ... */

/*
 * What the engine's process leaves behind, in memory that it shares with the host: it is there
 * however that process ends. Only numbers, each of which the host reads once: a guest that broke
 * into the monitor can make them wrong, nothing else.
 */
struct engine_report {
	_Atomic uint64_t at[ENGINE_MARKS];
	_Atomic uint64_t exits[ENGINE_EXITS];
	_Atomic uint64_t setup_cpu_ns; /* CPU time from the start to the first run */
	_Atomic uint64_t load_cpu_ns;  /* of that, for kernel and initramfs */
	_Atomic bool counts;	       /* this engine fills in exits[] */
};

struct engine_request {
	const struct vm_config *config;
	const struct vm_kernel *kernel;
	int kernel_fd; /* of the engine's unpack(); none (0 or less): kernel->image as it is */
	enum vm_accel accel; /* what to run on, already decided: never AUTO */
	uint32_t memory_mib;
	bool virtio;	     /* the payload carries (or the kernel has) virtio console drivers */
	const char *cmdline; /* kernel command line */
	int initrd_fd;	     /* memfd of the payload */
	int disk_fd;	     /* unlinked backing file, -1 = none */
	int log_fd;	     /* COM1, kernel console: the engine writes, we read */
	int bulk_fd; /* framed port: virtio port PROTO_PORT_BULK, or COM2 when !virtio; both ways */
	int console_fd;			      /* virtio port PROTO_PORT_CONSOLE; -1 when !virtio */
	int stderr_fd;			      /* the engine's own complaints */
	const struct vm_placement *placement; /* where on this host; NULL = anywhere */
	int control_fd; /* a socket of the engine's control_type: tell() and hear() at our end;
			   none (0 or less): it cannot be told anything */
	struct engine_report *report; /* shared memory, zeroed; never NULL */
};

/* What a running engine can be told. */
enum engine_verb {
	ENGINE_PAUSE,
	ENGINE_RESUME,
	ENGINE_NMI,
	ENGINE_SYSRQ, /* with the key: a break on COM1, then the key */
	ENGINE_RESET,
	ENGINE_VERBS,
};

/* What an engine answers. */
struct engine_news {
	enum engine_news_kind {
		ENGINE_NEWS_NONE, /* nothing for the host; ask again */
		ENGINE_PAUSED,
		ENGINE_RESUMED,
		ENGINE_SEND_KEY, /* the break is out: write `key` to COM1 */
		ENGINE_REFUSED,	 /* why: it cannot do what it was told */
	} kind;
	char key;
	char why[200];
};

/* Bytes of an answer that is not complete yet; a zeroed struct is empty. */
struct engine_ear {
	char line[4096];
	size_t len;
};

struct engine {
	const char *id;		 /* in VM_EVENT_INFO: "kvm", "qemu" */
	const char *name;	 /* in a sentence: "QEMU" */
	const char *transport;	 /* the driver that its virtio devices need */
	const char *vcpu_thread; /* scanf format of its vCPU threads' names, with their number;
				    they have them in performance mode at least */
	bool exact; /* all of a CPU's caches and its die are as asked, not only its core and LLC */
	int control_type; /* SOCK_STREAM or SOCK_SEQPACKET */
	/* What can be refused before anything is prepared: something is not installed, or a
	 * topology that it cannot have. Cheap. */
	int (*check)(const struct vm_config *c, struct err *e);
	/* Modules that it needs where the kernel has them as modules, in no order. Static. */
	const struct strv *(*wanted_modules)(bool disk);
	/* The kernel to start instead of its image, unpacked: a descriptor, or -1 where that is no
	 * gain or not possible. */
	int (*unpack)(const struct vm_kernel *k, const struct vm_config *c, enum vm_accel accel);
	/* Adds words to the kernel's command line that depend on this host, each behind a blank;
	 * NULL = none. */
	void (*add_words)(enum vm_accel accel, struct str *line);
	/* The pid of its process, or -errno with a sentence. Descriptors are the engine's ends: the
	 * caller closes its copies afterwards. The process dies with us. Called with one thread
	 * alone in the process. */
	pid_t (*start)(const struct engine_request *q, struct err *e);
	/* Sentences about what performance mode asks for and this engine cannot do; NULL = none. */
	void (*lacks)(enum vm_accel accel, const struct vm_placement *p, struct strv *notes);
	/* What people have to know before it runs a guest at all, as a sentence; it, or what it
	 * gives, is NULL = nothing. */
	const char *(*warning)(void);
	/* 0, or -errno: it does not listen. */
	int (*tell)(int control_fd, enum engine_verb verb, char key);
	/* One answer: 1, 0 = end of file, -EAGAIN, -errno. */
	int (*hear)(int control_fd, struct engine_ear *ear, struct engine_news *out);
} __attribute__((designated_init));

extern const struct engine engine_qemu, engine_kvm;
/* The engine that runs guests with this acceleration. */
const struct engine *engine_of(enum vm_accel accel);

/* Which acceleration to use, with one line for people that says why (owned by out, NUL-terminated).
 */
struct accel_choice {
	enum vm_accel accel; /* never AUTO */
	char why[256];
};
/* AUTO probes; KVM fails with the sentences of spec/vmm 1.2 when it cannot be had. */
int engine_choose_accel(enum vm_accel asked, struct accel_choice *out, struct err *e);
/* The same with another device than /dev/kvm. */
int engine_choose_accel_from(
	const char *device, enum vm_accel asked, struct accel_choice *out, struct err *e);
/* Whether what was asked for cannot boot a kernel, and a sentence about it. This is measured, for
 * some milliseconds. */
bool engine_doubts_accel(const char *device, enum vm_accel asked, struct str *why);

/* spec/vmm 1.7: MiB for a guest from the payload's size, the kernel's init_size and the floor; and
 * what a kernel needs for more CPUs (vcpus >= 1) than one. */
uint32_t engine_memory_mib(
	uint64_t initrd_bytes, const struct vm_kernel *k, unsigned vcpus, uint32_t floor_mib);
/* The formula alone, in MiB: what the initramfs takes unpacked and as loaded, the kernel's
 * init_size, and whether the root file system may take nine tenths of memory instead of half. */
uint64_t engine_memory_total(
	uint64_t unpacked_mib, uint64_t kernel_mib, uint64_t loaded_mib, bool big_rootfs);
/* Whether a kernel of this release honours initramfs_options= (NULL = unknown: no). */
bool engine_rootfs_is_sizable(const char *release);
/* What the kernel command line depends on beside the configuration. */
struct engine_boot {
	enum vm_accel accel; /* decided: never AUTO */
	bool virtio;	     /* the guest talks over its virtio ports */
	bool late_cpus;	     /* the kernel starts one CPU, init all others */
};
/*
 * Whether it shall be so: where the guest's CPUs outnumber those of the host that they run on.
 * Until its clock is set up a kernel's idle CPUs tick like busy ones, and take the host's from the
 * one that works. Not when --append says what becomes of its CPUs.
 */
bool engine_starts_cpus_late(const struct vm_config *c, unsigned host_cpus);
/* The first argument of --append that changes what a kernel makes of its CPUs and nodes, which is
 * wanted then; NULL = none. Borrowed. */
const char *engine_cpus_changed_by(const struct vm_config *c);
/* The kernel command line; refused with a sentence when longer than the kernel takes (2047 bytes).
 * Heap. */
char *engine_cmdline(const struct vm_config *c, const struct engine_boot *b, struct err *e);
