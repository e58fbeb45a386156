/* The console's two ports: their announcement, bytes both ways, and sides that do not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/fake_virtio.h"
#include "tests/lib/skip.h"
#include "vmm/proto.h"
#include "vmm/virtio/console.h"

enum {
	CONTROL_IN = 2,
	CONTROL_OUT = 3,
	BULK_IN = 4,
	BULK_OUT = 5,
	CONSOLE_IN = 6,
	CONSOLE_OUT = 7
};
enum { READY = 0, ADD = 1, PORT_READY = 3, OPEN = 6, NAME = 7 };
enum { ROOM = 0x400 }; /* of one buffer of the driver's */

struct fixture {
	struct fv f;
	struct virtio_device *d;
	int host[2]; /* our ends: bulk, console */
	int guest[2];
};

static int up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	if (!x)
		return -1;
	fv_init(&x->f);
	for (unsigned i = 0; i < 2; i++) {
		int s[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s))
			return -1;
		x->host[i] = s[0];
		x->guest[i] = s[1];
	}
	x->d = virtio_console_new(x->f.loop, x->guest[0], x->guest[1], NULL);
	fv_attach(&x->f, x->d);
	fv_bring_up(&x->f, 1 << 1, 64);
	*state = x;
	return 0;
}

static int down(void **state)
{
	struct fixture *x = *state;

	fv_detach(&x->f);
	virtio_console_free(x->d);
	fv_release(&x->f);
	for (unsigned i = 0; i < 2; i++) {
		close(x->guest[i]);
		if (x->host[i] >= 0)
			close(x->host[i]);
	}
	free(x);
	return 0;
}

/* Where buffer i of queue q lies: the driver's own arrangement. */
static uint64_t room(unsigned q, unsigned i)
{
	return FV_DATA_AT + (uint64_t)q * 64 * ROOM / 2 + (uint64_t)i * ROOM;
}

static void say(struct fixture *x, uint32_t id, uint16_t event, uint16_t value)
{
	unsigned char *m = fv_ptr(&x->f, room(CONTROL_OUT, 0), 8);
	const struct fv_buf b = {room(CONTROL_OUT, 0), 8, false};

	memcpy(m, &id, 4);
	memcpy(m + 4, &event, 2);
	memcpy(m + 6, &value, 2);
	assert_int_equal(fv_do(&x->f, CONTROL_OUT, &b, 1), 0);
}

static void offer_control(struct fixture *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct fv_buf b = {room(CONTROL_IN, i), ROOM, true};

		fv_request(&x->f, CONTROL_IN, &b, 1);
	}
	fv_notify(&x->f, CONTROL_IN);
	fv_turn(&x->f, 3);
}

/* The next message from the device; buffers come back in the order in which they were offered. */
static void hears(struct fixture *x, uint32_t id, uint16_t event, uint16_t value, const char *name)
{
	unsigned i = x->f.q[CONTROL_IN].next_used;
	uint32_t head, len, got_id;
	uint16_t got[2];
	const char *m = fv_ptr(&x->f, room(CONTROL_IN, i), ROOM);

	assert_true(fv_used(&x->f, CONTROL_IN, &head, &len));
	memcpy(&got_id, m, 4);
	memcpy(got, m + 4, 4);
	assert_int_equal(len, 8 + strlen(name));
	assert_int_equal(got_id, id);
	assert_int_equal(got[0], event);
	assert_int_equal(got[1], value);
	assert_memory_equal(m + 8, name, strlen(name));
}

static void hears_nothing(struct fixture *x)
{
	uint32_t head, len;

	assert_false(fv_used(&x->f, CONTROL_IN, &head, &len));
}

static void open_ports(struct fixture *x)
{
	uint32_t head, len;

	offer_control(x, 16);
	say(x, 0, READY, 1);
	say(x, 1, PORT_READY, 1);
	say(x, 2, PORT_READY, 1);
	say(x, 1, OPEN, 1);
	say(x, 2, OPEN, 1);
	while (fv_used(&x->f, CONTROL_IN, &head, &len))
		continue;
}

static void test_ports_are_announced_as_init_expects_them(void **state)
{
	struct fixture *x = *state;
	uint64_t config;

	bus_read(&x->f.bus, 0xd0000000ULL + FV_CONFIG_SPACE + 4, &config, 4);
	assert_int_equal((uint32_t)config, 3);
	offer_control(x, 16);
	hears_nothing(x);
	say(x, 0, READY, 1);
	hears(x, 1, ADD, 1, "");
	hears(x, 2, ADD, 1, "");
	hears_nothing(x);
	say(x, 1, PORT_READY, 1);
	hears(x, 1, NAME, 1, PROTO_PORT_BULK);
	hears(x, 1, OPEN, 1, "");
	say(x, 2, PORT_READY, 1);
	hears(x, 2, NAME, 1, PROTO_PORT_CONSOLE);
	hears(x, 2, OPEN, 1, "");
	hears_nothing(x);
}

static void test_announcements_wait_for_buffers(void **state)
{
	struct fixture *x = *state;

	say(x, 0, READY, 1);
	hears_nothing(x);
	offer_control(x, 1);
	hears(x, 1, ADD, 1, "");
	hears_nothing(x);
	offer_control(x, 0);
	hears_nothing(x);
}

/* What a guest may say to its console, and has no effect. */
static void test_nonsense_is_ignored(void **state)
{
	struct fixture *x = *state;

	offer_control(x, 32);
	say(x, 0, READY, 0); /* "I could not" */
	hears_nothing(x);
	say(x, 0, READY, 1);
	hears(x, 1, ADD, 1, "");
	hears(x, 2, ADD, 1, "");
	say(x, 0, READY, 1); /* again */
	say(x, 0, PORT_READY, 1);
	say(x, 3, PORT_READY, 1);
	say(x, UINT32_MAX, PORT_READY, 1);
	say(x, 1U << 31, OPEN, 1);
	say(x, 1, PORT_READY, 0);
	say(x, 1, 4, 1);
	say(x, 1, 0xffff, 0xffff);
	hears_nothing(x);
	say(x, 1, PORT_READY, 1);
	say(x, 1, PORT_READY, 1);
	hears(x, 1, NAME, 1, PROTO_PORT_BULK);
	hears(x, 1, OPEN, 1, "");
	hears_nothing(x);
}

static void test_short_and_empty_messages_come_back(void **state)
{
	struct fixture *x = *state;

	for (uint32_t n = 0; n < 8; n++) {
		const struct fv_buf b = {room(CONTROL_OUT, 0), n, false};
		const struct fv_buf wrong = {room(CONTROL_OUT, 0), n, true};

		assert_int_equal(fv_do(&x->f, CONTROL_OUT, &b, 1), 0);
		assert_int_equal(fv_do(&x->f, CONTROL_OUT, &wrong, 1), 0);
	}
}

static void test_a_small_buffer_gets_the_start_of_a_message(void **state)
{
	const struct fv_buf b = {room(CONTROL_IN, 0), 3, true};
	struct fixture *x = *state;
	uint32_t head, len;

	fv_request(&x->f, CONTROL_IN, &b, 1);
	say(x, 0, READY, 1);
	assert_true(fv_used(&x->f, CONTROL_IN, &head, &len));
	assert_int_equal(len, 3);
}

static void test_bytes_from_the_guest(void **state)
{
	const struct fv_buf b[] = {{room(BULK_OUT, 0), 5, false}, {room(BULK_OUT, 1), 6, false}};
	const struct fv_buf c = {room(CONSOLE_OUT, 0), 3, false};
	struct fixture *x = *state;
	char got[32] = "";

	open_ports(x);
	memcpy(fv_ptr(&x->f, b[0].gpa, 5), "hello", 5);
	memcpy(fv_ptr(&x->f, b[1].gpa, 6), " there", 6);
	memcpy(fv_ptr(&x->f, c.gpa, 3), "\0\xff\x1b", 3);
	assert_int_equal(fv_do(&x->f, BULK_OUT, b, 2), 0);
	assert_int_equal(fv_do(&x->f, CONSOLE_OUT, &c, 1), 0);
	assert_int_equal(recv(x->host[0], got, sizeof(got), 0), 11);
	assert_string_equal(got, "hello there");
	assert_int_equal(recv(x->host[1], got, sizeof(got), 0), 3);
	assert_memory_equal(got, "\0\xff\x1b", 3);
}

/* A host that does not read: requests stay with the device, in order and whole, until it does. */
static void test_a_host_that_does_not_read_holds_back(void **state)
{
	enum { CHUNK = 0x8000, CHUNKS = 32 };
	struct fixture *x = *state;
	static unsigned char got[CHUNK * CHUNKS];
	unsigned char *from;
	size_t n = 0;
	unsigned taken;

	open_ports(x);
	from = fv_ptr(&x->f, FV_SEAM, CHUNK);
	for (unsigned i = 0; i < CHUNK; i++)
		from[i] = (unsigned char)(i * 31 >> 3);
	for (unsigned i = 0; i < CHUNKS; i++) {
		const struct fv_buf b = {FV_SEAM, CHUNK, false};

		fv_request(&x->f, BULK_OUT, &b, 1);
	}
	fv_notify(&x->f, BULK_OUT);
	fv_turn(&x->f, 20);
	taken = fv_used_index(&x->f, BULK_OUT);
	assert_in_range(taken, 1, CHUNKS - 1);
	while (n < sizeof(got)) {
		ssize_t some = recv(x->host[0], got + n, sizeof(got) - n, MSG_DONTWAIT);

		if (some > 0)
			n += (size_t)some;
		fv_turn(&x->f, 2);
	}
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), CHUNKS);
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_memory_equal(got + (size_t)i * CHUNK, from, CHUNK);
}

/* A host that reads again, and a queue so full that it takes more than one turn. */
static void test_a_long_queue_goes_on_by_itself(void **state)
{
	enum { REQUESTS = 60, TURNS = 40 };
	const struct fv_buf b = {room(BULK_OUT, 0), 16, false};
	struct fixture *x = *state;
	char bytes[4096] = "";

	open_ports(x);
	while (send(x->guest[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	for (unsigned i = 0; i < REQUESTS; i++)
		fv_request(&x->f, BULK_OUT, &b, 1);
	fv_notify(&x->f, BULK_OUT);
	fv_turn(&x->f, 3);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), 0);
	while (recv(x->host[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	fv_turn(&x->f, TURNS);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), REQUESTS);
}

static void test_a_host_that_is_gone_holds_nothing_up(void **state)
{
	const struct fv_buf b = {FV_SEAM, 0x8000, false};
	struct fixture *x = *state;

	open_ports(x);
	close(x->host[0]);
	x->host[0] = -1;
	fv_turn(&x->f, 3);
	hears(x, 1, OPEN, 0, "");
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(fv_do(&x->f, BULK_OUT, &b, 1), 0);
	/* nor does it when the driver starts over: the port is there, and closed */
	fv_bring_up(&x->f, 1 << 1, 64);
	offer_control(x, 8);
	say(x, 0, READY, 1);
	say(x, 1, PORT_READY, 1);
	hears(x, 1, ADD, 1, "");
	hears(x, 2, ADD, 1, "");
	hears(x, 1, NAME, 1, PROTO_PORT_BULK);
	hears_nothing(x);
}

static void offer_room(struct fixture *x, unsigned q, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct fv_buf b = {room(q, i), ROOM, true};

		fv_request(&x->f, q, &b, 1);
	}
	fv_notify(&x->f, q);
	fv_turn(&x->f, 3);
}

static void test_bytes_to_the_guest(void **state)
{
	struct fixture *x = *state;
	uint32_t head, len;

	open_ports(x);
	offer_room(x, BULK_IN, 4);
	assert_int_equal(send(x->host[0], "ab", 2, 0), 2);
	fv_turn(&x->f, 3);
	assert_true(fv_used(&x->f, BULK_IN, &head, &len));
	assert_int_equal(len, 2);
	assert_memory_equal(fv_ptr(&x->f, room(BULK_IN, 0), 2), "ab", 2);
	assert_false(fv_used(&x->f, BULK_IN, &head, &len));
}

/* Before a process of the guest has the port open, and while there are no buffers, bytes stay where
 * they are: a driver would throw them away. */
static void test_bytes_wait_for_the_guest(void **state)
{
	struct fixture *x = *state;
	uint32_t head, len;

	offer_room(x, CONSOLE_IN, 1);
	assert_int_equal(send(x->host[1], "early", 5, 0), 5);
	fv_turn(&x->f, 3);
	assert_false(fv_used(&x->f, CONSOLE_IN, &head, &len));
	open_ports(x);
	fv_turn(&x->f, 3);
	assert_true(fv_used(&x->f, CONSOLE_IN, &head, &len));
	assert_int_equal(len, 5);
	assert_int_equal(send(x->host[1], "more", 4, 0), 4);
	fv_turn(&x->f, 10);
	assert_false(fv_used(&x->f, CONSOLE_IN, &head, &len));
	offer_room(x, CONSOLE_IN, 1);
	assert_true(fv_used(&x->f, CONSOLE_IN, &head, &len));
	assert_int_equal(len, 4);
	say(x, 2, OPEN, 0);
	offer_room(x, CONSOLE_IN, 1);
	assert_int_equal(send(x->host[1], "later", 5, 0), 5);
	fv_turn(&x->f, 10);
	assert_false(fv_used(&x->f, CONSOLE_IN, &head, &len));
}

static void test_buffers_without_room_come_back_empty(void **state)
{
	const struct fv_buf b = {room(BULK_IN, 0), 8, false};
	struct fixture *x = *state;

	open_ports(x);
	assert_int_equal(send(x->host[0], "x", 1, 0), 1);
	assert_int_equal(fv_do(&x->f, BULK_IN, &b, 1), 0);
}

static void test_a_reset_forgets_the_guest(void **state)
{
	const struct fv_buf b = {FV_SEAM, 0x8000, false};
	struct fixture *x = *state;
	uint32_t head, len;

	open_ports(x);
	for (unsigned i = 0; i < 32; i++)
		fv_request(&x->f, BULK_OUT, &b, 1);
	fv_notify(&x->f, BULK_OUT);
	fv_turn(&x->f, 20); /* half of it is sent */
	fv_bring_up(&x->f, 1 << 1, 64);
	assert_int_equal(send(x->host[1], "x", 1, 0), 1);
	offer_room(x, CONSOLE_IN, 1);
	fv_turn(&x->f, 5);
	assert_false(fv_used(&x->f, CONSOLE_IN, &head, &len)); /* nobody has opened it */
	open_ports(x);
	fv_turn(&x->f, 5);
	assert_true(fv_used(&x->f, CONSOLE_IN, &head, &len));
}

static void test_a_flood_of_messages_is_heard_in_shares(void **state)
{
	const struct fv_buf b = {room(CONTROL_OUT, 0), 8, false};
	struct fixture *x = *state;

	memset(fv_ptr(&x->f, b.gpa, 8), 0xff, 8);
	for (unsigned i = 0; i < 64; i++)
		fv_request(&x->f, CONTROL_OUT, &b, 1);
	fv_notify(&x->f, CONTROL_OUT);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, CONTROL_OUT), 32);
	fv_turn(&x->f, 2);
	assert_int_equal(fv_used_index(&x->f, CONTROL_OUT), 64);
}

/* ---- what one turn does at most ----------------------------------------------------------------
 */

enum { TURN_CHAINS = 32, TURN_BYTES = 256 * 1024, PIECE = 0x8000 };

static void test_much_input_arrives_in_shares(void **state)
{
	enum { BUFFERS = 64, EACH = 16 };
	struct fixture *x = *state;
	char bytes[2 * BUFFERS * EACH] = "";

	open_ports(x);
	assert_int_equal(send(x->host[0], bytes, sizeof(bytes), 0), sizeof(bytes));
	fv_turn(&x->f, 2); /* the guest has no buffers: nobody waits for input any more */
	for (unsigned i = 0; i < BUFFERS; i++) {
		const struct fv_buf b = {room(BULK_IN, 0), EACH, true};

		fv_request(&x->f, BULK_IN, &b, 1);
	}
	fv_notify(&x->f, BULK_IN);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_IN), TURN_CHAINS);
	fv_turn(&x->f, 2);
	assert_int_equal(fv_used_index(&x->f, BULK_IN), BUFFERS);
}

/* The same from the host's side: it sends to a guest that has buffers already. */
static void test_input_for_a_waiting_guest_arrives_in_shares(void **state)
{
	enum { BUFFERS = 64, EACH = 16 };
	struct fixture *x = *state;
	char bytes[2 * BUFFERS * EACH] = "";

	open_ports(x);
	for (unsigned i = 0; i < BUFFERS; i++) {
		const struct fv_buf b = {room(BULK_IN, 0), EACH, true};

		fv_request(&x->f, BULK_IN, &b, 1);
	}
	assert_int_equal(send(x->host[0], bytes, sizeof(bytes), 0), sizeof(bytes));
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_IN), TURN_CHAINS);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_IN), BUFFERS);
}

static void test_many_requests_are_sent_in_shares(void **state)
{
	enum { REQUESTS = 60 };
	const struct fv_buf b = {room(BULK_OUT, 0), 16, false};
	struct fixture *x = *state;

	open_ports(x);
	for (unsigned i = 0; i < REQUESTS; i++)
		fv_request(&x->f, BULK_OUT, &b, 1);
	fv_notify(&x->f, BULK_OUT);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), TURN_CHAINS);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), REQUESTS);
}

/* A host that is gone takes everything at once, and yet not all of it in one turn. */
static void test_large_requests_are_sent_in_shares(void **state)
{
	enum { REQUESTS = 20 };
	const struct fv_buf b = {FV_SEAM, PIECE, false};
	struct fixture *x = *state;

	open_ports(x);
	close(x->host[0]);
	x->host[0] = -1;
	fv_turn(&x->f, 3);
	for (unsigned i = 0; i < REQUESTS; i++)
		fv_request(&x->f, BULK_OUT, &b, 1);
	fv_notify(&x->f, BULK_OUT);
	fv_turn(&x->f, 1);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), TURN_BYTES / PIECE);
	fv_turn(&x->f, 2);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), REQUESTS);
}

/* One request of 16 pieces, which are all the same memory. */
static void send_half_a_mib(struct fixture *x)
{
	struct fv_buf b[16];

	for (unsigned i = 0; i < 16; i++)
		b[i] = (struct fv_buf){FV_SEAM, PIECE, false};
	fv_request(&x->f, BULK_OUT, b, 16);
	fv_notify(&x->f, BULK_OUT);
}

static int waits_for_host(const struct fixture *x)
{
	int n = 0;

	assert_int_equal(ioctl(x->host[0], FIONREAD, &n), 0);
	return n;
}

static void test_one_large_request_is_sent_in_shares(void **state)
{
	const int room_for_all = 2 << 20;
	struct fixture *x = *state;
	int there = 0;
	socklen_t n = sizeof(there);

	open_ports(x);
	setsockopt(x->guest[0], SOL_SOCKET, SO_SNDBUF, &room_for_all, sizeof(room_for_all));
	getsockopt(x->guest[0], SOL_SOCKET, SO_SNDBUF, &there, &n);
	if (there < room_for_all)
		skip_because("a socket takes %d bytes here", there);
	send_half_a_mib(x);
	fv_turn(&x->f, 1);
	assert_int_equal(waits_for_host(x), TURN_BYTES);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), 0);
	fv_turn(&x->f, 1);
	assert_int_equal(waits_for_host(x), 16 * PIECE);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), 1);
}

/* A request that is half sent gets other descriptors: it ends where they do, and the next one
 * starts at its own first byte. */
static void test_a_request_that_shrinks_while_it_is_sent(void **state)
{
	const struct fv_buf next = {room(BULK_OUT, 0), 5, false};
	struct fixture *x = *state;
	static char got[16 * PIECE];
	ssize_t some;
	int sent;

	open_ports(x);
	memset(fv_ptr(&x->f, FV_SEAM, PIECE), 'a', PIECE);
	memcpy(fv_ptr(&x->f, next.gpa, 5), "after", 5);
	send_half_a_mib(x);
	fv_request(&x->f, BULK_OUT, &next, 1);
	fv_turn(&x->f, 20);
	sent = waits_for_host(x);
	assert_in_range(sent, 17, 16 * PIECE - 1);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), 0);
	fv_desc(&x->f, BULK_OUT, 0, FV_SEAM, 16, 0, 0);
	some = recv(x->host[0], got, sizeof(got), 0);
	assert_int_equal(some, sent);
	fv_turn(&x->f, 3);
	assert_int_equal(fv_used_index(&x->f, BULK_OUT), 2);
	assert_int_equal(recv(x->host[0], got, sizeof(got), 0), 5);
	assert_memory_equal(got, "after", 5);
}

/* Queues 0 and 1 are those of a port that is not there. */
static void test_port_0_is_left_alone(void **state)
{
	const struct fv_buf b = {room(0, 0), 8, false};
	struct fixture *x = *state;

	assert_int_equal(fv_do(&x->f, 0, &b, 1), -1);
	assert_int_equal(fv_do(&x->f, 1, &b, 1), -1);
	assert_int_equal(fv_get(&x->f, FV_STATUS), FV_OK);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_ports_are_announced_as_init_expects_them),
		WITH(test_announcements_wait_for_buffers),
		WITH(test_nonsense_is_ignored),
		WITH(test_short_and_empty_messages_come_back),
		WITH(test_a_small_buffer_gets_the_start_of_a_message),
		WITH(test_bytes_from_the_guest),
		WITH(test_a_host_that_does_not_read_holds_back),
		WITH(test_a_long_queue_goes_on_by_itself),
		WITH(test_a_host_that_is_gone_holds_nothing_up),
		WITH(test_bytes_to_the_guest),
		WITH(test_bytes_wait_for_the_guest),
		WITH(test_buffers_without_room_come_back_empty),
		WITH(test_a_reset_forgets_the_guest),
		WITH(test_a_flood_of_messages_is_heard_in_shares),
		WITH(test_much_input_arrives_in_shares),
		WITH(test_input_for_a_waiting_guest_arrives_in_shares),
		WITH(test_many_requests_are_sent_in_shares),
		WITH(test_large_requests_are_sent_in_shares),
		WITH(test_one_large_request_is_sent_in_shares),
		WITH(test_a_request_that_shrinks_while_it_is_sent),
		WITH(test_port_0_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
