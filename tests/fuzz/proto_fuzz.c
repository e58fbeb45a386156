/* Frames from a hostile guest: what comes out must not depend on how the bytes were split. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "vmm/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void record(void *user, uint32_t tag, const unsigned char *payload, size_t n)
{
	struct str *out = user;

	str_append(out, &tag, sizeof(tag));
	str_append(out, &n, sizeof(n));
	str_append(out, payload, n);
}

/* Splits of sizes that follow from the seed. */
static int feed(const uint8_t *bytes, size_t n, unsigned seed, struct str *out)
{
	struct proto_parser p = {0};
	int rc = 0;

	while (n) {
		size_t step;

		seed = seed * 1103515245u + 12345u;
		step = 1 + (seed >> 16) % 40;
		if (step > n)
			step = n;
		rc = proto_feed(&p, bytes, step, record, out);
		bytes += step;
		n -= step;
	}
	proto_parser_release(&p);
	return rc;
}

/* The fuzzer cannot guess checksums: those of whole frames are put right where the tag is odd. */
static void mend(uint8_t *bytes, size_t n)
{
	while (n >= PROTO_HEADER_SIZE) {
		uint32_t tag, len;

		memcpy(&tag, bytes, 4);
		memcpy(&len, bytes + 4, 4);
		if (len > n - PROTO_HEADER_SIZE)
			return;
		if (tag & 1)
			proto_pack(bytes, tag, bytes + PROTO_HEADER_SIZE, len);
		bytes += PROTO_HEADER_SIZE + len;
		n -= PROTO_HEADER_SIZE + len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	cleanup_str struct str whole = STR_INIT, split = STR_INIT;
	cleanup_free uint8_t *copy = xmalloc(n + 1);
	struct proto_parser p = {0};
	int rc;

	if (n)
		memcpy(copy, bytes, n);
	mend(copy, n);
	rc = proto_feed(&p, copy, n, record, &whole);
	proto_parser_release(&p);
	if (n && rc != feed(copy, n, bytes[0] + 256u * (unsigned)n, &split))
		abort();
	if (whole.len != split.len || (whole.len && memcmp(whole.s, split.s, whole.len)))
		abort();
	return 0;
}
