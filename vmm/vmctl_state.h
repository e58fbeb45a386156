/* One guest as its client knows it: shared by what starts it and hears it (vmctl.c) and what tells
 * it something (vmctl_tell.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/str.h"
#include "vmm/ctlwire.h"
#include "vmm/vmctl.h"

struct vm {
	pid_t pid; /* 0 = reaped */
	int pidfd;
	int control, console;
	uint64_t started_ns;
	bool exec; /* a command's result is awaited */
	enum vm_stage stage;
	uint64_t credit; /* bytes of stdin that the child can take */
	bool stdin_ended;
	bool exited;	 /* the EXIT event has been given out */
	struct str text; /* of the event last given out, where it had to be cleaned */
	unsigned char buf[CTL_MESSAGE_MAX + 1]; /* the packet last received, and a NUL */
};
