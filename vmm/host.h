/*
 * The child process of one VM: receives the configuration, has the kernel resolved, packs the
 * payload, runs the engine, speaks the port protocol with the guest and the control protocol with
 * the client.
 */
#pragma once

#include "src/base/err.h"
#include "vmm/vmctl.h"

/* A bootable kernel as the host needs it; strings owned, released with vm_kernel_release(). */
struct vm_kernel {
	char *image, *release, *modules, *origin; /* release, modules may be NULL */
	char *cache; /* the folder of the kernel cache, where unpacked ones are kept; NULL = none */
	int lock;    /* owned: a lock file that is open while the guest lives; 0 = none */
	uint64_t init_size;
};
void vm_kernel_release(struct vm_kernel *k);

/* How the host talks while it prepares: forwarded to the client. progress() true = cancelled. */
struct vm_report {
	void *user;
	void (*note)(void *user, const char *text);
	bool (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
};

/* What the room above lends: vmm/ itself does not know where kernels come from. */
struct vm_host_ops {
	int (*resolve_kernel)(const struct vm_config *c, const struct vm_report *r,
		struct vm_kernel *out, struct err *e);
};

/* Runs the VM to its end: its configuration is read from config_fd to the end, then it speaks on
 * the two sockets. The process's exit code; what the guest's end means travels as an event. */
int vm_host_main(int config_fd, int control_fd, int console_fd, const struct vm_host_ops *ops);
