/* Nodes of a guest: which memory and which dies each has, and how far they are apart. */
#pragma once

#include <stdint.h>

#include "src/base/str.h"
#include "vmm/vmctl.h"

/* Appends QEMU's options; nothing for a machine of one node whose memory may be anywhere. p may be
 * NULL. */
void qemu_numa(const struct vm_topology *t, const struct vm_placement *p, uint32_t memory_mib,
	struct strv *out);
