/*
 * A driver on a thread of its own that says and hears only what was asked for (EVENT_IDX): a
 * notification or an interrupt that is left out by mistake leaves one side asleep. Both sides look
 * once more before they sleep, and what they look at is ordered by fences, which only two CPUs at
 * the same moment show to be there.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"
#include "tests/lib/patience.h"
#include "vmm/virtio/block.h"

enum {
	HEADER = FV_DATA_AT,
	STATUS = FV_DATA_AT + 0x100, /* a byte for each request on its way */
	UNSAID = 0xee,		     /* a status that no device says */
	FLUSH = 4,
	TURN = 32,		/* requests that the disk does in one turn */
	EVENT_QUEUE = 2 * TURN, /* a turn's requests, of two descriptors each */
	LOOKS = 5000,		/* in vain, before one sleeps */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	MEETINGS = 4000,
#else
	MEETINGS = 50000,
#endif
};

struct machine {
	struct fv f;
	bool over; /* atomic: the driver has finished */
	bool lost; /* nobody woke the driver */
	unsigned served;
	unsigned unsaid; /* of them: the status was not there when they came back */
};

/* `n` requests that the device does not see yet. */
static void prepare(struct machine *m, unsigned n)
{
	while (n--) {
		unsigned slot = m->f.q[0].next_desc % EVENT_QUEUE / 2;
		const struct fv_buf b[] = {{HEADER, 16, false}, {STATUS + slot, 1, true}};

		*(unsigned char *)fv_ptr(&m->f, b[1].gpa, 1) = UNSAID;
		fv_prepare(&m->f, 0, b, 2);
	}
}

/* The last `n` requests are there; the device is notified when it has asked for one of them. */
static void publish(struct machine *m, unsigned n)
{
	fv_publish(&m->f, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((uint16_t)(m->f.q[0].next_avail - fv_avail_event(&m->f, 0) - 1) < n)
		fv_notify(&m->f, 0);
}

static bool reap(struct machine *m)
{
	uint32_t head, len;

	if (!fv_used(&m->f, 0, &head, &len))
		return false;
	m->unsaid += *(unsigned char *)fv_ptr(&m->f, STATUS + head / 2, 1) != 0;
	m->served++;
	return true;
}

/* Asks for an interrupt, looks once more, and sleeps. */
static void sleep_until_used(struct machine *m)
{
	struct pollfd irq = {.fd = m->f.irq.fd, .events = POLLIN};

	fv_used_event(&m->f, 0, m->f.q[0].next_used);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (fv_used_index(&m->f, 0) != m->f.q[0].next_used)
		return;
	m->lost = poll(&irq, 1, PATIENCE_S * 1000) != 1;
	fv_interrupts(&m->f);
}

/* Until at most `n` requests are on their way: looks `looks` times in vain before each sleep. */
static void wait_for_all_but(struct machine *m, unsigned n, unsigned looks)
{
	const struct fv_queue *v = &m->f.q[0];
	unsigned left = looks;

	while ((uint16_t)(v->next_avail - v->next_used) > n && !m->lost) {
		if (reap(m) || left--)
			continue;
		sleep_until_used(m);
		left = looks;
	}
}

/* Numbers that differ, the same ones in each run. */
static unsigned next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

/* The device is woken for `n` requests. When it has all but `left` of them behind it, and after a
 * moment that differs, it gets `more` of them. */
static void meet(struct machine *m, unsigned n, unsigned left, unsigned more, unsigned moment)
{
	prepare(m, n);
	publish(m, n);
	prepare(m, more);
	wait_for_all_but(m, left + more, LOOKS);
	while (moment--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	publish(m, more);
	wait_for_all_but(m, 0, 0);
}

/* On the loop's thread, as it turns. */
static void start_flushes(struct machine *m)
{
	static const struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header = {.type = FLUSH};

	memcpy(fv_ptr(&m->f, HEADER, 16), &header, 16);
	fv_bring_up(&m->f, 1ULL << FV_EVENT_IDX, EVENT_QUEUE);
}

/* The next request comes while the device looks for the last time before it sleeps. */
static void *notify_late(void *user)
{
	struct machine *m = user;
	uint32_t numbers = 1;

	for (unsigned i = 0; i < MEETINGS && !m->lost; i++)
		meet(m, 1 + i % 6, next_number(&numbers) % 4, 1, next_number(&numbers) % 512);
	__atomic_store_n(&m->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* An interrupt is asked for while the device ends a turn that is full: it does not look for more
 * before it looks whether it is to interrupt. */
static void *ask_late(void *user)
{
	struct machine *m = user;
	uint32_t numbers = 1;

	for (unsigned i = 0; i < MEETINGS && !m->lost; i++)
		meet(m, TURN, 1 + i % 3, 0, next_number(&numbers) % 512);
	__atomic_store_n(&m->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The loop's thread is the test's. */
static void run(struct machine *m, void *(*driver)(void *))
{
	struct virtio_device *d;
	int fd = memfd_create("disk", MFD_CLOEXEC);
	pthread_t thread;

	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	fv_init(&m->f);
	d = virtio_block_new(fd, 1 << 20, NULL);
	fv_attach(&m->f, d);
	start_flushes(m);
	assert_int_equal(pthread_create(&thread, NULL, driver, m), 0);
	while (!__atomic_load_n(&m->over, __ATOMIC_ACQUIRE))
		assert_int_equal(loop_turn(m->f.loop, 1, NULL), 0);
	pthread_join(thread, NULL);
	fv_detach(&m->f);
	virtio_block_free(d);
	fv_release(&m->f);
	close(fd);
}

static void check(void *(*driver)(void *))
{
	struct machine m = {0};

	run(&m, driver);
	assert_false(m.lost);
	assert_true(m.served > MEETINGS);
	assert_int_equal(m.unsaid, 0);
}

static void test_no_request_is_overlooked(void **state)
{
	(void)state;
	check(notify_late);
}

static void test_no_interrupt_is_forgotten(void **state)
{
	(void)state;
	check(ask_late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_request_is_overlooked),
		cmocka_unit_test(test_no_interrupt_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
