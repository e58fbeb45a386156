#include "tests/lib/fake_virtio.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE 0xd0000000ULL

static void need(bool good)
{
	if (!good)
		abort();
}

void fv_init(struct fv *f)
{
	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < 2; i++) {
		f->region[i] = aligned_alloc(4096, FV_SEAM);
		need(f->region[i]);
		memset(f->region[i], 0, FV_SEAM);
		need(!gmem_add(&f->mem, (uint64_t)i * FV_SEAM, FV_SEAM, f->region[i], NULL));
	}
	f->loop = loop_new(NULL);
	need(f->loop && !irq_line_init(&f->irq, NULL));
}

void fv_attach(struct fv *f, struct virtio_device *d)
{
	f->mmio = vmmio_new(d, &f->mem, f->loop, &f->irq, NULL);
	need(f->mmio && !bus_add(&f->bus, BASE, VMMIO_SIZE, &vmmio_bus, f->mmio, NULL));
	bus_seal(&f->bus);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
		uint64_t at = FV_QUEUES_AT + (uint64_t)i * FV_QUEUE_ROOM;

		f->q[i] = (struct fv_queue){.desc = at, .avail = at + 0x1000, .used = at + 0x1400};
	}
}

void fv_detach(struct fv *f)
{
	vmmio_free(f->mmio);
	f->mmio = NULL;
}

void fv_release(struct fv *f)
{
	loop_free(f->loop);
	irq_line_release(&f->irq);
	free(f->region[0]);
	free(f->region[1]);
}

uint32_t fv_get(struct fv *f, unsigned reg)
{
	uint32_t v;

	bus_read(&f->bus, BASE + reg, &v, sizeof(v));
	return le32toh(v);
}

void fv_set(struct fv *f, unsigned reg, uint32_t v)
{
	v = htole32(v);
	bus_write(&f->bus, BASE + reg, &v, sizeof(v));
}

uint64_t fv_features(struct fv *f)
{
	uint64_t v;

	fv_set(f, FV_FEATURES_SEL, 1);
	v = (uint64_t)fv_get(f, FV_FEATURES) << 32;
	fv_set(f, FV_FEATURES_SEL, 0);
	return v | fv_get(f, FV_FEATURES);
}

static void accept_features(struct fv *f, uint64_t features)
{
	for (unsigned i = 0; i < 2; i++) {
		fv_set(f, FV_ACCEPT_SEL, i);
		fv_set(f, FV_ACCEPT, (uint32_t)(features >> (32 * i)));
	}
}

bool fv_negotiate(struct fv *f, uint64_t features)
{
	fv_set(f, FV_STATUS, 0);
	fv_set(f, FV_STATUS, 1);
	fv_set(f, FV_STATUS, 3);
	accept_features(f, features | 1ULL << FV_VERSION_1);
	fv_set(f, FV_STATUS, 0xb);
	return fv_get(f, FV_STATUS) == 0xb;
}

static void set_address(struct fv *f, unsigned reg, uint64_t v)
{
	fv_set(f, reg, (uint32_t)v);
	fv_set(f, reg + 4, (uint32_t)(v >> 32));
}

void fv_set_queue(struct fv *f, unsigned q, unsigned size)
{
	struct fv_queue *v = &f->q[q];

	memset(fv_ptr(f, v->desc, FV_QUEUE_ROOM), 0, FV_QUEUE_ROOM);
	v->size = size;
	v->next_desc = v->next_avail = v->next_used = 0;
	fv_set(f, FV_QUEUE_SEL, q);
	fv_set(f, FV_QUEUE_NUM, size);
	set_address(f, FV_DESC, v->desc);
	set_address(f, FV_AVAIL, v->avail);
	set_address(f, FV_USED_RING, v->used);
	fv_set(f, FV_QUEUE_READY, 1);
}

void fv_start(struct fv *f)
{
	fv_set(f, FV_STATUS, FV_OK);
}

void fv_bring_up(struct fv *f, uint64_t features, unsigned size)
{
	need(fv_negotiate(f, features));
	for (unsigned q = 0; q < vmmio_queues(f->mmio); q++) {
		unsigned max;

		fv_set(f, FV_QUEUE_SEL, q);
		max = fv_get(f, FV_QUEUE_MAX);
		fv_set_queue(f, q, size < max ? size : max);
	}
	fv_start(f);
	fv_turn(f, 8);
	fv_interrupts(f);
}

void *fv_ptr(struct fv *f, uint64_t gpa, uint64_t len)
{
	void *p = gmem_at(&f->mem, gpa, len);

	need(p);
	return p;
}

/* Stores that another thread may be looking at. */
static void put16(struct fv *f, uint64_t gpa, uint16_t v, int order)
{
	uint16_t *p = fv_ptr(f, gpa, 2);

	if (order == __ATOMIC_RELEASE)
		__atomic_store_n(p, htole16(v), __ATOMIC_RELEASE);
	else
		__atomic_store_n(p, htole16(v), __ATOMIC_RELAXED);
}

void fv_desc(struct fv *f, unsigned q, uint16_t i, uint64_t addr, uint32_t len, uint16_t flags,
	uint16_t next)
{
	uint64_t at = f->q[q].desc + 16ULL * i;

	__atomic_store_n((uint64_t *)fv_ptr(f, at, 8), htole64(addr), __ATOMIC_RELAXED);
	__atomic_store_n((uint32_t *)fv_ptr(f, at + 8, 4), htole32(len), __ATOMIC_RELAXED);
	put16(f, at + 12, flags, __ATOMIC_RELAXED);
	put16(f, at + 14, next, __ATOMIC_RELAXED);
}

void fv_avail_index(struct fv *f, unsigned q, uint16_t v)
{
	put16(f, f->q[q].avail + 2, v, __ATOMIC_RELEASE);
}

static void put_head(struct fv *f, unsigned q, uint16_t head)
{
	struct fv_queue *v = &f->q[q];

	put16(f, v->avail + 4 + 2ULL * (v->next_avail++ % v->size), head, __ATOMIC_RELAXED);
}

void fv_publish(struct fv *f, unsigned q)
{
	fv_avail_index(f, q, f->q[q].next_avail);
}

void fv_offer(struct fv *f, unsigned q, uint16_t head)
{
	put_head(f, q, head);
	fv_publish(f, q);
}

uint16_t fv_used_index(struct fv *f, unsigned q)
{
	return le16toh(
		__atomic_load_n((uint16_t *)fv_ptr(f, f->q[q].used + 2, 2), __ATOMIC_ACQUIRE));
}

uint16_t fv_avail_event(struct fv *f, unsigned q)
{
	const uint16_t *p = fv_ptr(f, f->q[q].used + 4 + 8ULL * f->q[q].size, 2);

	return le16toh(__atomic_load_n(p, __ATOMIC_RELAXED));
}

void fv_used_event(struct fv *f, unsigned q, uint16_t v)
{
	put16(f, f->q[q].avail + 4 + 2ULL * f->q[q].size, v, __ATOMIC_RELAXED);
}

bool fv_used(struct fv *f, unsigned q, uint32_t *head, uint32_t *len)
{
	struct fv_queue *v = &f->q[q];
	uint32_t *entry;

	if (fv_used_index(f, q) == v->next_used)
		return false;
	entry = fv_ptr(f, v->used + 4 + 8ULL * (v->next_used % v->size), 8);
	*head = le32toh(__atomic_load_n(&entry[0], __ATOMIC_RELAXED));
	*len = le32toh(__atomic_load_n(&entry[1], __ATOMIC_RELAXED));
	v->next_used++;
	return true;
}

uint16_t fv_prepare(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n)
{
	struct fv_queue *v = &f->q[q];
	uint16_t head = v->next_desc % v->size;

	for (unsigned i = 0; i < n; i++) {
		uint16_t at = v->next_desc++ % v->size;

		fv_desc(f, q, at, b[i].gpa, b[i].len,
			(uint16_t)((i + 1 < n ? FV_NEXT : 0) | (b[i].writable ? FV_WRITE : 0)),
			(uint16_t)((at + 1U) % v->size));
	}
	put_head(f, q, head);
	return head;
}

uint16_t fv_request(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n)
{
	uint16_t head = fv_prepare(f, q, b, n);

	fv_publish(f, q);
	return head;
}

void fv_notify(struct fv *f, unsigned q)
{
	fv_set(f, FV_NOTIFY, q);
}

void fv_turn(struct fv *f, unsigned turns)
{
	while (turns--)
		need(!loop_turn(f->loop, 0, NULL));
}

int64_t fv_do(struct fv *f, unsigned q, const struct fv_buf *b, unsigned n)
{
	uint32_t head, len;

	fv_request(f, q, b, n);
	fv_notify(f, q);
	fv_turn(f, 4);
	return fv_used(f, q, &head, &len) ? (int64_t)len : -1;
}

unsigned fv_interrupts(struct fv *f)
{
	uint64_t n = 0;

	return read(f->irq.fd, &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}
