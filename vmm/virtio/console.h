/*
 * virtio-console with multiport (virtio 1.2, 5.3): the two ports that init looks for, under the
 * names and numbers that they have under QEMU: port 1 is PROTO_PORT_BULK, port 2
 * PROTO_PORT_CONSOLE. Each is a stream socket of the host. A host that does not read holds the
 * guest's writes up, a guest that does not read leaves the bytes in the socket.
 */
#pragma once

#include "src/base/err.h"
#include "src/base/loop.h"
#include "vmm/virtio/device.h"

/* Descriptors are borrowed and must be sockets that do not block. */
struct virtio_device *virtio_console_new(
	struct loop *loop, int bulk_fd, int console_fd, struct err *e);
/* After its transport. */
void virtio_console_free(struct virtio_device *d);
