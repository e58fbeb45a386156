#include "vmm/proto.h"

#include <stdlib.h>
#include <string.h>

/*
 * CRC-32 (IEEE 802.3, reflected) four bytes at a time. The checksum is linear, so each table entry
 * is the sum of what its single bits contribute: only those eight values per table are written
 * down, and the compiler spreads them out. The guest computes this in software emulation for every
 * byte of a command's output, which is why one byte per step would be felt.
 */
#define BIT(n, b, v)  (((n) >> (b)&1) ? (v) : 0)
#define ENTRY(n, ...) ENTRY_(n, __VA_ARGS__)
#define ENTRY_(n, a, b, c, d, e, f, g, h)                                                          \
	(BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^ \
		BIT(n, 6, g) ^ BIT(n, 7, h))
#define FOUR(n, ...)                                                                               \
	ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__),           \
		ENTRY((n) + 3, __VA_ARGS__)
#define SIXTEEN(n, ...)                                                                            \
	FOUR(n, __VA_ARGS__), FOUR((n) + 4, __VA_ARGS__), FOUR((n) + 8, __VA_ARGS__),              \
		FOUR((n) + 12, __VA_ARGS__)
#define SIXTY_FOUR(n, ...)                                                                         \
	SIXTEEN(n, __VA_ARGS__), SIXTEEN((n) + 16, __VA_ARGS__), SIXTEEN((n) + 32, __VA_ARGS__),   \
		SIXTEEN((n) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
	{                                                                                          \
		SIXTY_FOUR(0u, __VA_ARGS__), SIXTY_FOUR(64u, __VA_ARGS__),                         \
			SIXTY_FOUR(128u, __VA_ARGS__), SIXTY_FOUR(192u, __VA_ARGS__)               \
	}

static const uint32_t crc_table[4][256] = {
	TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
		0xedb88320),
	TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
		0x3b83984b),
	TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
		0xe1351b80),
	TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
		0xed59b63b),
};

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
	p[2] = (unsigned char)(v >> 16);
	p[3] = (unsigned char)(v >> 24);
}

uint32_t proto_crc32(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t crc = 0xffffffff;

	for (; n >= 4; n -= 4, p += 4) {
		crc ^= le32(p);
		crc = crc_table[3][crc & 255] ^ crc_table[2][crc >> 8 & 255] ^
		      crc_table[1][crc >> 16 & 255] ^ crc_table[0][crc >> 24];
	}
	for (; n; n--, p++)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 255];
	return ~crc;
}

void proto_pack(unsigned char out[PROTO_HEADER_SIZE], uint32_t tag, const void *payload, size_t n)
{
	put_le32(out, tag);
	put_le32(out + 4, (uint32_t)n);
	put_le32(out + 8, proto_crc32(payload, n));
	put_le32(out + 12, 0);
}

/* Makes room for need bytes in all. Growth by doubling, from a size that holds a usual chunk. */
static int reserve(struct proto_parser *p, size_t need)
{
	size_t cap = p->cap ? p->cap : PROTO_HEADER_SIZE + PROTO_CHUNK;
	unsigned char *buf;

	if (need <= p->cap)
		return 0;
	while (cap < need)
		cap *= 2;
	buf = realloc(p->buf, cap);
	if (!buf)
		return -1;
	p->buf = buf;
	p->cap = cap;
	return 0;
}

/*
 * Looks at the beginning of n bytes: the size of the whole frame there, 0 when even its header is
 * not complete, -1 when it cannot be a frame.
 */
static long frame_size(const unsigned char *p, size_t n)
{
	if (n < PROTO_HEADER_SIZE)
		return 0;
	if (le32(p + 4) > PROTO_PAYLOAD_MAX || le32(p + 12) != 0)
		return -1;
	return PROTO_HEADER_SIZE + (long)le32(p + 4);
}

static int deliver(const unsigned char *frame, proto_frame_fn *fn, void *user)
{
	const unsigned char *payload = frame + PROTO_HEADER_SIZE;
	size_t n = le32(frame + 4);

	if (proto_crc32(payload, n) != le32(frame + 8))
		return -1;
	fn(user, le32(frame), payload, n);
	return 0;
}

/* Whole frames straight from the caller's bytes: the number of bytes used, -1 when refused. */
static long feed_whole(const unsigned char *in, size_t n, proto_frame_fn *fn, void *user)
{
	size_t used = 0;

	for (;;) {
		long size = frame_size(in + used, n - used);

		if (size < 0)
			return -1;
		if (size == 0 || (size_t)size > n - used)
			return (long)used;
		if (deliver(in + used, fn, user))
			return -1;
		used += (size_t)size;
	}
}

/* Adds bytes to the frame that is being gathered until it is whole; the number used, or -1. */
static long feed_partial(
	struct proto_parser *p, const unsigned char *in, size_t n, proto_frame_fn *fn, void *user)
{
	size_t used = 0;

	while (used < n) {
		long size = frame_size(p->buf, p->len);
		size_t want = size > 0 ? (size_t)size : PROTO_HEADER_SIZE;
		size_t take = want - p->len < n - used ? want - p->len : n - used;

		if (size < 0 || reserve(p, p->len + take))
			return -1;
		memcpy(p->buf + p->len, in + used, take);
		p->len += take;
		used += take;
		size = frame_size(p->buf, p->len);
		if (size < 0)
			return -1;
		if (size > 0 && p->len == (size_t)size) {
			p->len = 0;
			return deliver(p->buf, fn, user) ? -1 : (long)used;
		}
	}
	return (long)used;
}

int proto_feed(struct proto_parser *p, const void *bytes, size_t n, proto_frame_fn *fn, void *user)
{
	const unsigned char *in = bytes;

	while (n && !p->broken) {
		long used = p->len ? 0 : feed_whole(in, n, fn, user);

		if (used >= 0 && (size_t)used < n) {
			long more = feed_partial(p, in + used, n - (size_t)used, fn, user);

			used = more < 0 ? -1 : used + more;
		}
		if (used < 0)
			break;
		in += used;
		n -= (size_t)used;
	}
	if (n)
		p->broken = 1;
	return p->broken ? -1 : 0;
}

void proto_parser_release(struct proto_parser *p)
{
	free(p->buf);
	memset(p, 0, sizeof(*p));
}
