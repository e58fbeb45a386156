#include "vmm/virtio/block.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "src/base/mem.h"

enum {
	SECTOR = 512,
	FEATURE_SIZE_MAX = 1 << 1,
	FEATURE_SEG_MAX = 1 << 2,
	FEATURE_BLK_SIZE = 1 << 6,
	FEATURE_FLUSH = 1 << 9,
	SIZE_MAX_BYTES = 1 << 20, /* of one segment */
	SEG_MAX = 128,
	SERIAL_SIZE = 20,
	SLICES = 64,
	RETRIES = 16, /* after signals */
	TURN_REQUESTS = 32,
	TURN_BYTES = 4 << 20,
};

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_ID = 8 };
enum { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPP = 2 };

struct request {
	uint32_t type, reserved;
	uint64_t sector;
} __attribute__((packed));

struct config {
	uint64_t capacity;
	uint32_t size_max, seg_max, geometry, blk_size;
} __attribute__((packed));

struct block {
	struct virtio_device d;
	int fd; /* borrowed */
	uint64_t sectors;
};

/* All `n` bytes between the file at `offset` and the chain from byte `at` on. */
static bool transfer(const struct block *b, const struct virtq_chain *c, bool in, uint64_t at,
	uint64_t n, uint64_t offset)
{
	unsigned retries = 0;

	while (n) {
		struct iovec v[SLICES];
		int pieces = (int)virtq_slice(c, in, at, n, v, SLICES);
		ssize_t done = in ? preadv(b->fd, v, pieces, (off_t)offset)
				  : pwritev(b->fd, v, pieces, (off_t)offset);

		if (done < 0 && errno == EINTR && retries++ < RETRIES)
			continue;
		if (done <= 0)
			return false;
		at += (uint64_t)done;
		offset += (uint64_t)done;
		n -= (uint64_t)done;
	}
	return true;
}

static unsigned char read_write(const struct block *b, const struct virtq_chain *c, bool in,
	uint64_t sector, uint64_t *written)
{
	uint64_t n = in ? c->writable - 1 : c->readable - sizeof(struct request);

	if (n % SECTOR || sector > b->sectors || n / SECTOR > b->sectors - sector)
		return STATUS_IOERR;
	if (!transfer(b, c, in, in ? 0 : sizeof(struct request), n, sector * SECTOR))
		return STATUS_IOERR;
	*written = in ? n : 0;
	return STATUS_OK;
}

static unsigned char identify(const struct virtq_chain *c, uint64_t *written)
{
	static const char serial[SERIAL_SIZE] = VIRTIO_BLOCK_SERIAL;
	uint64_t room = c->writable - 1;

	*written = virtq_write(c, 0, serial, room < sizeof(serial) ? room : sizeof(serial));
	return STATUS_OK;
}

/* The status byte is the last that the device may write. */
static unsigned char perform(const struct block *b, const struct virtq_chain *c, uint64_t *written)
{
	struct request r;

	if (virtq_read(c, 0, &r, sizeof(r)) != sizeof(r))
		return STATUS_IOERR;
	switch (le32toh(r.type)) {
	case TYPE_IN:
	case TYPE_OUT:
		return read_write(b, c, le32toh(r.type) == TYPE_IN, le64toh(r.sector), written);
	case TYPE_FLUSH:
		return STATUS_OK; /* the file ends with the guest: no power cut can lose it */
	case TYPE_ID:
		return identify(c, written);
	default:
		return STATUS_UNSUPP;
	}
}

static bool kick(struct virtio_device *d, unsigned q)
{
	struct virtq *queue = &d->queue[q];
	struct virtq_chain c;
	uint64_t bytes = 0;
	unsigned n = 0;

	while (n < TURN_REQUESTS && bytes < TURN_BYTES && virtq_pop(queue, &c)) {
		uint64_t written = 0;
		unsigned char status;

		if (!c.writable) { /* nowhere to say how it went */
			virtq_poison(queue);
			return false;
		}
		status = perform((struct block *)d, &c, &written);
		virtq_write(&c, c.writable - 1, &status, 1);
		virtq_push(queue, &c, written + 1);
		bytes += c.readable + c.writable;
		n++;
	}
	return n == TURN_REQUESTS || bytes >= TURN_BYTES;
}

static void activate(struct virtio_device *d, uint64_t features)
{
	(void)d;
	(void)features;
}

static void reset(struct virtio_device *d)
{
	(void)d; /* nothing outlives a request */
}

static const struct virtio_ops ops = {
	.name = "virtio disk",
	.id = VIRTIO_ID_BLOCK,
	.queues = 1,
	.queue_max = 256,
	.activate = activate,
	.reset = reset,
	.kick = kick,
};

struct virtio_device *virtio_block_new(int fd, uint64_t size, struct err *e)
{
	struct config config = {
		.capacity = htole64(size / SECTOR),
		.size_max = htole32(SIZE_MAX_BYTES),
		.seg_max = htole32(SEG_MAX),
		.blk_size = htole32(SECTOR),
	};
	struct block *b;

	if (!size || size % SECTOR || size > INT64_MAX) {
		err_set(e, EINVAL, "a disk cannot have %llu bytes", (unsigned long long)size);
		return NULL;
	}
	b = xcalloc(1, sizeof(*b));
	b->d = (struct virtio_device){.ops = &ops, .config_size = sizeof(config)};
	b->d.features = FEATURE_SIZE_MAX | FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH;
	memcpy(b->d.config, &config, sizeof(config));
	b->fd = fd;
	b->sectors = size / SECTOR;
	return &b->d;
}

void virtio_block_free(struct virtio_device *d)
{
	free(d);
}
