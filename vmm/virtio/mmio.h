/*
 * virtio-mmio version 2 (virtio 1.2, 4.2). Two worlds meet here:
 *
 *   vCPU threads read and write registers and config space (vmmio_bus); a lock of their own guards
 *   those, held for a few instructions;
 *   the loop thread works on queues, with a second lock that a vCPU takes only to start the queues
 *   (DRIVER_OK) and to take them away (reset): after that write returns, nothing touches them.
 *
 * A notification is an eventfd per queue. The monitor hands it to KVM as an ioeventfd on
 * VMMIO_QUEUE_NOTIFY with the queue's number as datamatch, and then the vCPU does not even leave
 * the kernel; without that the register does the same.
 */
#pragma once

#include "src/base/err.h"
#include "src/base/loop.h"
#include "vmm/kvm/bus.h"
#include "vmm/kvm/irq.h"
#include "vmm/virtio/device.h"

enum { VMMIO_SIZE = 0x1000, VMMIO_QUEUE_NOTIFY = 0x50 };

/* A transport for `d` in the loop's thread. All of them are borrowed and outlive it. */
struct vmmio *vmmio_new(struct virtio_device *d, const struct gmem *mem, struct loop *loop,
	const struct irq_line *irq, struct err *e);
/* No vCPU may run any more. */
void vmmio_free(struct vmmio *m);

/* For bus_add(): the device is the struct vmmio, the size VMMIO_SIZE. */
extern const struct bus_ops vmmio_bus;

unsigned vmmio_queues(const struct vmmio *m);
/* The eventfd of queue q < vmmio_queues(): write 1 to notify. */
int vmmio_notify_fd(const struct vmmio *m, unsigned q);
/* Works off what is waiting in the queues, as far as it goes without waiting: for the end, when no
 * vCPU runs any more. Loop thread. */
void vmmio_drain(struct vmmio *m);
/* How often the driver broke the rules of a queue (each time the device then wants a reset). */
unsigned vmmio_faults(struct vmmio *m);

/*
 * For devices, on the loop thread. What comes from elsewhere than the guest (a descriptor, a timer)
 * works on queues between begin and end; begin says false, and then end must not be called, while
 * the driver has not made the device ready.
 */
bool vmmio_begin(struct vmmio *m);
void vmmio_end(struct vmmio *m);
/* More waits in queue q than one turn may do: it is kicked again, after everybody else's turn. */
void vmmio_again(struct vmmio *m, unsigned q);
