/* The virtio-mmio transport: registers in and out of their time, activation, resets, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"

enum { QUEUES = 2, QUEUE_MAX = 64, CONFIG = 6, FEATURE = 3 };

/* A device that writes down what it is asked to do, and gives each request back as it is. */
struct echo {
	struct virtio_device d;
	struct fv f;
	unsigned activations, resets, kicks[QUEUES], served;
	unsigned budget; /* requests a turn; 0 = all */
	uint64_t features;
};

static void on_activate(struct virtio_device *d, uint64_t features)
{
	struct echo *x = (struct echo *)d;

	x->activations++;
	x->features = features;
}

static void on_reset(struct virtio_device *d)
{
	((struct echo *)d)->resets++;
}

static bool on_kick(struct virtio_device *d, unsigned q)
{
	struct echo *x = (struct echo *)d;
	struct virtq_chain c;
	unsigned n = 0;

	x->kicks[q]++;
	while ((!x->budget || n < x->budget) && virtq_pop(&d->queue[q], &c)) {
		virtq_push(&d->queue[q], &c, 0);
		x->served++;
		n++;
	}
	return x->budget && n == x->budget;
}

static const struct virtio_ops echo_ops = {
	.name = "echo",
	.id = 42,
	.queues = QUEUES,
	.queue_max = QUEUE_MAX,
	.activate = on_activate,
	.reset = on_reset,
	.kick = on_kick,
};

static int up(void **state)
{
	struct echo *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	x->d = (struct virtio_device){
		.ops = &echo_ops, .features = 1 << FEATURE, .config_size = CONFIG};
	memcpy(x->d.config, "\x01\x02\x03\x04\x05\x06", CONFIG);
	fv_init(&x->f);
	fv_attach(&x->f, &x->d);
	*state = x;
	return 0;
}

static int down(void **state)
{
	struct echo *x = *state;

	fv_detach(&x->f);
	fv_release(&x->f);
	free(x);
	return 0;
}

static uint64_t read_at(struct echo *x, unsigned at, unsigned size)
{
	uint64_t v = 0;

	bus_read(&x->f.bus, 0xd0000000ULL + at, &v, size);
	return v;
}

static void write_at(struct echo *x, unsigned at, unsigned size, uint64_t v)
{
	bus_write(&x->f.bus, 0xd0000000ULL + at, &v, size);
}

static void test_who_it_is(void **state)
{
	struct echo *x = *state;

	assert_int_equal(fv_get(&x->f, FV_MAGIC), 0x74726976);
	assert_int_equal(fv_get(&x->f, FV_VERSION), 2);
	assert_int_equal(fv_get(&x->f, FV_ID), 42);
	assert_int_equal(fv_get(&x->f, 0xb0), UINT32_MAX); /* no shared memory */
	assert_int_equal(fv_get(&x->f, 0xb4), UINT32_MAX);
	assert_int_equal(fv_get(&x->f, 0xf0), 0);
	assert_true(fv_features(&x->f) ==
		    (1ULL << FV_VERSION_1 | 1ULL << FV_EVENT_IDX | 1ULL << FEATURE));
	fv_set(&x->f, FV_FEATURES_SEL, 2);
	assert_int_equal(fv_get(&x->f, FV_FEATURES), 0);
	fv_set(&x->f, FV_FEATURES_SEL, UINT32_MAX);
	assert_int_equal(fv_get(&x->f, FV_FEATURES), 0);
}

static void test_registers_are_four_bytes(void **state)
{
	struct echo *x = *state;

	assert_int_equal(read_at(x, FV_MAGIC, 1), 0xff);
	assert_int_equal(read_at(x, FV_MAGIC, 2), 0xffff);
	assert_true(read_at(x, FV_MAGIC, 8) == UINT64_MAX);
	assert_int_equal(read_at(x, FV_MAGIC + 2, 4), UINT32_MAX);
	write_at(x, FV_STATUS, 1, 1);
	write_at(x, FV_STATUS, 8, 1);
	write_at(x, FV_STATUS - 2, 4, 1);
	assert_int_equal(fv_get(&x->f, FV_STATUS), 0);
}

static void test_config_space_ends(void **state)
{
	struct echo *x = *state;

	assert_int_equal(read_at(x, FV_CONFIG_SPACE, 1), 1);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE + 1, 2), 0x0302);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE + 2, 4), 0x06050403);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE + 3, 4), UINT32_MAX);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE + 5, 2), 0xffff);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE + 6, 1), 0xff);
	assert_true(read_at(x, FV_CONFIG_SPACE, 8) == UINT64_MAX);
	assert_int_equal(read_at(x, VMMIO_SIZE - 1, 1), 0xff);
	assert_true(read_at(x, VMMIO_SIZE - 8, 8) == UINT64_MAX);
	for (unsigned at = FV_CONFIG_SPACE; at < VMMIO_SIZE; at += 4)
		write_at(x, at, 4, 0xdeadbeef);
	assert_int_equal(read_at(x, FV_CONFIG_SPACE, 4), 0x04030201);
}

static void test_features_must_be_offered(void **state)
{
	struct echo *x = *state;

	assert_true(fv_negotiate(&x->f, 1 << FEATURE));
	assert_false(fv_negotiate(&x->f, 1 << (FEATURE + 1)));
	assert_int_equal(fv_get(&x->f, FV_STATUS), 3);
	assert_false(fv_negotiate(&x->f, 1ULL << 40));
	/* later words of features do not exist */
	fv_set(&x->f, FV_ACCEPT_SEL, 2);
	fv_set(&x->f, FV_ACCEPT, UINT32_MAX);
}

static void test_version_1_must_be_taken(void **state)
{
	struct echo *x = *state;

	fv_set(&x->f, FV_STATUS, 3);
	fv_set(&x->f, FV_STATUS, 0xb);
	assert_int_equal(fv_get(&x->f, FV_STATUS), 3);
	/* and nothing runs without FEATURES_OK */
	fv_set(&x->f, FV_STATUS, 0xf);
	fv_turn(&x->f, 4);
	assert_int_equal(fv_get(&x->f, FV_STATUS), 3);
	assert_int_equal(x->activations, 0);
}

static void test_features_are_fixed_once_agreed(void **state)
{
	struct echo *x = *state;

	assert_true(fv_negotiate(&x->f, 0));
	fv_set(&x->f, FV_ACCEPT_SEL, 0);
	fv_set(&x->f, FV_ACCEPT, 1 << FEATURE);
	fv_start(&x->f);
	fv_turn(&x->f, 4);
	assert_int_equal(x->activations, 1);
	assert_true(x->features == 1ULL << FV_VERSION_1);
}

static void test_status_bits_only_come(void **state)
{
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	fv_set(&x->f, FV_STATUS, 1);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK);
	fv_set(&x->f, FV_STATUS, FV_OK | FV_NEEDS_RESET);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK); /* not the driver's to set */
	fv_set(&x->f, FV_STATUS, FV_OK | 0x80);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK | 0x80);
	assert_int_equal(x->activations, 1);
}

static void test_a_queue_that_does_not_exist(void **state)
{
	static const uint32_t none[] = {QUEUES, VIRTIO_QUEUES_MAX, 1U << 31, UINT32_MAX};
	struct echo *x = *state;

	assert_true(fv_negotiate(&x->f, 0));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		fv_set(&x->f, FV_QUEUE_SEL, none[i]);
		assert_int_equal(fv_get(&x->f, FV_QUEUE_MAX), 0);
		fv_set(&x->f, FV_QUEUE_NUM, 8);
		fv_set(&x->f, FV_DESC, 0x1000);
		fv_set(&x->f, FV_QUEUE_READY, 1);
		assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
		fv_set(&x->f, FV_NOTIFY, none[i]);
	}
	fv_start(&x->f);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		fv_set(&x->f, FV_NOTIFY, none[i]);
	fv_turn(&x->f, 4);
	assert_int_equal(x->kicks[0] + x->kicks[1], QUEUES); /* of the start */
}

static void test_queues_are_set_up_in_their_time_only(void **state)
{
	struct echo *x = *state;

	fv_set(&x->f, FV_STATUS, 0);
	fv_set_queue(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
	fv_set(&x->f, FV_STATUS, 3);
	fv_set_queue(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
	assert_true(fv_negotiate(&x->f, 0));
	fv_set_queue(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 1);
	fv_set(&x->f, FV_QUEUE_READY, 2); /* only 1 means ready */
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
	fv_start(&x->f);
	fv_set_queue(&x->f, 1, 8);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
}

/* Size and addresses written after activation (CVE-2026-5747) change nothing. */
static void test_an_active_queue_is_frozen(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	fv_set(&x->f, FV_QUEUE_SEL, 0);
	fv_set(&x->f, FV_QUEUE_READY, 0);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 1);
	fv_set(&x->f, FV_QUEUE_NUM, 1U << 15);
	fv_set(&x->f, FV_DESC, 0x7fffff00);
	fv_set(&x->f, FV_AVAIL, 0x7fffff00);
	fv_set(&x->f, FV_USED_RING + 4, 0x7fffff00);
	fv_set(&x->f, FV_QUEUE_READY, 1);
	assert_int_equal(fv_do(&x->f, 0, &buf, 1), 0);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK);
}

static void test_rings_that_cannot_be_need_a_reset(void **state)
{
	struct echo *x = *state;

	assert_true(fv_negotiate(&x->f, 0));
	fv_set_queue(&x->f, 0, 8);
	fv_set_queue(&x->f, 1, 8);
	fv_set(&x->f, FV_QUEUE_READY, 0);
	fv_set(&x->f, FV_USED_RING, FV_RAM);
	fv_set(&x->f, FV_QUEUE_READY, 1);
	fv_interrupts(&x->f);
	fv_start(&x->f);
	fv_turn(&x->f, 4);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK | FV_NEEDS_RESET);
	assert_int_equal(fv_get(&x->f, FV_ISR), FV_CONFIG);
	assert_int_equal(fv_interrupts(&x->f), 1);
	assert_int_equal(x->activations, 0);
	assert_int_equal(vmmio_faults(x->f.mmio), 1);
	/* and after one it works */
	fv_bring_up(&x->f, 0, 8);
	assert_int_equal(x->activations, 1);
}

static void test_nothing_is_touched_before_driver_ok(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	assert_true(fv_negotiate(&x->f, 0));
	fv_set_queue(&x->f, 0, 8);
	fv_request(&x->f, 0, &buf, 1);
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 4);
	assert_int_equal(fv_used_index(&x->f, 0), 0);
	assert_int_equal(x->kicks[0], 0);
	/* what was offered early is served then, though its notification is gone */
	fv_start(&x->f);
	fv_turn(&x->f, 4);
	assert_int_equal(fv_used_index(&x->f, 0), 1);
}

static void test_nothing_is_touched_after_a_reset(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;
	unsigned char before[FV_QUEUE_ROOM];

	fv_bring_up(&x->f, 0, 8);
	fv_request(&x->f, 0, &buf, 1);
	fv_notify(&x->f, 0);
	fv_set(&x->f, FV_STATUS, 0);
	memcpy(before, fv_ptr(&x->f, FV_QUEUES_AT, FV_QUEUE_ROOM), FV_QUEUE_ROOM);
	fv_turn(&x->f, 4);
	assert_memory_equal(before, fv_ptr(&x->f, FV_QUEUES_AT, FV_QUEUE_ROOM), FV_QUEUE_ROOM);
	assert_int_equal(x->served, 0);
	assert_int_equal(x->resets, 1);
	assert_int_equal(fv_get(&x->f, FV_STATUS), 0);
	assert_int_equal(fv_get(&x->f, FV_ISR), 0);
	fv_set(&x->f, FV_QUEUE_SEL, 0);
	assert_int_equal(fv_get(&x->f, FV_QUEUE_READY), 0);
}

/* Reset and restarted before the loop had a turn: the device sees both, in order. */
static void test_a_reset_is_not_missed(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(fv_negotiate(&x->f, 0));
		fv_set_queue(&x->f, 0, 8);
		fv_start(&x->f);
	}
	fv_turn(&x->f, 4);
	assert_int_equal(x->resets, 1);
	assert_int_equal(x->activations, 2);
	assert_int_equal(fv_do(&x->f, 0, &buf, 1), 0);
}

static void test_a_poisoned_queue_needs_a_reset(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	fv_offer(&x->f, 0, 8);
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 4);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK | FV_NEEDS_RESET);
	assert_int_equal(fv_get(&x->f, FV_ISR), FV_CONFIG);
	assert_int_equal(fv_interrupts(&x->f), 1);
	assert_int_equal(vmmio_faults(x->f.mmio), 1);
	/* once, however often it is notified */
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 4);
	assert_int_equal(vmmio_faults(x->f.mmio), 1);
	/* the other queue is not to blame */
	assert_int_equal(fv_do(&x->f, 1, &buf, 1), 0);
	fv_bring_up(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK);
	assert_int_equal(fv_do(&x->f, 0, &buf, 1), 0);
}

static void test_interrupts_say_why_until_acknowledged(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_ISR), 0);
	assert_int_equal(fv_do(&x->f, 0, &buf, 1), 0);
	assert_int_equal(fv_interrupts(&x->f), 1);
	assert_int_equal(fv_get(&x->f, FV_ISR), FV_USED);
	fv_set(&x->f, FV_ACK, FV_CONFIG);
	assert_int_equal(fv_get(&x->f, FV_ISR), FV_USED);
	fv_set(&x->f, FV_ACK, UINT32_MAX);
	assert_int_equal(fv_get(&x->f, FV_ISR), 0);
}

/* A device that has done its share of a turn comes again by itself, after others. */
static void test_work_is_done_in_shares(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, QUEUE_MAX);
	x->budget = 10;
	for (unsigned i = 0; i < QUEUE_MAX; i++)
		fv_request(&x->f, 0, &buf, 1);
	fv_notify(&x->f, 0);
	fv_turn(&x->f, 1);
	assert_int_equal(x->served, 10);
	fv_turn(&x->f, 6);
	assert_int_equal(x->served, QUEUE_MAX);
}

static void test_a_flood_of_notifications_is_one(void **state)
{
	struct echo *x = *state;
	unsigned before;

	fv_bring_up(&x->f, 0, 8);
	before = x->kicks[0];
	for (unsigned i = 0; i < 100000; i++)
		fv_notify(&x->f, 0);
	fv_turn(&x->f, 4);
	assert_int_equal(x->kicks[0], before + 1);
}

static void test_draining_serves_what_waits(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, QUEUE_MAX);
	x->budget = 1;
	for (unsigned i = 0; i < QUEUE_MAX; i++)
		fv_request(&x->f, 1, &buf, 1);
	vmmio_drain(x->f.mmio);
	assert_int_equal(x->served, QUEUE_MAX);
}

/* The machine goes while notifications and requests wait: nobody comes back to what is freed. */
static void test_freed_with_work_waiting(void **state)
{
	static const struct fv_buf buf = {FV_DATA_AT, 4, true};
	struct echo *x = *state;

	fv_bring_up(&x->f, 0, 8);
	fv_request(&x->f, 0, &buf, 1);
	fv_notify(&x->f, 0);
	fv_notify(&x->f, 1);
	fv_set(&x->f, FV_STATUS, 0);
	fv_detach(&x->f);
	fv_turn(&x->f, 3);
	assert_int_equal(x->served, 0);
	assert_null(x->d.transport);
	assert_null(x->d.queue);
}

/* A driver that writes everything everywhere; what comes of it is checked by the sanitizers. */
static void test_every_register_takes_anything(void **state)
{
	static const uint32_t values[] = {
		0, 1, 2, 3, 7, 0xb, 0xf, 64, 255, 256, 0x1000, 0x7fffffff, 0x80000000, UINT32_MAX};
	struct echo *x = *state;

	for (unsigned round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			for (unsigned at = 0; at < 0x140; at++) {
				for (unsigned size = 1; size <= 8; size++) {
					write_at(x, at, size, values[i]);
					read_at(x, at, size);
				}
				fv_turn(&x->f, 1);
			}
	fv_bring_up(&x->f, 0, 8);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_who_it_is),
		WITH(test_registers_are_four_bytes),
		WITH(test_config_space_ends),
		WITH(test_features_must_be_offered),
		WITH(test_version_1_must_be_taken),
		WITH(test_features_are_fixed_once_agreed),
		WITH(test_status_bits_only_come),
		WITH(test_a_queue_that_does_not_exist),
		WITH(test_queues_are_set_up_in_their_time_only),
		WITH(test_an_active_queue_is_frozen),
		WITH(test_rings_that_cannot_be_need_a_reset),
		WITH(test_nothing_is_touched_before_driver_ok),
		WITH(test_nothing_is_touched_after_a_reset),
		WITH(test_a_reset_is_not_missed),
		WITH(test_a_poisoned_queue_needs_a_reset),
		WITH(test_interrupts_say_why_until_acknowledged),
		WITH(test_work_is_done_in_shares),
		WITH(test_a_flood_of_notifications_is_one),
		WITH(test_draining_serves_what_waits),
		WITH(test_freed_with_work_waiting),
		WITH(test_every_register_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
