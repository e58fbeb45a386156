/* The bytes of one port of a virtio-console, between a socket of the host's and two queues. Loop
 * thread only, between vmmio_begin() and vmmio_end() where queues are touched. */
#pragma once

#include "src/base/loop.h"
#include "vmm/virtio/virtq.h"

struct console_port {
	struct loop *loop;
	struct virtq *in, *out; /* to and from the guest; the transport's */
	int fd;			/* borrowed */
	struct loop_fd *source; /* NULL: the host has closed its end */
	bool open;		/* a process of the guest has it open */
	bool starved;		/* the guest has no buffers to read into */
	bool blocked;		/* the host does not take any more */
	uint64_t sent;		/* bytes of the request that is being sent */
};

/* Listens to the host's end for what can be used. */
void console_port_arm(struct console_port *p);
/* The host's end is closed: what the guest sends from now on has no reader. */
void console_port_close(struct console_port *p);
/* As if the guest had never opened it. */
void console_port_reset(struct console_port *p);
/* Moves bytes; true: there are more, but it was enough for one turn. */
bool console_port_to_guest(struct console_port *p);
bool console_port_from_guest(struct console_port *p);
