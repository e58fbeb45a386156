/* SHA-256 (FIPS 180-4), for names of things by their content. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_HEX = 64 };

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	unsigned char block[64];
};

void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *bytes, size_t n);
void sha256_end(struct sha256 *h, unsigned char out[SHA256_SIZE]);
/* Of all that is in the file, as lower-case hex; the descriptor's offset stays. 0 or -errno. */
int sha256_of_fd(int fd, char out[SHA256_HEX + 1]);
