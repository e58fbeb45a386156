/* Virtqueues against drivers that break the rules, one rule at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"

enum { SIZE = 8 };

struct fixture {
	struct fv f;
	struct virtq q;
	struct virtq_chain c;
};

static struct virtq_setup setup_of(const struct fv *f, uint32_t size)
{
	return (struct virtq_setup){
		.size = size, .desc = f->q[0].desc, .avail = f->q[0].avail, .used = f->q[0].used};
}

static int up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct virtq_setup at;

	if (!x)
		return -1;
	fv_init(&x->f);
	x->f.q[0] =
		(struct fv_queue){.desc = 0x1000, .avail = 0x2000, .used = 0x2400, .size = SIZE};
	at = setup_of(&x->f, SIZE);
	*state = x;
	return virtq_start(&x->q, &x->f.mem, &at, 256, false) ? 0 : -1;
}

static int down(void **state)
{
	struct fixture *x = *state;

	fv_release(&x->f);
	free(x);
	return 0;
}

static void poisons(struct fixture *x)
{
	assert_false(virtq_pop(&x->q, &x->c));
	assert_true(x->q.poisoned);
	/* and stays so, whatever is offered later */
	fv_desc(&x->f, 0, 0, FV_DATA_AT, 16, 0, 0);
	fv_offer(&x->f, 0, 0);
	assert_false(virtq_pop(&x->q, &x->c));
	assert_int_equal(fv_used_index(&x->f, 0), 0);
}

static void test_a_size_must_be_a_power_of_two_within_bounds(void **state)
{
	static const uint32_t bad[] = {0, 3, 6, 255, 257, 512, 1U << 31, UINT32_MAX};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct virtq_setup at = setup_of(&x->f, bad[i]);

		assert_false(virtq_start(&x->q, &x->f.mem, &at, 256, false));
		assert_false(virtq_pop(&x->q, &x->c));
	}
	for (uint32_t n = 1; n <= 256; n *= 2) {
		struct virtq_setup at = setup_of(&x->f, n);

		assert_int_equal(virtq_start(&x->q, &x->f.mem, &at, 64, false), n <= 64);
	}
}

static void test_rings_are_aligned_and_in_one_region(void **state)
{
	struct fixture *x = *state;
	struct virtq_setup good = setup_of(&x->f, 256);
	const struct virtq_setup bad[] = {
		{256, good.desc + 8, good.avail, good.used},
		{256, good.desc, good.avail + 1, good.used},
		{256, good.desc, good.avail, good.used + 2},
		{256, FV_RAM, good.avail, good.used},
		{256, good.desc, FV_RAM - 2 * 256, good.used},
		{256, good.desc, good.avail, FV_RAM - 8 * 256},
		{256, FV_SEAM - 16, good.avail, good.used},
		{256, good.desc, FV_SEAM - 2, good.used},
		{256, good.desc, good.avail, FV_SEAM - 4},
		{256, UINT64_MAX & ~15ULL, good.avail, good.used},
		{256, good.desc, UINT64_MAX - 1, good.used},
		{256, good.desc, good.avail, UINT64_MAX & ~3ULL},
	};

	assert_true(virtq_start(&x->q, &x->f.mem, &good, 256, false));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(virtq_start(&x->q, &x->f.mem, &bad[i], 256, false));
}

static void test_a_request_there_and_back(void **state)
{
	static const struct fv_buf bufs[] = {
		{FV_DATA_AT, 5, false}, {FV_DATA_AT + 64, 3, false}, {FV_DATA_AT + 128, 16, true}};
	struct fixture *x = *state;
	char got[16] = "";
	uint32_t head, len;

	memcpy(fv_ptr(&x->f, FV_DATA_AT, 5), "hello", 5);
	memcpy(fv_ptr(&x->f, FV_DATA_AT + 64, 3), "you", 3);
	assert_false(virtq_pop(&x->q, &x->c));
	/* more often than indexes have values */
	for (unsigned i = 0; i < 70000; i++) {
		fv_request(&x->f, 0, bufs, 3);
		assert_true(virtq_pop(&x->q, &x->c));
		assert_int_equal(x->c.readable, 8);
		assert_int_equal(x->c.writable, 16);
		virtq_push(&x->q, &x->c, 9);
		assert_true(fv_used(&x->f, 0, &head, &len));
		assert_int_equal(head, x->c.head);
		assert_int_equal(len, 9);
	}
	assert_int_equal(virtq_read(&x->c, 0, got, sizeof(got)), 8);
	assert_string_equal(got, "helloyou");
	assert_int_equal(virtq_read(&x->c, 4, got, 2), 2);
	assert_memory_equal(got, "oy", 2);
	assert_int_equal(virtq_read(&x->c, 8, got, 1), 0);
	assert_int_equal(virtq_write(&x->c, 10, "0123456789", 10), 6);
	assert_memory_equal(fv_ptr(&x->f, FV_DATA_AT + 138, 6), "012345", 6);
	assert_false(x->q.poisoned);
}

static void test_an_index_too_far_ahead_poisons(void **state)
{
	struct fixture *x = *state;

	fv_avail_index(&x->f, 0, SIZE + 1);
	poisons(x);
}

static void test_a_full_ring_is_fine(void **state)
{
	struct fixture *x = *state;
	unsigned n = 0;

	for (uint16_t i = 0; i < SIZE; i++) {
		fv_desc(&x->f, 0, i, FV_DATA_AT, 1, 0, 0);
		fv_offer(&x->f, 0, i);
	}
	while (virtq_pop(&x->q, &x->c))
		n++;
	assert_int_equal(n, SIZE);
	assert_false(x->q.poisoned);
}

static void test_a_head_outside_the_table_poisons(void **state)
{
	struct fixture *x = *state;

	fv_offer(&x->f, 0, SIZE);
	poisons(x);
}

static void test_a_next_outside_the_table_poisons(void **state)
{
	struct fixture *x = *state;

	fv_desc(&x->f, 0, 0, FV_DATA_AT, 16, FV_NEXT, SIZE);
	fv_offer(&x->f, 0, 0);
	poisons(x);
}

static void test_a_chain_in_a_circle_poisons(void **state)
{
	struct fixture *x = *state;

	fv_desc(&x->f, 0, 0, FV_DATA_AT, 16, FV_NEXT, 1);
	fv_desc(&x->f, 0, 1, FV_DATA_AT, 16, FV_NEXT, 0);
	fv_offer(&x->f, 0, 0);
	poisons(x);
}

static void test_readable_after_writable_poisons(void **state)
{
	struct fixture *x = *state;

	fv_desc(&x->f, 0, 0, FV_DATA_AT, 16, FV_NEXT | FV_WRITE, 1);
	fv_desc(&x->f, 0, 1, FV_DATA_AT, 16, 0, 0);
	fv_offer(&x->f, 0, 0);
	poisons(x);
}

static void test_an_indirect_table_poisons(void **state)
{
	struct fixture *x = *state;

	fv_desc(&x->f, 0, 0, FV_DATA_AT, 16, FV_INDIRECT, 0);
	fv_offer(&x->f, 0, 0);
	poisons(x);
}

static void test_buffers_outside_memory_poison(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} bad[] = {
		{FV_RAM, 1},
		{FV_RAM - 15, 16},
		{UINT64_MAX, 1},
		{UINT64_MAX - 3, 8},
		{UINT64_MAX, UINT32_MAX},
		{FV_DATA_AT, UINT32_MAX},
		{1ULL << 63, 4096},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture *x;

		down(state);
		assert_int_equal(up(state), 0);
		x = *state;
		fv_desc(&x->f, 0, 0, bad[i].addr, bad[i].len, 0, 0);
		fv_offer(&x->f, 0, 0);
		poisons(x);
	}
}

static void test_too_many_bytes_poison(void **state)
{
	struct fixture *x = *state;
	struct virtq_setup at = setup_of(&x->f, 256);

	assert_true(virtq_start(&x->q, &x->f.mem, &at, 256, false));
	for (uint16_t i = 0; i < 200; i++) /* each is all of memory, twice over the limit in all */
		fv_desc(&x->f, 0, i, 0, FV_RAM, i < 199 ? FV_NEXT : 0, (uint16_t)(i + 1));
	fv_offer(&x->f, 0, 0);
	assert_false(virtq_pop(&x->q, &x->c));
	assert_true(x->q.poisoned);
}

static void test_empty_buffers_count_but_are_allowed(void **state)
{
	struct fixture *x = *state;

	for (uint16_t i = 0; i < SIZE; i++)
		fv_desc(&x->f, 0, i, UINT64_MAX, 0, i < SIZE - 1 ? FV_NEXT : 0, (uint16_t)(i + 1));
	fv_offer(&x->f, 0, 0);
	assert_true(virtq_pop(&x->q, &x->c));
	assert_int_equal(x->c.readable + x->c.writable, 0);
	assert_int_equal(x->c.nin + x->c.nout, 0);
}

static void test_a_buffer_may_cross_into_the_next_region(void **state)
{
	static const struct fv_buf bufs[] = {{FV_SEAM - 3, 6, false}, {FV_SEAM - 2, 4, true}};
	struct fixture *x = *state;
	char got[6];

	memcpy(fv_ptr(&x->f, FV_SEAM - 3, 3), "abc", 3);
	memcpy(fv_ptr(&x->f, FV_SEAM, 3), "def", 3);
	assert_null(gmem_at(&x->f.mem, FV_SEAM - 3, 6));
	fv_request(&x->f, 0, bufs, 2);
	assert_true(virtq_pop(&x->q, &x->c));
	assert_int_equal(x->c.nin, 2);
	assert_int_equal(virtq_read(&x->c, 0, got, 6), 6);
	assert_memory_equal(got, "abcdef", 6);
	assert_int_equal(virtq_write(&x->c, 0, "wxyz", 4), 4);
	assert_memory_equal(fv_ptr(&x->f, FV_SEAM - 2, 2), "wx", 2);
	assert_memory_equal(fv_ptr(&x->f, FV_SEAM, 2), "yz", 2);
}

static void test_the_used_length_is_cut_to_what_is_writable(void **state)
{
	static const struct fv_buf bufs[] = {{FV_DATA_AT, 8, false}, {FV_DATA_AT, 4, true}};
	struct fixture *x = *state;
	uint32_t head, len;

	fv_request(&x->f, 0, bufs, 2);
	assert_true(virtq_pop(&x->q, &x->c));
	virtq_push(&x->q, &x->c, UINT64_MAX);
	assert_true(fv_used(&x->f, 0, &head, &len));
	assert_int_equal(len, 4);
}

/* The driver changes its descriptors while the request is being worked on. */
static void test_what_was_checked_is_what_is_used(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 8, true};
	struct fixture *x = *state;

	fv_request(&x->f, 0, &buf, 1);
	assert_true(virtq_pop(&x->q, &x->c));
	fv_desc(&x->f, 0, 0, FV_RAM - 1, UINT32_MAX, 0, 0);
	assert_int_equal(virtq_write(&x->c, 0, "12345678", 8), 8);
	assert_memory_equal(fv_ptr(&x->f, FV_DATA_AT, 8), "12345678", 8);
	assert_int_equal(virtq_write(&x->c, 8, "9", 1), 0);
}

static void test_a_request_put_back_comes_again(void **state)
{
	static const struct fv_buf bufs[] = {{FV_DATA_AT, 1, false}, {FV_DATA_AT, 2, false}};
	struct fixture *x = *state;

	fv_request(&x->f, 0, &bufs[0], 1);
	fv_request(&x->f, 0, &bufs[1], 1);
	assert_true(virtq_pop(&x->q, &x->c));
	virtq_unpop(&x->q);
	assert_true(virtq_pop(&x->q, &x->c));
	assert_int_equal(x->c.readable, 1);
	assert_true(virtq_pop(&x->q, &x->c));
	assert_int_equal(x->c.readable, 2);
}

static void put16(struct fixture *x, uint64_t gpa, uint16_t v)
{
	memcpy(fv_ptr(&x->f, gpa, 2), &v, 2);
}

static void serve_one(struct fixture *x)
{
	static const struct fv_buf buf = {FV_DATA_AT, 1, false};

	fv_request(&x->f, 0, &buf, 1);
	assert_true(virtq_pop(&x->q, &x->c));
	virtq_push(&x->q, &x->c, 0);
}

static void test_a_driver_may_not_want_interrupts(void **state)
{
	struct fixture *x = *state;

	assert_false(virtq_wants_interrupt(&x->q));
	serve_one(x);
	assert_true(virtq_wants_interrupt(&x->q));
	assert_false(virtq_wants_interrupt(&x->q)); /* it knows */
	put16(x, x->f.q[0].avail, 1);
	serve_one(x);
	assert_false(virtq_wants_interrupt(&x->q));
}

static void test_a_driver_may_say_from_when_on(void **state)
{
	struct fixture *x = *state;
	struct virtq_setup at = setup_of(&x->f, SIZE);
	uint64_t used_event = at.avail + 4 + 2 * SIZE, avail_event = at.used + 4 + 8 * SIZE;
	uint16_t v;

	assert_true(virtq_start(&x->q, &x->f.mem, &at, 256, true));
	put16(x, used_event, 2);
	serve_one(x);
	serve_one(x);
	assert_false(virtq_wants_interrupt(&x->q));
	serve_one(x);
	assert_true(virtq_wants_interrupt(&x->q));
	serve_one(x);
	assert_false(virtq_wants_interrupt(&x->q));
	/* and is told from when on we want to know */
	assert_false(virtq_pop(&x->q, &x->c));
	memcpy(&v, fv_ptr(&x->f, avail_event, 2), 2);
	assert_int_equal(v, 4);
}

static void test_a_stopped_queue_touches_nothing(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 1, true};
	struct fixture *x = *state;

	fv_request(&x->f, 0, &buf, 1);
	fv_request(&x->f, 0, &buf, 1);
	assert_true(virtq_pop(&x->q, &x->c));
	virtq_stop(&x->q);
	virtq_push(&x->q, &x->c, 1);
	assert_false(virtq_pop(&x->q, &x->c));
	assert_false(virtq_wants_interrupt(&x->q));
	assert_int_equal(fv_used_index(&x->f, 0), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_a_size_must_be_a_power_of_two_within_bounds),
		WITH(test_rings_are_aligned_and_in_one_region),
		WITH(test_a_request_there_and_back),
		WITH(test_an_index_too_far_ahead_poisons),
		WITH(test_a_full_ring_is_fine),
		WITH(test_a_head_outside_the_table_poisons),
		WITH(test_a_next_outside_the_table_poisons),
		WITH(test_a_chain_in_a_circle_poisons),
		WITH(test_readable_after_writable_poisons),
		WITH(test_an_indirect_table_poisons),
		WITH(test_buffers_outside_memory_poison),
		WITH(test_too_many_bytes_poison),
		WITH(test_empty_buffers_count_but_are_allowed),
		WITH(test_a_buffer_may_cross_into_the_next_region),
		WITH(test_the_used_length_is_cut_to_what_is_writable),
		WITH(test_what_was_checked_is_what_is_used),
		WITH(test_a_request_put_back_comes_again),
		WITH(test_a_driver_may_not_want_interrupts),
		WITH(test_a_driver_may_say_from_when_on),
		WITH(test_a_stopped_queue_touches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
