/*
 * Drivers on threads of their own (as vCPUs are) against devices on the loop's, while other threads
 * poke the same registers: for the thread sanitizer (make tsan), and for the promise that nothing
 * touches a guest's memory once a reset has returned.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"
#include "vmm/dev/serial.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"

enum {
	ROUNDS = 60,
	REQUESTS = 20,
	HEADER = FV_DATA_AT,
	STATUS = FV_DATA_AT + 0x100,
	DATA = FV_DATA_AT + 0x1000,
	UNSAID = 0xee, /* a status that no device says */
};

struct machine {
	struct fv f;
	bool over; /* atomic: the driver has finished */
	unsigned served;
	unsigned unsaid; /* of them: the status was not there when they came back */
};

/* The loop's thread is the test's; it sleeps in the loop until the driver says that it is over. */
static void run(struct machine *m, void *(*driver)(void *), void *(*poker)(void *))
{
	pthread_t threads[2];

	assert_int_equal(pthread_create(&threads[0], NULL, driver, m), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, poker, m), 0);
	while (!__atomic_load_n(&m->over, __ATOMIC_ACQUIRE))
		assert_int_equal(loop_turn(m->f.loop, 1, NULL), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
}

static bool over(struct machine *m)
{
	return __atomic_load_n(&m->over, __ATOMIC_ACQUIRE);
}

/* Registers that may be read and written at any time without breaking the driver's work. */
static void *poke_registers(void *user)
{
	struct machine *m = user;
	uint64_t v;

	while (!over(m)) {
		for (unsigned reg = 0; reg < 0x120; reg += 4)
			bus_read(&m->f.bus, 0xd0000000ULL + reg, &v, 4);
		fv_set(&m->f, FV_ACK, 3);
		fv_set(&m->f, FV_FEATURES_SEL, 1);
		for (unsigned q = 0; q < 10; q++)
			fv_notify(&m->f, q);
	}
	return NULL;
}

static bool wait_used(struct machine *m, unsigned q)
{
	uint32_t head, len;

	/* the device has NEEDS_RESET, or this ends */
	while (!fv_used(&m->f, q, &head, &len))
		if (fv_get(&m->f, FV_STATUS) != FV_OK)
			return false;
	return true;
}

static void start_over(struct machine *m)
{
	if (!fv_negotiate(&m->f, 0))
		abort();
	fv_set_queue(&m->f, 0, 16);
	fv_start(&m->f);
}

/* Reads sectors, resets in the middle of it, and then owns all of its memory again. */
static void *drive_disk(void *user)
{
	static const struct fv_buf b[] = {
		{HEADER, 16, false}, {DATA, 4096, true}, {STATUS, 1, true}};
	struct machine *m = user;
	unsigned char *status = fv_ptr(&m->f, STATUS, 1);

	for (unsigned round = 0; round < ROUNDS; round++) {
		start_over(m);
		memset(fv_ptr(&m->f, HEADER, 16), 0, 16);
		for (unsigned i = 0; i < REQUESTS; i++) {
			*status = UNSAID;
			fv_request(&m->f, 0, b, 3);
			fv_notify(&m->f, 0);
			m->served += wait_used(m, 0);
			m->unsaid += *status != 0;
		}
		fv_request(&m->f, 0, b, 3);
		fv_notify(&m->f, 0);
		fv_set(&m->f, FV_STATUS, 0);
		memset(fv_ptr(&m->f, FV_QUEUES_AT, FV_QUEUE_ROOM), 0xa5, FV_QUEUE_ROOM);
		memset(fv_ptr(&m->f, DATA, 4096), 0xa5, 4096);
	}
	__atomic_store_n(&m->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void test_a_disk_that_is_reset_at_work(void **state)
{
	struct machine m = {0};
	struct virtio_device *d;
	int fd = memfd_create("disk", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	fv_init(&m.f);
	d = virtio_block_new(fd, 1 << 20, NULL);
	fv_attach(&m.f, d);
	run(&m, drive_disk, poke_registers);
	assert_int_equal(m.served, ROUNDS * REQUESTS);
	assert_int_equal(m.unsaid, 0);
	fv_detach(&m.f);
	virtio_block_free(d);
	fv_release(&m.f);
	close(fd);
}

/* Two vCPUs that both reset and start the same device at once: wrong, and harmless. */
static void *reset_all_the_time(void *user)
{
	struct machine *m = user;

	for (unsigned round = 0; round < ROUNDS * 5; round++) {
		fv_set(&m->f, FV_STATUS, 0);
		fv_set(&m->f, FV_STATUS, 3);
		fv_set(&m->f, FV_ACCEPT_SEL, 1);
		fv_set(&m->f, FV_ACCEPT, 1);
		fv_set(&m->f, FV_STATUS, 0xb);
		fv_set(&m->f, FV_QUEUE_SEL, round % 8);
		fv_set(&m->f, FV_QUEUE_NUM, 16);
		fv_set(&m->f, FV_DESC, 0x1000);
		fv_set(&m->f, FV_AVAIL, 0x2000);
		fv_set(&m->f, FV_USED_RING, 0x2400);
		fv_set(&m->f, FV_QUEUE_READY, 1);
		fv_set(&m->f, FV_STATUS, FV_OK);
		fv_notify(&m->f, round % 8);
	}
	__atomic_store_n(&m->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void test_two_vcpus_fight_over_a_console(void **state)
{
	struct machine m = {0};
	struct virtio_device *d;
	int s[4];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s + 2), 0);
	assert_int_equal(send(s[1], "input", 5, 0), 5);
	fv_init(&m.f);
	d = virtio_console_new(m.f.loop, s[0], s[2], NULL);
	fv_attach(&m.f, d);
	run(&m, reset_all_the_time, reset_all_the_time);
	fv_bring_up(&m.f, 1 << 1, 16);
	assert_int_equal(fv_get(&m.f, FV_STATUS), FV_OK);
	fv_detach(&m.f);
	virtio_console_free(d);
	fv_release(&m.f);
	for (unsigned i = 0; i < 4; i++)
		close(s[i]);
}

struct race {
	struct fv f;
	struct virtq q;
	bool over;
};

enum { RACE_SIZE = 8, CHAINS = 100000 };

/* A driver that never leaves its descriptors and its ring alone. */
static void *rewrite(void *user)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} lies[] = {{FV_DATA_AT, 16}, {FV_RAM - 1, 1}, {FV_RAM - 1, UINT32_MAX}, {0, FV_RAM},
		{UINT64_MAX, 8}, {FV_SEAM - 8, 64}, {FV_DATA_AT, 0}};
	struct race *x = user;

	for (unsigned i = 0; !__atomic_load_n(&x->over, __ATOMIC_ACQUIRE); i++) {
		size_t k = i % (sizeof(lies) / sizeof(lies[0]));

		fv_desc(&x->f, 0, (uint16_t)(i % RACE_SIZE), lies[k].addr, lies[k].len,
			(uint16_t)(i * 5 >> 2 & (FV_NEXT | FV_WRITE)),
			(uint16_t)(i * 3 % (RACE_SIZE + 1)));
		fv_avail_index(&x->f, 0, (uint16_t)(i * 7 % (RACE_SIZE + 2)));
	}
	return NULL;
}

static void lies_in_memory(const struct gmem *m, const struct virtq_chain *c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->nin + c->nout; i++) {
		const unsigned char *p = c->piece[i].iov_base;
		bool in = false;

		for (unsigned r = 0; r < m->n; r++)
			in |= p >= m->region[r].host &&
			      p + c->piece[i].iov_len <= m->region[r].host + m->region[r].size;
		assert_true(in);
		sum += c->piece[i].iov_len;
	}
	assert_true(sum == c->readable + c->writable);
}

/* What is read of a ring is read once: it may be anything a moment later. */
static void test_descriptors_that_change_while_they_are_read(void **state)
{
	struct race *x = calloc(1, sizeof(*x));
	const struct virtq_setup at = {
		.size = RACE_SIZE, .desc = 0x1000, .avail = 0x2000, .used = 0x2400};
	struct virtq_chain c;
	pthread_t thread;

	(void)state;
	assert_non_null(x);
	fv_init(&x->f);
	x->f.q[0] = (struct fv_queue){
		.desc = at.desc, .avail = at.avail, .used = at.used, .size = RACE_SIZE};
	assert_int_equal(pthread_create(&thread, NULL, rewrite, x), 0);
	for (unsigned got = 0; got < CHAINS;) {
		assert_true(virtq_start(&x->q, &x->f.mem, &at, RACE_SIZE, false));
		for (; virtq_pop(&x->q, &c); got++)
			lies_in_memory(&x->f.mem, &c);
	}
	__atomic_store_n(&x->over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	fv_release(&x->f);
	free(x);
}

struct port {
	struct serial *s;
	struct bus bus;
	bool over;
};

enum { PRINTED = 300000 };

static void *print_much(void *user)
{
	struct port *p = user;
	unsigned char v;

	for (unsigned i = 0; i < PRINTED; i++) {
		do
			bus_read(&p->bus, SERIAL_COM2 + 5, &v, 1);
		while (!(v & 0x20));
		v = (unsigned char)(i % 251);
		bus_write(&p->bus, SERIAL_COM2, &v, 1);
	}
	__atomic_store_n(&p->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *poke_port(void *user)
{
	struct port *p = user;
	unsigned char v = 3;

	while (!__atomic_load_n(&p->over, __ATOMIC_ACQUIRE)) {
		bus_write(&p->bus, SERIAL_COM2 + 1, &v, 1);
		for (unsigned i = 0; i < 8; i++)
			bus_read(&p->bus, SERIAL_COM2 + i, &v, 1);
		serial_sysrq(p->s, 'h');
		v = 0;
	}
	return NULL;
}

/* What one vCPU prints arrives whole, whatever another does to the same port. */
static void test_a_port_under_two_vcpus(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct irq_line irq;
	struct port p = {0};
	unsigned char got[4096];
	pthread_t threads[2];
	unsigned n = 0;
	int s[2];

	(void)state;
	assert_int_equal(irq_line_init(&irq, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	p.s = serial_new(SERIAL_STREAM, s[0], loop, &irq, NULL);
	assert_int_equal(bus_add(&p.bus, SERIAL_COM2, SERIAL_PORTS, &serial_bus, p.s, NULL), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, print_much, &p), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, poke_port, &p), 0);
	while (n < PRINTED) {
		ssize_t some = recv(s[1], got, sizeof(got), 0);

		for (ssize_t i = 0; i < some; i++, n++)
			assert_int_equal(got[i], n % 251);
		assert_int_equal(loop_turn(loop, 1, NULL), 0);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_int_equal(serial_lost(p.s), 0);
	serial_free(p.s);
	loop_free(loop);
	irq_line_release(&irq);
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_that_is_reset_at_work),
		cmocka_unit_test(test_two_vcpus_fight_over_a_console),
		cmocka_unit_test(test_descriptors_that_change_while_they_are_read),
		cmocka_unit_test(test_a_port_under_two_vcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
