/*
 * What a virtio device is to its transport. A device embeds a struct virtio_device as its first
 * member; the operations run on the loop thread only, never two at a time, and queues are in use
 * between activate() and reset() only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/virtio/virtq.h"

enum {
	VIRTIO_QUEUES_MAX = 8,
	VIRTIO_CONFIG_MAX = 64,
	VIRTIO_ID_BLOCK = 2,
	VIRTIO_ID_CONSOLE = 3,
	VIRTIO_ID_ENTROPY = 4,
};

struct virtio_device;

struct virtio_ops {
	const char *name; /* for errors */
	uint32_t id;
	unsigned queues, queue_max; /* each of them at most this long */
	/* The driver is ready; `features` are those it took. */
	void (*activate)(struct virtio_device *d, uint64_t features);
	/* Everything back to the start; nothing of the queues may be remembered. */
	void (*reset)(struct virtio_device *d);
	/* Requests may be waiting in queue q. True: there are more, but the device has done its
	 * share of this turn and wants to be called again. */
	bool (*kick)(struct virtio_device *d, unsigned q);
};

struct vmmio;

struct virtio_device {
	const struct virtio_ops *ops;
	uint64_t features; /* offered; VERSION_1 and EVENT_IDX are the transport's */
	unsigned char config[VIRTIO_CONFIG_MAX]; /* constant; writes are ignored */
	size_t config_size;
	/* the transport's, for the operations */
	struct vmmio *transport;
	struct virtq *queue;
};
