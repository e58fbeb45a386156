/*
 * An engine runs one guest: it takes a kernel, an initramfs and descriptors for the guest's ports,
 * and gives back a process to wait for. vmm/qemu is one; our own monitor will be another behind the
 * same struct. Only vmm/host.c calls this.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "vmm/host.h"

struct engine_request {
	const struct vm_config *config;
	const struct vm_kernel *kernel;
	int kernel_fd; /* of engine_unpack_kernel(); none (0 or less): kernel->image as it is */
	enum vm_accel accel; /* KVM or TCG, already decided */
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
};

/* What this engine cannot build although the rules of a topology allow it. Cheap; also done by
 * engine_qemu_start(). */
int engine_check_topology(const struct vm_topology *t, struct err *e);

/* What can be refused before anything is prepared: no QEMU, or a topology that it cannot have. */
int engine_check(const struct vm_config *c, struct err *e);

/*
 * The kernel proper, taken out of its self-extracting image: a memory file to start instead of it,
 * or -1 where that is no gain (KVM) or not possible (an unknown compression, no PVH entry,
 * libarchive not installed). What takes 50 ms here takes an emulated CPU 400 ms, and seconds where
 * it was xz.
 */
int engine_unpack_kernel(const struct vm_kernel *k, enum vm_accel accel);

/* Starts QEMU; returns its pid or -errno with a sentence (missing program: the package to install).
 * Descriptors are the engine's ends: the caller closes its copies afterwards. The process dies with
 * us. */
pid_t engine_qemu_start(const struct engine_request *q, struct err *e);

/* Which acceleration to use, with one line for people that says why (owned by out, NUL-terminated).
 */
struct accel_choice {
	enum vm_accel accel; /* KVM or TCG */
	char why[256];
};
/* AUTO probes; KVM fails with the sentences of spec/vmm 1.2 when it cannot be had. */
int engine_choose_accel(enum vm_accel asked, struct accel_choice *out, struct err *e);
/* The same with another device than /dev/kvm. */
int engine_choose_accel_from(
	const char *device, enum vm_accel asked, struct accel_choice *out, struct err *e);

/* spec/vmm 1.7: MiB for a guest from the payload's size, the kernel's init_size and the floor. */
uint32_t engine_memory_mib(uint64_t initrd_bytes, const struct vm_kernel *k, uint32_t floor_mib);
/* The formula alone, in MiB: what the initramfs takes unpacked and as loaded, the kernel's
 * init_size, and whether the root file system may take nine tenths of memory instead of half. */
uint64_t engine_memory_total(
	uint64_t unpacked_mib, uint64_t kernel_mib, uint64_t loaded_mib, bool big_rootfs);
/* Whether a kernel of this release honours initramfs_options= (NULL = unknown: no). */
bool engine_rootfs_is_sizable(const char *release);
/* The kernel command line; refused with a sentence when longer than the kernel takes (2047 bytes).
 * Heap. */
char *engine_cmdline(const struct vm_config *c, bool virtio, enum vm_accel accel, struct err *e);
/* Modules that this engine needs where the kernel has them as modules, in no order. Borrowed,
 * static. */
const struct strv *engine_wanted_modules(bool disk);
