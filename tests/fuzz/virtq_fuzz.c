/* Rings full of anything: what a queue hands out lies in memory, adds up, and comes back no longer
 * than it is. */
#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/virtio/virtq.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum {
	RAM = 64 * 1024,
	SEAM = RAM / 2,
	DESC = 0x1000,
	AVAIL = 0x2000,
	USED = 0x3000,
	POPS = 600, /* more than a ring has entries */
};

static void need(bool good)
{
	if (!good)
		abort();
}

static bool inside(const struct gmem *m, const struct iovec *v)
{
	const unsigned char *p = v->iov_base;

	for (unsigned i = 0; i < m->n; i++) {
		const struct gmem_region *r = &m->region[i];

		if (p >= r->host && (size_t)(p - r->host) < r->size &&
			v->iov_len <= r->size - (size_t)(p - r->host))
			return true;
	}
	return false;
}

static void check_chain(const struct gmem *m, const struct virtq_chain *c)
{
	uint64_t sum[2] = {0, 0};

	need(c->nin + c->nout <= VIRTQ_PIECES_MAX);
	for (unsigned i = 0; i < c->nin + c->nout; i++) {
		need(c->piece[i].iov_len && inside(m, &c->piece[i]));
		sum[i >= c->nin] += c->piece[i].iov_len;
	}
	need(sum[0] == c->readable && sum[1] == c->writable);
}

/* Parts of the buffers, wherever they begin and end. */
static void check_slices(const struct gmem *m, const struct virtq_chain *c, uint64_t at, uint64_t n)
{
	struct iovec v[8];

	for (unsigned writable = 0; writable < 2; writable++) {
		uint64_t all = writable ? c->writable : c->readable, got = 0;
		unsigned pieces = virtq_slice(c, writable, at, n, v, 8);

		for (unsigned i = 0; i < pieces; i++) {
			need(inside(m, &v[i]));
			got += v[i].iov_len;
		}
		need(got <= n && (at >= all ? got == 0 : got <= all - at));
	}
}

static void check_used(const struct gmem *m, const struct virtq *q, const struct virtq_chain *c)
{
	uint16_t at = (uint16_t)(q->next_used - 1) % q->at.size;
	uint32_t entry[2];

	need(gmem_read(m, USED + 4 + 8ULL * at, entry, 8));
	need(le32toh(entry[0]) == c->head && le32toh(entry[1]) <= c->writable);
}

/* Byte 0: log2 of the size, and whether events are counted; the rest is memory, from the table on.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	unsigned char *low = calloc(1, SEAM), *high = calloc(1, SEAM);
	struct virtq_setup at = {.desc = DESC, .avail = AVAIL, .used = USED};
	struct gmem m = {0};
	struct virtq q;
	struct virtq_chain c;
	unsigned i = 0;

	need(low && high && !gmem_add(&m, 0, SEAM, low, NULL) &&
		!gmem_add(&m, SEAM, SEAM, high, NULL));
	if (n > 1) {
		at.size = 1U << (bytes[0] % 9);
		/* the table, then the available ring; buffers may lie on all of it */
		for (size_t k = 0; k + 1 < n && k < 16 * at.size; k++)
			low[DESC + k] = bytes[k + 1];
		for (size_t k = 16 * at.size; k + 1 < n && k < 18 * at.size + 6; k++)
			low[AVAIL + k - 16 * at.size] = bytes[k + 1];
		need(virtq_start(&q, &m, &at, 256, bytes[0] & 0x80));
		for (; i < POPS && virtq_pop(&q, &c); i++) {
			check_chain(&m, &c);
			check_slices(&m, &c, bytes[i % n], bytes[(i + 1) % n] * 256ULL);
			if (bytes[0] & 0x40 && i == 3) {
				virtq_unpop(&q);
				continue;
			}
			virtq_push(&q, &c, bytes[i % n] * 1000ULL);
			check_used(&m, &q, &c);
			virtq_wants_interrupt(&q);
		}
		/* the ring's index does not move by itself: there is an end to it */
		need(i <= 256U + 1 && (q.poisoned || !virtq_pop(&q, &c)));
	}
	free(low);
	free(high);
	return 0;
}
