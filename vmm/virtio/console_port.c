#include "vmm/virtio/console_port.h"

#include <errno.h>
#include <sys/socket.h>

enum { /* what one call does at most */
	TURN_CHAINS = 32,
	TURN_BYTES = 256 * 1024,
	SLICES = 64,
};

void console_port_arm(struct console_port *p)
{
	uint32_t events = (p->open && !p->starved ? EPOLLIN : 0) | (p->blocked ? EPOLLOUT : 0);

	if (p->source)
		loop_set_events(p->loop, p->source, events);
}

void console_port_close(struct console_port *p)
{
	loop_del_fd(p->loop, p->source);
	p->source = NULL;
	p->blocked = false;
}

void console_port_reset(struct console_port *p)
{
	p->open = p->starved = p->blocked = false;
	p->sent = 0;
	console_port_arm(p);
}

/* One buffer full from the host; false: there is nothing (more) to be had. */
static bool receive(struct console_port *p, struct virtq_chain *chain)
{
	struct virtq *q = p->in;
	struct iovec v[SLICES];
	struct msghdr m = {.msg_iov = v};
	ssize_t n;

	m.msg_iovlen = virtq_slice(chain, true, 0, chain->writable, v, SLICES);
	if (!m.msg_iovlen) {
		virtq_push(q, chain, 0);
		return true;
	}
	n = recvmsg(p->fd, &m, MSG_DONTWAIT);
	if (n > 0) {
		virtq_push(q, chain, (uint64_t)n);
		return true;
	}
	virtq_unpop(q);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		console_port_close(p);
	return false;
}

bool console_port_to_guest(struct console_port *p)
{
	struct virtq_chain chain;
	unsigned n = 0;

	if (!p->open || !p->source)
		return false;
	while (n < TURN_CHAINS) {
		if (!virtq_pop(p->in, &chain)) {
			p->starved = true;
			break;
		}
		p->starved = false;
		if (!receive(p, &chain))
			break;
		n++;
	}
	console_port_arm(p);
	return n == TURN_CHAINS;
}

/* Bytes that the host took of this request from p->sent on; 0: it does not take any more now. What
 * a host that has left will never read is taken too. */
static uint64_t send_some(struct console_port *p, const struct virtq_chain *chain)
{
	struct iovec v[SLICES];
	struct msghdr m = {.msg_iov = v};
	ssize_t n;

	if (!p->source)
		return chain->readable;
	m.msg_iovlen = virtq_slice(chain, false, p->sent, TURN_BYTES, v, SLICES);
	do
		n = sendmsg(p->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (uint64_t)n;
	if (errno == EAGAIN)
		return 0;
	console_port_close(p);
	return chain->readable;
}

bool console_port_from_guest(struct console_port *p)
{
	struct virtq *q = p->out;
	struct virtq_chain chain;
	uint64_t bytes = 0;
	unsigned n = 0;

	p->blocked = false;
	while (n++ < TURN_CHAINS && bytes < TURN_BYTES && virtq_pop(q, &chain)) {
		/* The guest may have changed the request that was half sent. */
		uint64_t some = p->sent < chain.readable ? send_some(p, &chain) : 0;

		bytes += some;
		p->sent += some;
		if (p->sent >= chain.readable) {
			p->sent = 0;
			virtq_push(q, &chain, 0);
			continue;
		}
		virtq_unpop(q);
		p->blocked = !some;
		if (p->blocked)
			break;
	}
	console_port_arm(p);
	return !p->blocked && (n > TURN_CHAINS || bytes >= TURN_BYTES);
}
