#include "vmm/vmctl.h"

const char *vm_stage_name(enum vm_stage s)
{
	static const char *const names[] = {
		[VM_STAGE_STARTING] = "starting",
		[VM_STAGE_KERNEL] = "finding the kernel",
		[VM_STAGE_PAYLOAD] = "packing the initramfs",
		[VM_STAGE_BOOTING] = "booting",
		[VM_STAGE_LINUX] = "kernel started",
		[VM_STAGE_INIT] = "init running",
		[VM_STAGE_PROMPT] = "ready",
		[VM_STAGE_ENDED] = "ended",
	};

	return (unsigned)s < ARRAY_LEN(names) ? names[s] : "unknown";
}
