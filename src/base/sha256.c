#include "src/base/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t v, unsigned by)
{
	return v >> by | v << (32 - by);
}

static void expand(const unsigned char *block, uint32_t w[64])
{
	for (unsigned i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
		       (uint32_t)block[2] << 8 | block[3];
	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void mix(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[64], v[8];

	expand(block, w);
	memcpy(v, state, sizeof(v));
	for (unsigned i = 0; i < 64; i++) {
		uint32_t a = v[0], e = v[4];
		uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			       ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
		uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += one;
		v[0] = one + two;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

void sha256_begin(struct sha256 *h)
{
	static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	memcpy(h->state, start, sizeof(start));
	h->bytes = 0;
}

void sha256_add(struct sha256 *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t held = h->bytes % sizeof(h->block);

	h->bytes += n;
	if (held) {
		size_t take = sizeof(h->block) - held < n ? sizeof(h->block) - held : n;

		memcpy(h->block + held, p, take);
		p += take;
		n -= take;
		if (held + take < sizeof(h->block))
			return;
		mix(h->state, h->block);
	}
	for (; n >= sizeof(h->block); n -= sizeof(h->block), p += sizeof(h->block))
		mix(h->state, p);
	if (n)
		memcpy(h->block, p, n);
}

void sha256_end(struct sha256 *h, unsigned char out[SHA256_SIZE])
{
	static const unsigned char pad[64] = {0x80};
	uint64_t bits = h->bytes * 8;
	size_t held = h->bytes % 64;
	unsigned char length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(h, pad, held < 56 ? 56 - held : 120 - held);
	sha256_add(h, length, sizeof(length));
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		out[i] = (unsigned char)(h->state[i / 4] >> (24 - 8 * (i % 4)));
}

int sha256_of_fd(int fd, char out[SHA256_HEX + 1])
{
	unsigned char buf[64 * 1024], sum[SHA256_SIZE];
	struct sha256 h;
	off_t at = 0;
	ssize_t n;

	sha256_begin(&h);
	while ((n = pread(fd, buf, sizeof(buf), at)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		sha256_add(&h, buf, (size_t)n);
		at += n;
	}
	sha256_end(&h, sum);
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", sum[i]);
	return 0;
}
