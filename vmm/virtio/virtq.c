#include "vmm/virtio/virtq.h"

#include <endian.h>
#include <string.h>

enum {
	DESC_NEXT = 1,
	DESC_WRITE = 2,
	DESC_INDIRECT = 4, /* never offered, so never allowed */
	DESC_SIZE = 16,
	AVAIL_NO_INTERRUPT = 1,
	AVAIL_FLAGS = 0,
	AVAIL_IDX = 2,
	AVAIL_RING = 4,
	USED_IDX = 2,
	USED_RING = 4,
	USED_ENTRY = 8,
};

/* Of one request: the largest that a disk takes (128 segments of 1 MiB), and its frame. */
#define CHAIN_BYTES_MAX (129ULL << 20)

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static uint64_t avail_size(uint32_t n)
{
	return AVAIL_RING + 2ULL * n + 2;
}

static uint64_t used_size(uint32_t n)
{
	return USED_RING + (uint64_t)USED_ENTRY * n + 2;
}

/* The rings were found to be aligned and in memory by virtq_start(), so these do not fail; if they
 * did, the guest would see zeroes. */
static uint16_t load16(const struct virtq *q, uint64_t gpa)
{
	const uint16_t *p = gmem_at(q->mem, gpa, sizeof(*p));

	return p ? le16toh(__atomic_load_n(p, __ATOMIC_ACQUIRE)) : 0;
}

static void store16(const struct virtq *q, uint64_t gpa, uint16_t v)
{
	uint16_t *p = gmem_at(q->mem, gpa, sizeof(*p));

	if (p)
		__atomic_store_n(p, htole16(v), __ATOMIC_RELEASE);
}

static void store32(const struct virtq *q, uint64_t gpa, uint32_t v)
{
	uint32_t *p = gmem_at(q->mem, gpa, sizeof(*p));

	if (p)
		__atomic_store_n(p, htole32(v), __ATOMIC_RELAXED);
}

bool virtq_start(struct virtq *q, const struct gmem *mem, const struct virtq_setup *at,
	uint32_t max, bool event_idx)
{
	*q = (struct virtq){0};
	if (!at->size || at->size & (at->size - 1) || at->size > max || at->size > VIRTQ_SIZE_MAX)
		return false;
	if (at->desc % 16 || at->avail % 2 || at->used % 4)
		return false;
	if (!gmem_at(mem, at->desc, (uint64_t)DESC_SIZE * at->size) ||
		!gmem_at(mem, at->avail, avail_size(at->size)) ||
		!gmem_at(mem, at->used, used_size(at->size)))
		return false;
	q->mem = mem;
	q->at = *at;
	q->event_idx = event_idx;
	return true;
}

void virtq_stop(struct virtq *q)
{
	*q = (struct virtq){0};
}

void virtq_poison(struct virtq *q)
{
	q->poisoned = true;
}

/* How many requests wait. Where none does, the driver is asked to announce the next one, and then
 * one must look again: it may have come in between. */
static uint16_t waiting(struct virtq *q)
{
	uint16_t n = load16(q, q->at.avail + AVAIL_IDX) - q->next_avail;

	if (n || !q->event_idx)
		return n;
	store16(q, q->at.used + used_size(q->at.size) - 2, q->next_avail);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return load16(q, q->at.avail + AVAIL_IDX) - q->next_avail;
}

static struct desc load_desc(const struct virtq *q, uint16_t i)
{
	const struct desc *d = gmem_at(q->mem, q->at.desc + (uint64_t)DESC_SIZE * i, sizeof(*d));
	struct desc copy = {0};

	if (!d)
		return copy;
	copy.addr = le64toh(__atomic_load_n(&d->addr, __ATOMIC_RELAXED));
	copy.len = le32toh(__atomic_load_n(&d->len, __ATOMIC_RELAXED));
	copy.flags = le16toh(__atomic_load_n(&d->flags, __ATOMIC_RELAXED));
	copy.next = le16toh(__atomic_load_n(&d->next, __ATOMIC_RELAXED));
	return copy;
}

/* A buffer's pieces, one for each region that it lies in. */
static bool add_buffer(const struct virtq *q, struct virtq_chain *c, const struct desc *d)
{
	bool writable = d->flags & DESC_WRITE;
	uint64_t done = 0, got;

	while (done < d->len) {
		void *p = d->addr > UINT64_MAX - done
				  ? NULL
				  : gmem_piece(q->mem, d->addr + done, d->len - done, &got);

		if (!p || c->nin + c->nout == VIRTQ_PIECES_MAX)
			return false;
		c->piece[c->nin + c->nout] = (struct iovec){p, got};
		*(writable ? &c->nout : &c->nin) += 1;
		done += got;
	}
	*(writable ? &c->writable : &c->readable) += d->len;
	return c->readable + c->writable <= CHAIN_BYTES_MAX;
}

static bool collect(const struct virtq *q, struct virtq_chain *c)
{
	uint16_t i = c->head;
	bool writing = false;

	for (uint32_t n = 0; n < q->at.size; n++) {
		struct desc d;

		if (i >= q->at.size)
			return false;
		d = load_desc(q, i);
		if (d.flags & DESC_INDIRECT || (writing && !(d.flags & DESC_WRITE)))
			return false;
		writing = d.flags & DESC_WRITE;
		if (!add_buffer(q, c, &d))
			return false;
		if (!(d.flags & DESC_NEXT))
			return true;
		i = d.next;
	}
	return false; /* longer than the table: a loop */
}

bool virtq_pop(struct virtq *q, struct virtq_chain *c)
{
	uint16_t n;

	if (!q->mem || q->poisoned)
		return false;
	n = waiting(q);
	if (!n)
		return false;
	c->nin = c->nout = 0;
	c->readable = c->writable = 0;
	c->head = load16(q, q->at.avail + AVAIL_RING + 2ULL * (q->next_avail % q->at.size));
	if (n > q->at.size || !collect(q, c)) {
		virtq_poison(q);
		return false;
	}
	q->next_avail++;
	q->taken++;
	return true;
}

void virtq_unpop(struct virtq *q)
{
	q->next_avail--;
	q->taken--;
}

void virtq_push(struct virtq *q, const struct virtq_chain *c, uint64_t written)
{
	uint64_t entry = q->at.used + USED_RING +
			 (uint64_t)USED_ENTRY * (q->next_used % (q->at.size ? q->at.size : 1));

	if (!q->mem)
		return;
	if (written > c->writable)
		written = c->writable;
	store32(q, entry, c->head);
	store32(q, entry + 4, (uint32_t)written);
	q->next_used++;
	store16(q, q->at.used + USED_IDX, q->next_used);
}

bool virtq_wants_interrupt(struct virtq *q)
{
	uint16_t old = q->signalled, event;

	if (!q->mem || q->next_used == old)
		return false;
	/* what was pushed must be seen before the driver's wish is read */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	q->signalled = q->next_used;
	if (!q->event_idx)
		return !(load16(q, q->at.avail + AVAIL_FLAGS) & AVAIL_NO_INTERRUPT);
	event = load16(q, q->at.avail + avail_size(q->at.size) - 2);
	return (uint16_t)(q->next_used - event - 1) < (uint16_t)(q->next_used - old);
}

unsigned virtq_slice(const struct virtq_chain *c, bool writable, uint64_t at, uint64_t n,
	struct iovec *out, unsigned max)
{
	const struct iovec *p = writable ? c->piece + c->nin : c->piece;
	unsigned pieces = writable ? c->nout : c->nin, used = 0;

	for (unsigned i = 0; i < pieces && n && used < max; i++) {
		size_t len = p[i].iov_len;

		if (at >= len) {
			at -= len;
			continue;
		}
		len -= at;
		if (len > n)
			len = n;
		out[used++] = (struct iovec){(char *)p[i].iov_base + at, len};
		n -= len;
		at = 0;
	}
	return used;
}

size_t virtq_read(const struct virtq_chain *c, uint64_t at, void *to, size_t n)
{
	size_t done = 0;
	struct iovec v;

	while (done < n && virtq_slice(c, false, at + done, n - done, &v, 1)) {
		memcpy((char *)to + done, v.iov_base, v.iov_len);
		done += v.iov_len;
	}
	return done;
}

size_t virtq_write(const struct virtq_chain *c, uint64_t at, const void *from, size_t n)
{
	size_t done = 0;
	struct iovec v;

	while (done < n && virtq_slice(c, true, at + done, n - done, &v, 1)) {
		memcpy(v.iov_base, (const char *)from + done, v.iov_len);
		done += v.iov_len;
	}
	return done;
}
