/* virtio-rng (virtio 1.2, 5.4): the host's random bytes, a bounded number a second. */
#pragma once

#include "src/base/loop.h"
#include "vmm/virtio/device.h"

struct virtio_device *virtio_entropy_new(struct loop *loop);
/* After its transport. */
void virtio_entropy_free(struct virtio_device *d);
