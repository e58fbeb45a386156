#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/crc32.h"
#include "vmm/proto.h"

/* Bit by bit, as the polynomial says: what the tables must agree with. */
static uint32_t slow_crc(const unsigned char *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void checksums_are_those_of_the_standard(void **state)
{
	unsigned char bytes[1031];

	(void)state;
	assert_int_equal(crc32_ieee("123456789", 9), 0xcbf43926u);
	assert_int_equal(crc32_ieee("", 0), 0);
	assert_int_equal(crc32_ieee(NULL, 0), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 167 + i / 7);
	for (size_t from = 0; from < 4; from++)
		for (size_t n = 0; n < sizeof(bytes) - from; n += 13)
			assert_int_equal(crc32_ieee(bytes + from, n), slow_crc(bytes + from, n));
}

static void headers_are_little_endian(void **state)
{
	static const unsigned char expected[PROTO_HEADER_SIZE] = {
		0x58, 0x43, 0x58, 0x45, 9, 0, 0, 0, 0x26, 0x39, 0xf4, 0xcb, 0, 0, 0, 0};
	unsigned char header[PROTO_HEADER_SIZE];

	(void)state;
	proto_pack(header, PROTO_EXEC_EXIT, "123456789", 9);
	assert_memory_equal(header, expected, sizeof(expected));
}

static void add_frame(struct str *out, uint32_t tag, const void *payload, size_t n)
{
	unsigned char header[PROTO_HEADER_SIZE];

	proto_pack(header, tag, payload, n);
	str_append(out, header, sizeof(header));
	str_append(out, payload, n);
}

/* What came out, as text: "tag:length:checksum " for each frame. */
static void note_frame(void *user, uint32_t tag, const unsigned char *payload, size_t n)
{
	str_printf(user, "%08x:%zu:%08x ", tag, n, crc32_ieee(payload, n));
}

static void sample(struct str *stream, struct str *expected)
{
	char big[3 * PROTO_CHUNK];

	memset(big, 'x', sizeof(big));
	add_frame(stream, PROTO_SYS_RDY, "", 0);
	add_frame(stream, PROTO_STDOUT, "hello\n", 6);
	add_frame(stream, PROTO_STDOUT, big, sizeof(big));
	add_frame(stream, PROTO_STDERR, "", 0);
	add_frame(stream, PROTO_EXEC_EXIT, "\7\0\0\0", 4);
	note_frame(expected, PROTO_SYS_RDY, (const unsigned char *)"", 0);
	note_frame(expected, PROTO_STDOUT, (const unsigned char *)"hello\n", 6);
	note_frame(expected, PROTO_STDOUT, (const unsigned char *)big, sizeof(big));
	note_frame(expected, PROTO_STDERR, (const unsigned char *)"", 0);
	note_frame(expected, PROTO_EXEC_EXIT, (const unsigned char *)"\7\0\0\0", 4);
}

static void frames_do_not_depend_on_the_split(void **state)
{
	static const size_t steps[] = {1, 2, 3, 7, 15, 16, 17, 31, 100, 4096, 32768, 1 << 20};
	cleanup_str struct str stream = STR_INIT, expected = STR_INIT;

	(void)state;
	sample(&stream, &expected);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		cleanup_str struct str seen = STR_INIT;
		struct proto_parser p = {0};

		for (size_t at = 0; at < stream.len; at += steps[i]) {
			size_t n = stream.len - at < steps[i] ? stream.len - at : steps[i];

			assert_int_equal(proto_feed(&p, stream.s + at, n, note_frame, &seen), 0);
		}
		assert_string_equal(str_get(&seen), expected.s);
		proto_parser_release(&p);
	}
}

static void two_pieces_at_every_place(void **state)
{
	cleanup_str struct str stream = STR_INIT;

	(void)state;
	add_frame(&stream, PROTO_STDOUT, "one", 3);
	add_frame(&stream, PROTO_SYS_RDY, "", 0);
	add_frame(&stream, PROTO_STDERR, "four", 4);
	for (size_t at = 0; at <= stream.len; at++) {
		cleanup_str struct str seen = STR_INIT, whole = STR_INIT;
		struct proto_parser p = {0}, q = {0};

		proto_feed(&q, stream.s, stream.len, note_frame, &whole);
		assert_int_equal(proto_feed(&p, stream.s, at, note_frame, &seen), 0);
		assert_int_equal(
			proto_feed(&p, stream.s + at, stream.len - at, note_frame, &seen), 0);
		assert_string_equal(str_get(&seen), str_get(&whole));
		proto_parser_release(&p);
		proto_parser_release(&q);
	}
}

/* Feeds a good frame, then the broken bytes, then a good frame: only the first may come out. */
static void expect_refused(const unsigned char *bad, size_t n, size_t step)
{
	cleanup_str struct str stream = STR_INIT, seen = STR_INIT, expected = STR_INIT;
	struct proto_parser p = {0};
	int rc = 0;

	add_frame(&stream, PROTO_STDOUT, "good", 4);
	note_frame(&expected, PROTO_STDOUT, (const unsigned char *)"good", 4);
	str_append(&stream, bad, n);
	add_frame(&stream, PROTO_STDOUT, "never", 5);
	for (size_t at = 0; at < stream.len; at += step)
		rc = proto_feed(&p, stream.s + at, stream.len - at < step ? stream.len - at : step,
			note_frame, &seen);
	assert_int_equal(rc, -1);
	assert_true(p.broken);
	assert_string_equal(str_get(&seen), str_get(&expected));
	assert_int_equal(proto_feed(&p, "", 0, note_frame, &seen), -1);
	proto_parser_release(&p);
}

static void broken_frames_end_the_stream(void **state)
{
	unsigned char wrong_sum[PROTO_HEADER_SIZE + 4], long_one[PROTO_HEADER_SIZE],
		padded[PROTO_HEADER_SIZE];

	(void)state;
	proto_pack(wrong_sum, PROTO_STDOUT, "abcd", 4);
	memcpy(wrong_sum + PROTO_HEADER_SIZE, "abcx", 4);
	proto_pack(long_one, PROTO_STDOUT, "", 0);
	long_one[7] = 1; /* 16 MiB: the largest that is not refused */
	long_one[4] = 1; /* one more */
	proto_pack(padded, PROTO_SYS_RDY, "", 0);
	padded[12] = 1;
	for (size_t step = 1; step < 64; step += 5) {
		expect_refused(wrong_sum, sizeof(wrong_sum), step);
		expect_refused(long_one, sizeof(long_one), step);
		expect_refused(padded, sizeof(padded), step);
	}
}

/* A peer that announces the most and sends little must not cost the most. */
static void memory_follows_what_came(void **state)
{
	unsigned char header[PROTO_HEADER_SIZE];
	struct proto_parser p = {0};
	char piece[1000] = {0};

	(void)state;
	proto_pack(header, PROTO_STDOUT, "", 0);
	header[7] = 1; /* length 2^24 = PROTO_PAYLOAD_MAX */
	assert_int_equal(proto_feed(&p, header, sizeof(header), note_frame, NULL), 0);
	assert_int_equal(proto_feed(&p, piece, sizeof(piece), note_frame, NULL), 0);
	assert_true(p.cap <= 2 * (PROTO_HEADER_SIZE + PROTO_CHUNK));
	proto_parser_release(&p);
}

static void the_largest_payload_passes(void **state)
{
	cleanup_str struct str stream = STR_INIT, seen = STR_INIT, expected = STR_INIT;
	cleanup_free unsigned char *payload = xmalloc(PROTO_PAYLOAD_MAX);
	struct proto_parser p = {0};

	(void)state;
	memset(payload, 0x5a, PROTO_PAYLOAD_MAX);
	add_frame(&stream, PROTO_STDOUT, payload, PROTO_PAYLOAD_MAX);
	note_frame(&expected, PROTO_STDOUT, payload, PROTO_PAYLOAD_MAX);
	for (size_t at = 0; at < stream.len; at += 65536)
		assert_int_equal(proto_feed(&p, stream.s + at,
					 stream.len - at < 65536 ? stream.len - at : 65536,
					 note_frame, &seen),
			0);
	assert_string_equal(str_get(&seen), str_get(&expected));
	proto_parser_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_the_standard),
		cmocka_unit_test(headers_are_little_endian),
		cmocka_unit_test(frames_do_not_depend_on_the_split),
		cmocka_unit_test(two_pieces_at_every_place),
		cmocka_unit_test(broken_frames_end_the_stream),
		cmocka_unit_test(memory_follows_what_came),
		cmocka_unit_test(the_largest_payload_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
