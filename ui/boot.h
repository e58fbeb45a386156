/* What `b` hands to the boot dialog: a guest shaped like a part of this machine. */
#pragma once

#include "vmm/vmctl.h"

struct boot_shape {
	struct vm_topology topology;
	const char *what; /* "LLC 0", for the dialog's title; borrowed for the call */
};
