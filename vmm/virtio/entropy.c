#include "vmm/virtio/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "vmm/virtio/mmio.h"

enum {
	PERIOD_BYTES = 64 * 1024, /* in each period: the host's generator is not the guest's toy */
	PERIOD_MS = 100,
	TURN_CHAINS = 32,
	PIECE = 256, /* getrandom(2) gives that much without being interrupted */
};

struct entropy {
	struct virtio_device d;
	struct loop *loop;
	struct loop_timer *refill;
	bool counting; /* the period has begun */
	uint64_t left; /* bytes of it */
};

static bool fill(const struct virtq_chain *c, uint64_t n)
{
	unsigned char bytes[PIECE];

	for (uint64_t at = 0; at < n; at += sizeof(bytes)) {
		size_t some = n - at < sizeof(bytes) ? n - at : sizeof(bytes);

		if (getrandom(bytes, some, 0) != (ssize_t)some)
			return false;
		virtq_write(c, at, bytes, some);
	}
	return true;
}

static bool kick(struct virtio_device *d, unsigned q)
{
	struct entropy *r = (struct entropy *)d;
	struct virtq *queue = &d->queue[q];
	struct virtq_chain c;
	unsigned done = 0;

	while (r->left && done < TURN_CHAINS && virtq_pop(queue, &c)) {
		uint64_t n = c.writable < r->left ? c.writable : r->left;

		if (!fill(&c, n))
			n = 0;
		r->left -= n;
		virtq_push(queue, &c, n);
		done++;
	}
	if (done && !r->counting) {
		r->counting = true;
		loop_set_timer(r->loop, r->refill, PERIOD_MS * NS_PER_MS, 0);
	}
	return r->left && done == TURN_CHAINS;
}

static void on_refill(void *user)
{
	struct entropy *r = user;

	r->counting = false;
	r->left = PERIOD_BYTES;
	if (r->d.transport && vmmio_begin(r->d.transport)) {
		kick(&r->d, 0);
		vmmio_end(r->d.transport);
	}
}

static void activate(struct virtio_device *d, uint64_t features)
{
	(void)d;
	(void)features;
}

static void reset(struct virtio_device *d)
{
	(void)d; /* what was taken of the period stays taken */
}

static const struct virtio_ops ops = {
	.name = "virtio entropy source",
	.id = VIRTIO_ID_ENTROPY,
	.queues = 1,
	.queue_max = 64,
	.activate = activate,
	.reset = reset,
	.kick = kick,
};

struct virtio_device *virtio_entropy_new(struct loop *loop)
{
	struct entropy *r = xcalloc(1, sizeof(*r));

	r->d.ops = &ops;
	r->loop = loop;
	r->left = PERIOD_BYTES;
	r->refill = loop_add_timer(loop, 0, 0, on_refill, r);
	return &r->d;
}

void virtio_entropy_free(struct virtio_device *d)
{
	struct entropy *r = (struct entropy *)d;

	if (r)
		loop_del_timer(r->loop, r->refill);
	free(r);
}
