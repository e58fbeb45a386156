/*
 * virtio-blk (virtio 1.2, 5.2): a disk in a file of the host's (spec 1.8, 4.6). The file is raw,
 * whatever a guest writes into it.
 */
#pragma once

#include <stdint.h>

#include "src/base/err.h"
#include "vmm/virtio/device.h"

#define VIRTIO_BLOCK_SERIAL "ktstr-virtio-blk"

/* `fd` is borrowed; `size` is in bytes, a multiple of 512. */
struct virtio_device *virtio_block_new(int fd, uint64_t size, struct err *e);
/* After its transport. */
void virtio_block_free(struct virtio_device *d);
