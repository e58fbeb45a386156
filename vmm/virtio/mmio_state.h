/* What the two halves of the virtio-mmio transport share: mmio_regs.c, which vCPU threads run, and
 * mmio.c, which the loop thread runs. */
#pragma once

#include <pthread.h>

#include "vmm/virtio/mmio.h"

enum { VMMIO_NEEDS_RESET = 0x40 };		   /* status */
enum { VMMIO_ISR_USED = 1, VMMIO_ISR_CONFIG = 2 }; /* interrupt status */

#define VMMIO_EVENT_IDX (1ULL << 29)
#define VMMIO_VERSION_1 (1ULL << 32)

struct queue_regs {
	struct virtq_setup at;
	bool ready;
};

struct vmmio {
	struct virtio_device *d;
	const struct gmem *mem;
	struct loop *loop;
	const struct irq_line *irq;
	uint64_t offered;
	unsigned isr; /* atomic */

	pthread_mutex_t regs;
	/* regs: */
	uint32_t status, device_sel, driver_sel, queue_sel;
	uint64_t accepted;
	struct queue_regs q[VIRTIO_QUEUES_MAX];

	pthread_mutex_t work; /* taken before regs where both are */
	/* work: */
	struct virtq queue[VIRTIO_QUEUES_MAX];
	bool live;	 /* the queues may be used */
	unsigned resets; /* in all */
	unsigned faults;
	uint64_t negotiated;

	/* the loop thread's: */
	bool active; /* activate() was called */
	unsigned resets_seen;
	int wake; /* eventfd: resets or live changed */
	struct loop_fd *wake_source;
	struct notify {
		struct vmmio *m;
		int fd;
		struct loop_fd *source;
	} notify[VIRTIO_QUEUES_MAX];
};

/* Adds to an eventfd; a full counter wakes as well. */
void vmmio_poke(int fd);
void vmmio_interrupt(struct vmmio *m, unsigned why);
