#include "vmm/proto.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/crc32.h"

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

void proto_pack(unsigned char out[PROTO_HEADER_SIZE], uint32_t tag, const void *payload, size_t n)
{
	put_le32(out, tag);
	put_le32(out + 4, (uint32_t)n);
	put_le32(out + 8, crc32_ieee(payload, n));
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

	if (crc32_ieee(payload, n) != le32(frame + 8))
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
