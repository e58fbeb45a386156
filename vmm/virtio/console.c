#include "vmm/virtio/console.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/proto.h"
#include "vmm/virtio/console_port.h"
#include "vmm/virtio/mmio.h"

enum {
	FEATURE_MULTIPORT = 1 << 1,
	/* Linux fills each queue to a port with pages when it starts: 256 KiB on their way are
	   plenty */
	QUEUE_MAX = 64,
	QUEUE_CONTROL_IN = 2, /* to the guest */
	QUEUE_CONTROL_OUT = 3,
	QUEUE_PORTS = 4, /* of port 1: to the guest, from the guest; then those of port 2 */
	PORTS = 2,
	PORTS_MAX = 3, /* as the guest counts: port 0, a console of the kernel's, is not there */
	CONFIG_PORTS_AT = 4,
	CONFIG_SIZE = 12,
	TURN_CONTROL = 32, /* messages that one call hears */
};

enum { /* control messages */
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	PORT_NAME = 7,
};

struct control {
	uint32_t id;
	uint16_t event, value;
} __attribute__((packed));

/* What the guest has not been told yet of a port, in the order in which it is. */
enum {
	TELL_ADD = 1 << 0,
	TELL_NAME = 1 << 1,
	TELL_OPEN = 1 << 2,
	TELL_CLOSED = 1 << 3,
};

static const struct {
	unsigned tell;
	uint16_t event, value;
} messages[] = {
	{.tell = TELL_ADD, .event = DEVICE_ADD, .value = 1},
	{.tell = TELL_NAME, .event = PORT_NAME, .value = 1},
	{.tell = TELL_OPEN, .event = PORT_OPEN, .value = 1},
	{.tell = TELL_CLOSED, .event = PORT_OPEN, .value = 0},
};

struct port {
	struct console_port bytes;
	struct console *c;
	unsigned id;
	const char *name;
	unsigned tell;
	bool known;	/* the guest's driver has the port */
	bool told_open; /* it was told that the host's end is open */
};

struct console {
	struct virtio_device d;
	bool ready; /* the guest's driver has said so */
	struct port port[PORTS];
};

/* ---- control -----------------------------------------------------------------------------------
 */

/* Sends one message of those that `p` waits for; false: the guest has no buffer for it. */
static bool tell_one(struct virtq *q, struct port *p)
{
	size_t i = 0, n;
	struct virtq_chain chain;
	struct control m;

	if (!virtq_pop(q, &chain))
		return false;
	while (!(p->tell & messages[i].tell))
		i++;
	m.id = htole32(p->id);
	m.event = htole16(messages[i].event);
	m.value = htole16(messages[i].value);
	n = virtq_write(&chain, 0, &m, sizeof(m));
	if (messages[i].tell == TELL_NAME)
		n += virtq_write(&chain, n, p->name, strlen(p->name));
	virtq_push(q, &chain, n);
	p->tell &= ~messages[i].tell;
	return true;
}

static void tell_guest(struct console *c)
{
	struct virtq *q = &c->d.queue[QUEUE_CONTROL_IN];

	for (unsigned i = 0; i < PORTS; i++) {
		struct port *p = &c->port[i];

		if (p->told_open && !p->bytes.source) {
			p->told_open = false;
			p->tell |= TELL_CLOSED;
		}
		while (p->tell)
			if (!tell_one(q, p))
				return;
	}
}

static void port_message(struct port *p, uint16_t event, uint16_t value)
{
	if (event == PORT_READY && value && !p->known) {
		p->known = true;
		p->told_open = p->bytes.source;
		p->tell |= TELL_NAME | (p->told_open ? TELL_OPEN : 0);
	} else if (event == PORT_OPEN) {
		p->bytes.open = value;
		p->bytes.starved = false;
		console_port_arm(&p->bytes);
	}
}

static void guest_message(struct console *c, const struct control *m)
{
	uint16_t event = le16toh(m->event), value = le16toh(m->value);
	uint32_t id = le32toh(m->id);

	if (event == DEVICE_READY && value && !c->ready) {
		c->ready = true;
		for (unsigned i = 0; i < PORTS; i++)
			c->port[i].tell |= TELL_ADD;
	} else if (event != DEVICE_READY && id >= 1 && id <= PORTS) {
		port_message(&c->port[id - 1], event, value);
	}
}

static bool hear_guest(struct console *c)
{
	struct virtq *q = &c->d.queue[QUEUE_CONTROL_OUT];
	struct virtq_chain chain;
	unsigned n = 0;

	for (; n < TURN_CONTROL && virtq_pop(q, &chain); n++) {
		struct control m;

		if (virtq_read(&chain, 0, &m, sizeof(m)) == sizeof(m))
			guest_message(c, &m);
		virtq_push(q, &chain, 0);
	}
	return n == TURN_CONTROL;
}

/* ---- the device --------------------------------------------------------------------------------
 */

static void host_event(void *user, int fd, uint32_t events)
{
	struct port *p = user;
	struct vmmio *transport = p->c->d.transport;
	bool over = events & (EPOLLHUP | EPOLLERR);

	(void)fd;
	if (!vmmio_begin(transport)) {
		if (over)
			console_port_close(&p->bytes);
		return;
	}
	if (p->bytes.blocked && console_port_from_guest(&p->bytes))
		vmmio_again(transport, QUEUE_PORTS + 2 * (p->id - 1) + 1);
	if (p->bytes.open && !p->bytes.starved)
		console_port_to_guest(&p->bytes);
	else if (over)
		console_port_close(&p->bytes);
	tell_guest(p->c);
	vmmio_end(transport);
}

static bool kick(struct virtio_device *d, unsigned q)
{
	struct console *c = (struct console *)d;
	bool more = false;

	if (q == QUEUE_CONTROL_OUT)
		more = hear_guest(c);
	else if (q >= QUEUE_PORTS && q % 2)
		more = console_port_from_guest(&c->port[(q - QUEUE_PORTS) / 2].bytes);
	else if (q >= QUEUE_PORTS)
		more = console_port_to_guest(&c->port[(q - QUEUE_PORTS) / 2].bytes);
	tell_guest(c);
	return more;
}

static void activate(struct virtio_device *d, uint64_t features)
{
	struct console *c = (struct console *)d;

	(void)features; /* a driver without MULTIPORT sees no port */
	for (unsigned i = 0; i < PORTS; i++) {
		c->port[i].bytes.in = &d->queue[QUEUE_PORTS + 2 * i];
		c->port[i].bytes.out = &d->queue[QUEUE_PORTS + 2 * i + 1];
	}
}

static void reset(struct virtio_device *d)
{
	struct console *c = (struct console *)d;

	c->ready = false;
	for (unsigned i = 0; i < PORTS; i++) {
		struct port *p = &c->port[i];

		p->tell = 0;
		p->known = p->told_open = false;
		console_port_reset(&p->bytes);
	}
}

static const struct virtio_ops ops = {
	.name = "virtio console",
	.id = VIRTIO_ID_CONSOLE,
	.queues = QUEUE_PORTS + 2 * PORTS,
	.queue_max = QUEUE_MAX,
	.activate = activate,
	.reset = reset,
	.kick = kick,
};

static int add_port(
	struct console *c, struct loop *loop, unsigned i, const char *name, int fd, struct err *e)
{
	struct port *p = &c->port[i];

	*p = (struct port){.c = c, .id = i + 1, .name = name};
	p->bytes = (struct console_port){.loop = loop, .fd = fd};
	p->bytes.source = loop_add_fd(loop, fd, 0, host_event, p, e);
	return p->bytes.source ? 0 : -EBADF;
}

struct virtio_device *virtio_console_new(
	struct loop *loop, int bulk_fd, int console_fd, struct err *e)
{
	struct console *c = xcalloc(1, sizeof(*c));

	c->d = (struct virtio_device){
		.ops = &ops, .features = FEATURE_MULTIPORT, .config_size = CONFIG_SIZE};
	c->d.config[CONFIG_PORTS_AT] = PORTS_MAX;
	if (add_port(c, loop, 0, PROTO_PORT_BULK, bulk_fd, e) ||
		add_port(c, loop, 1, PROTO_PORT_CONSOLE, console_fd, e)) {
		virtio_console_free(&c->d);
		return NULL;
	}
	return &c->d;
}

void virtio_console_free(struct virtio_device *d)
{
	struct console *c = (struct console *)d;

	for (unsigned i = 0; c && i < PORTS; i++)
		loop_del_fd(c->port[i].bytes.loop, c->port[i].bytes.source);
	free(c);
}
