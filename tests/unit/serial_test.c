/* Serial ports: what Linux's driver looks at, both directions, readers that do not read. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/patience.h"
#include "vmm/dev/serial.h"
#include "vmm/dev/serial_regs.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

struct fixture {
	struct loop *loop;
	struct irq_line irq;
	struct serial *s;
	struct bus bus;
	int host, guest;
};

static struct fixture *make(enum serial_kind kind)
{
	struct fixture *x = calloc(1, sizeof(*x));
	int s[2];

	assert_non_null(x);
	x->loop = loop_new(NULL);
	assert_int_equal(irq_line_init(&x->irq, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	x->host = s[0];
	x->guest = s[1];
	x->s = serial_new(kind, x->guest, x->loop, &x->irq, NULL);
	assert_non_null(x->s);
	assert_int_equal(bus_add(&x->bus, SERIAL_COM1, SERIAL_PORTS, &serial_bus, x->s, NULL), 0);
	return x;
}

static int up_log(void **state)
{
	*state = make(SERIAL_LOG);
	return 0;
}

static int up_stream(void **state)
{
	*state = make(SERIAL_STREAM);
	return 0;
}

static int down(void **state)
{
	struct fixture *x = *state;

	serial_free(x->s);
	loop_free(x->loop);
	irq_line_release(&x->irq);
	if (x->host >= 0)
		close(x->host);
	close(x->guest);
	free(x);
	return 0;
}

/* A guest that sends a byte for each one that is taken, to a host that reads at once. */
static struct {
	struct fixture *x; /* NULL = there is none */
	size_t left;	   /* bytes that it will still send */
	size_t taken;
} busy;

static void out(struct fixture *x, unsigned port, unsigned v);

/* Stands before libc's, so that the guest sends while the loop's thread writes, each time. */
ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	if (!busy.x || fd != busy.x->guest)
		return sendto(fd, bytes, n, flags, NULL, 0);
	busy.taken += n;
	for (size_t i = 0; i < n && busy.left; i++, busy.left--)
		out(busy.x, DATA, 'x');
	return (ssize_t)n;
}

static unsigned in(struct fixture *x, unsigned port)
{
	unsigned char v;

	bus_read(&x->bus, SERIAL_COM1 + port, &v, 1);
	return v;
}

static void out(struct fixture *x, unsigned port, unsigned v)
{
	unsigned char byte = (unsigned char)v;

	bus_write(&x->bus, SERIAL_COM1 + port, &byte, 1);
}

static bool interrupted(struct fixture *x)
{
	uint64_t n;

	return read(x->irq.fd, &n, sizeof(n)) == sizeof(n);
}

/* Turns the loop until the host can read, and reads. */
static size_t hear(struct fixture *x, char *to, size_t n)
{
	ssize_t got;

	while ((got = recv(x->host, to, n, MSG_DONTWAIT)) < 0)
		assert_int_equal(loop_turn(x->loop, -1, NULL), 0);
	return (size_t)got;
}

/* Turns the loop until the guest has been interrupted. */
static void wait_interrupt(struct fixture *x)
{
	while (!interrupted(x))
		assert_int_equal(loop_turn(x->loop, -1, NULL), 0);
}

/* As serial8250 finds out what it has before it. */
static void test_what_a_driver_looks_for(void **state)
{
	struct fixture *x = *state;

	out(x, IER, 0);
	assert_int_equal(in(x, IER), 0);
	out(x, IER, 0xff);
	assert_int_equal(in(x, IER), 0x0f);
	out(x, IER, 0);
	out(x, MCR, 0x1a);
	assert_int_equal(in(x, MSR) & 0xf0, 0x90);
	out(x, MCR, 0x15);
	assert_int_equal(in(x, MSR) & 0xf0, 0x60);
	out(x, MCR, 0);
	assert_int_equal(in(x, MSR), 0xb0);
	assert_int_equal(in(x, IIR), 0x01);
	out(x, IIR, 1);
	assert_int_equal(in(x, IIR), 0xc1);
	out(x, LCR, 0x80);
	assert_int_equal(in(x, DATA), 1);
	out(x, DATA, 12);
	out(x, IER, 34);
	assert_int_equal(in(x, DATA), 12);
	assert_int_equal(in(x, IER), 34);
	out(x, LCR, 3);
	assert_int_equal(in(x, IER), 0);
	assert_int_equal(in(x, LCR), 3);
	out(x, SCR, 0x5a);
	assert_int_equal(in(x, SCR), 0x5a);
	out(x, LSR, 0);
	out(x, MSR, 0);
	assert_int_equal(in(x, LSR), 0x60);
	assert_int_equal(in(x, DATA), 0);
}

/* Its test for a transmitter that does not interrupt: asked twice, answered twice. */
static void test_the_transmitter_interrupts_when_asked(void **state)
{
	struct fixture *x = *state;

	for (unsigned i = 0; i < 2; i++) {
		out(x, IER, 2);
		assert_true(interrupted(x));
		assert_int_equal(in(x, IIR) & 0x0f, 2);
		assert_int_equal(in(x, IIR) & 0x0f, 1); /* reading it was the answer */
		out(x, IER, 0);
	}
	out(x, IER, 2);
	in(x, IIR);
	interrupted(x);
	out(x, DATA, 'x');
	assert_true(interrupted(x));
	assert_int_equal(in(x, IIR) & 0x0f, 2);
}

static void test_loop_back(void **state)
{
	struct fixture *x = *state;
	char got[8];

	out(x, MCR, 0x10);
	out(x, DATA, 'L');
	assert_int_equal(in(x, LSR), 0x61);
	assert_int_equal(in(x, DATA), 'L');
	out(x, MCR, 0);
	out(x, DATA, 'O');
	assert_int_equal(hear(x, got, sizeof(got)), 1);
	assert_int_equal(got[0], 'O'); /* the other one never left */
}

static void test_odd_sizes_touch_nothing(void **state)
{
	struct fixture *x = *state;
	uint32_t v = 0x41414141;

	bus_write(&x->bus, SERIAL_COM1, &v, 4);
	bus_write(&x->bus, SERIAL_COM1, &v, 2);
	bus_read(&x->bus, SERIAL_COM1, &v, 4);
	assert_int_equal(v, UINT32_MAX);
	serial_drain(x->s, 0);
	assert_int_equal(recv(x->host, &v, 4, MSG_DONTWAIT), -1);
}

static void test_a_log_arrives_whole(void **state)
{
	struct fixture *x = *state;
	char got[64] = "";
	size_t n = 0;

	for (const char *p = "Linux version 6.1\r\n"; *p; p++)
		out(x, DATA, (unsigned char)*p);
	while (n < 19)
		n += hear(x, got + n, sizeof(got) - 1 - n);
	assert_string_equal(got, "Linux version 6.1\r\n");
	out(x, DATA, '!'); /* and goes on when the loop has gone to sleep */
	assert_int_equal(hear(x, got, sizeof(got)), 1);
	assert_int_equal(serial_lost(x->s), 0);
}

/* Nobody reads the log: the guest never waits, the newest is kept, and the log says so. */
static void test_a_log_that_nobody_reads(void **state)
{
	enum { SENT = 3 * SERIAL_TX_SIZE };
	struct fixture *x = *state;
	char *all = calloc(1, SENT + 1000);
	size_t n = 0;
	ssize_t some;
	unsigned long long lost = 0;
	const char *note;

	assert_non_null(all);
	for (size_t i = 0; i < SENT; i++) {
		assert_int_equal(in(x, LSR) & 0x60, 0x60);
		out(x, DATA, 'a' + i % 26);
		if (i % 4096 == 0)
			loop_turn(x->loop, 0, NULL);
	}
	/* until nothing more comes: each round makes room for the next */
	do {
		serial_drain(x->s, 0);
		some = recv(x->host, all + n, SENT + 999 - n, MSG_DONTWAIT);
		if (some > 0)
			n += (size_t)some;
	} while (some > 0);
	note = strstr(all, "bytes of this log are missing here");
	assert_non_null(note);
	while (*note != '[')
		note--;
	lost = strtoull(note + 1, NULL, 10);
	assert_int_equal(lost, serial_lost(x->s));
	/* what came, the note and what is missing make up what was sent */
	assert_int_equal(n, SENT - lost + (size_t)(strstr(note, "\r\n") + 2 - (note - 2)));
	assert_int_equal(all[n - 1], 'a' + (SENT - 1) % 26);
	free(all);
}

/* Nobody reads the stream: the transmitter is busy, nothing is lost, and it says when it is free.
 */
static void test_a_stream_that_nobody_reads(void **state)
{
	struct fixture *x = *state;
	size_t sent = 0, n = 0;
	char got[4096];

	out(x, IIR, 1);
	out(x, IER, 2);
	while (in(x, LSR) & 0x20) {
		for (unsigned i = 0; i < SERIAL_FIFO; i++)
			out(x, DATA, (unsigned)(sent++ * 7 >> 2));
		loop_turn(x->loop, 0, NULL);
	}
	assert_in_range(sent, SERIAL_TX_SIZE, 8 * SERIAL_TX_SIZE);
	in(x, IIR);
	interrupted(x);
	assert_int_equal(in(x, IIR) & 0x0f, 1);
	assert_int_equal(serial_lost(x->s), 0);
	while (n < sent) {
		size_t some = hear(x, got, sizeof(got));

		for (size_t i = 0; i < some; i++, n++)
			assert_int_equal((unsigned char)got[i], (unsigned char)(n * 7 >> 2));
	}
	assert_true(interrupted(x));
	assert_int_equal(in(x, IIR) & 0x0f, 2);
	assert_int_equal(in(x, LSR), 0x60);
}

/* A guest that sends to a busy transmitter loses bytes, we do not lose memory. */
static void test_a_flood_is_counted(void **state)
{
	struct fixture *x = *state;

	for (size_t i = 0; i < 4U * SERIAL_TX_SIZE; i++)
		out(x, DATA, 'x');
	assert_int_equal(serial_lost(x->s), 3 * SERIAL_TX_SIZE);
}

static void test_input_comes_in_portions(void **state)
{
	struct fixture *x = *state;
	static char sent[3000];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 11 >> 3);
	out(x, IER, 1);
	assert_int_equal(send(x->host, sent, sizeof(sent), 0), sizeof(sent));
	while (n < sizeof(sent)) {
		size_t portion = 0;

		wait_interrupt(x);
		assert_int_equal(in(x, IIR) & 0x0f, 4);
		while (in(x, LSR) & 1) {
			assert_int_equal(in(x, DATA), (unsigned char)sent[n++]);
			portion++;
		}
		assert_in_range(portion, 1, SERIAL_FEED);
		assert_int_equal(in(x, IIR) & 0x0f, 1);
	}
	assert_int_equal(n, sizeof(sent));
}

static void test_a_driver_that_polls_gets_its_input(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(send(x->host, "?", 1, 0), 1);
	while (!(in(x, LSR) & 1))
		assert_int_equal(loop_turn(x->loop, -1, NULL), 0);
	assert_false(interrupted(x));
	out(x, IER, 1); /* late, but not too late */
	assert_true(interrupted(x));
	out(x, IIR, 3); /* the FIFOs are cleared */
	assert_int_equal(in(x, LSR) & 1, 0);
}

static void test_sysrq(void **state)
{
	struct fixture *x = *state;

	out(x, IER, 5);
	serial_sysrq(x->s, 'c');
	assert_true(interrupted(x));
	assert_int_equal(in(x, IIR) & 0x0f, 6);
	assert_int_equal(in(x, LSR), 0x71);
	assert_int_equal(in(x, DATA), 0);
	assert_int_equal(in(x, LSR), 0x61);
	assert_int_equal(in(x, DATA), 'c');
	/* a guest that never reads gets no more than fits */
	for (unsigned i = 0; i < 100000; i++)
		serial_sysrq(x->s, 'h');
}

static void test_the_other_end_is_gone(void **state)
{
	struct fixture *x = *state;

	close(x->host);
	x->host = -1;
	for (size_t i = 0; i < 2U * SERIAL_TX_SIZE; i++) {
		out(x, DATA, 'x');
		if (i % 1024 == 0)
			loop_turn(x->loop, 0, NULL);
	}
	serial_drain(x->s, 1000);
	assert_int_equal(in(x, LSR), 0x60);
}

static void test_draining_gives_up_in_time(void **state)
{
	struct fixture *x = *state;

	for (size_t i = 0; i < SERIAL_TX_SIZE; i++)
		out(x, DATA, 'x');
	serial_drain(x->s, 1); /* returns, although nobody reads */
}

/* The ring is full when it begins. */
static void be_busy(struct fixture *x, size_t rings)
{
	for (size_t i = 0; i < SERIAL_TX_SIZE; i++)
		out(x, DATA, 'x');
	busy.x = x;
	busy.left = rings * SERIAL_TX_SIZE;
	busy.taken = 0;
}

static int down_busy(void **state)
{
	busy.x = NULL;
	return down(state);
}

/* The loop has other devices too. */
static void test_a_flood_that_is_read_leaves_the_loop_in_between(void **state)
{
	struct fixture *x = *state;
	size_t before = 0;

	be_busy(x, 9);
	while (busy.taken < 10U * SERIAL_TX_SIZE) {
		assert_int_equal(loop_turn(x->loop, -1, NULL), 0);
		assert_in_range(busy.taken - before, 0, 2 * SERIAL_TX_SIZE);
		before = busy.taken;
	}
	assert_int_equal(serial_lost(x->s), 0);
}

static void test_draining_writes_everything(void **state)
{
	struct fixture *x = *state;

	be_busy(x, 2);
	serial_drain(x->s, PATIENCE_S * 1000);
	assert_int_equal(busy.taken, 3 * SERIAL_TX_SIZE);
}

#define LOG(test)    cmocka_unit_test_setup_teardown(test, up_log, down)
#define STREAM(test) cmocka_unit_test_setup_teardown(test, up_stream, down)

#define BUSY(up, test) cmocka_unit_test_setup_teardown(test, up, down_busy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG(test_what_a_driver_looks_for),
		LOG(test_the_transmitter_interrupts_when_asked),
		STREAM(test_the_transmitter_interrupts_when_asked),
		LOG(test_loop_back),
		LOG(test_odd_sizes_touch_nothing),
		LOG(test_a_log_arrives_whole),
		STREAM(test_a_log_arrives_whole),
		LOG(test_a_log_that_nobody_reads),
		STREAM(test_a_stream_that_nobody_reads),
		STREAM(test_a_flood_is_counted),
		STREAM(test_input_comes_in_portions),
		STREAM(test_a_driver_that_polls_gets_its_input),
		LOG(test_sysrq),
		LOG(test_the_other_end_is_gone),
		STREAM(test_the_other_end_is_gone),
		BUSY(up_log, test_a_flood_that_is_read_leaves_the_loop_in_between),
		BUSY(up_stream, test_a_flood_that_is_read_leaves_the_loop_in_between),
		BUSY(up_log, test_draining_writes_everything),
		BUSY(up_stream, test_draining_writes_everything),
		LOG(test_draining_gives_up_in_time),
		STREAM(test_draining_gives_up_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
