/* The virtio devices of a machine, and how devices are joined to KVM: lines and doorbells. */
#pragma once

#include "src/base/err.h"
#include "vmm/kvm/irq.h"
#include "vmm/virtio/device.h"

struct machine;
struct vmmio;

enum device_kind { DEVICE_CONSOLE, DEVICE_ENTROPY, DEVICE_BLOCK, DEVICE_KINDS };

struct device_slot {
	struct virtio_device *device; /* NULL = the machine has none */
	struct vmmio *transport;
	struct irq_line irq;
	uint64_t base; /* of its window */
	unsigned gsi;
};

struct devices {
	struct device_slot slot[DEVICE_KINDS];
};

/* Before anything else, so that devices_release() may follow whatever fails. */
void devices_clear(struct machine *m);
int devices_init(struct machine *m, struct err *e);
/* What the guest said last reaches the host; its disk ends with it. No vCPU may run any more. */
void devices_drain(struct machine *m);
void devices_release(struct machine *m);

/* A new line that KVM raises as interrupt `gsi`. */
int devices_line(struct machine *m, struct irq_line *line, unsigned gsi, struct err *e);
