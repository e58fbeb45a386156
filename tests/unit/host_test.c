/*
 * The process of one guest beside an engine whose process only waits: the test holds the engine's
 * ends too, and says there what a guest, or one that has taken its engine over, may say.
 */
#include <linux/sockios.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/str.h"
#include "vmm/host_state.h"

enum { LOG, BULK, CONTROL, ENDS };
enum { FLOOD = 100 * 1000 };

struct fixture {
	struct host h;
	struct engine engine; /* QEMU's manners without QEMU */
	int client;	      /* the client's end of the control socket */
	int ends[ENDS];	      /* the engine's, -1 = closed */
};

/* start() is handed nothing of the test's. */
static struct fixture *starting;

static pid_t start(const struct engine_request *q, struct err *e)
{
	pid_t pid = fork();

	(void)e;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	starting->ends[LOG] = dup(q->log_fd);
	starting->ends[BULK] = dup(q->bulk_fd);
	starting->ends[CONTROL] = dup(q->control_fd);
	return pid;
}

static void client_takes(void *user, int fd, uint32_t events)
{
	struct fixture *x = user;

	(void)fd;
	if (events & EPOLLOUT)
		outbox_flush(&x->h.out);
}

static int up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct host *h = &x->h;
	int s[2];

	assert_non_null(x);
	x->engine = engine_qemu;
	x->engine.start = start;
	h->built.engine = &x->engine;
	h->built.payload.fd = h->built.kernel_fd = h->client.fd = h->prep_tap.fd = -1;
	h->setup.c.topology = vm_topology_uniform(1, 1, 1, 1);
	h->setup.c.exec = "true";
	h->loop = loop_new(NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
	x->client = s[1];
	outbox_init(&h->out, s[0]);
	tap_init(&h->control, h->loop, s[0], client_takes, x);
	loop_before_sleep(h->loop, host_rearm, h);
	starting = x;
	assert_int_equal(guest_start(h, NULL), 0);
	h->phase = HOST_RUNNING;
	*state = x;
	return 0;
}

static void close_end(struct fixture *x, int which)
{
	if (x->ends[which] >= 0)
		close(x->ends[which]);
	x->ends[which] = -1;
}

static int down(void **state)
{
	struct fixture *x = *state;

	guest_release(&x->h);
	tap_close(&x->h.control);
	outbox_release(&x->h.out);
	pipebuf_release(&x->h.to_client);
	pipebuf_release(&x->h.to_guest);
	loop_free(x->h.loop);
	for (int i = 0; i < ENDS; i++)
		close_end(x, i);
	close(x->client);
	free(x);
	return 0;
}

static void turn(struct fixture *x)
{
	assert_int_equal(loop_turn(x->h.loop, -1, NULL), 0);
}

/* The client's next message; false: none is there. */
static bool receive(struct fixture *x, struct ctl_message *m)
{
	static unsigned char buf[CTL_MESSAGE_MAX];

	return ctl_receive(x->client, CTL_FROM_CHILD, buf, m) == 1;
}

/* What the client was sent up to now, note by note, each with a newline behind. */
static void read_notes(struct fixture *x, struct str *notes)
{
	struct ctl_message m;

	str_add(notes, "");
	do {
		outbox_flush(&x->h.out);
		while (receive(x, &m))
			if (m.type == CTL_NOTE)
				str_printf(notes, "%.*s\n", (int)m.size, m.data);
	} while (!outbox_empty(&x->h.out));
}

/* Says a line up to n times on the engine's control socket, as long as it is heard; gives how often
 * it did. */
static unsigned flood(struct fixture *x, const char *line, unsigned n)
{
	size_t size = strlen(line);

	for (unsigned i = 0; i < n; i++) {
		while (send(x->ends[CONTROL], line, size, MSG_DONTWAIT) < 0) {
			assert_int_equal(loop_turn(x->h.loop, 0, NULL), 0);
			if (!x->h.guest.control.source)
				return i;
		}
	}
	return n;
}

/* Until the engine's control socket has been read empty. */
static void all_heard(struct fixture *x)
{
	int left;

	do {
		assert_int_equal(loop_turn(x->h.loop, 0, NULL), 0);
		assert_int_equal(ioctl(x->ends[CONTROL], SIOCOUTQ, &left), 0);
	} while (left);
}

/* Messages of this type among all that the client is sent up to now. */
static unsigned count(struct fixture *x, enum ctl_type type)
{
	struct ctl_message m;
	unsigned n = 0;

	do {
		outbox_flush(&x->h.out);
		while (receive(x, &m))
			n += m.type == type;
	} while (!outbox_empty(&x->h.out));
	return n;
}

/* More at once than are heard in one turn, and then silence. */
static void test_news_that_come_together(void **state)
{
	struct fixture *x = *state;
	cleanup_str struct str lines = STR_INIT;

	for (int i = 0; i < 400; i++)
		str_add(&lines, "{\"event\":\"STOP\"}\n");
	assert_int_equal(flood(x, lines.s, 1), 1);
	all_heard(x);
	assert_int_equal(count(x, CTL_RUNNING), 400);
}

static void test_refusals_without_end(void **state)
{
	struct fixture *x = *state;
	cleanup_str struct str notes = STR_INIT;

	guest_power(&x->h, CTL_NMI, 0);
	guest_power(&x->h, CTL_RESET, 0);
	assert_int_equal(flood(x, "{\"error\":{\"desc\":\"no\"}}\n", FLOOD), FLOOD);
	all_heard(x);
	assert_in_range(x->h.out.bytes, 0, OUTBOX_HIGH);
	read_notes(x, &notes);
	assert_string_equal(notes.s, "QEMU refused: no\nQEMU refused: no\nQEMU refuses what it was "
				     "not told: such answers are left out\n");
	guest_power(&x->h, CTL_NMI, 0); /* an order of its own is heard as ever */
	flood(x, "{\"error\":{\"desc\":\"not now\"}}\n", 1);
	all_heard(x);
	str_clear(&notes);
	read_notes(x, &notes);
	assert_string_equal(notes.s, "QEMU refused: not now\n");
}

/* The engine is heard as fast as the client reads, and then without a gap. */
static void test_news_without_end(void **state)
{
	struct fixture *x = *state;
	unsigned said = flood(x, "{\"event\":\"STOP\"}\n", FLOOD), got = 0;

	assert_in_range(said, 1, FLOOD - 1);
	assert_in_range(x->h.out.bytes, OUTBOX_HIGH, 2 * OUTBOX_HIGH);
	while ((got += count(x, CTL_RUNNING)) < said)
		turn(x);
	assert_true(outbox_empty(&x->h.out));
}

/* The engine's process is gone, and what it held of the guest's streams. */
static void finish(struct fixture *x)
{
	guest_stop(&x->h);
	close_end(x, LOG);
	close_end(x, BULK);
	while (x->h.phase != HOST_LEAVING)
		turn(x);
}

/* ... but one that it started may hold the control socket. */
static void test_no_news_after_the_verdict(void **state)
{
	struct fixture *x = *state;

	finish(x);
	assert_int_equal(send(x->ends[CONTROL], "{}\n", 3, MSG_DONTWAIT | MSG_NOSIGNAL), -1);
	assert_int_equal(count(x, CTL_EXIT), 1);
}

static void beat(void *user)
{
	*(bool *)user = true;
}

/* The watchdog's next n periods, without the wait. */
static void let_pass(struct fixture *x, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		bool over = false;
		struct loop_timer *behind;

		loop_set_timer(x->h.loop, x->h.guest.watchdog, 1, 0);
		behind = loop_add_timer(x->h.loop, 1, 0, beat, &over);
		while (!over)
			turn(x);
		loop_del_timer(x->h.loop, behind);
	}
}

static void frame(struct fixture *x, enum proto_tag tag, const void *payload, size_t n)
{
	unsigned char bytes[PROTO_HEADER_SIZE + 16];

	assert_in_range(n, 0, 16);
	proto_pack(bytes, tag, payload, n);
	if (n)
		memcpy(bytes + PROTO_HEADER_SIZE, payload, n);
	n += PROTO_HEADER_SIZE;
	assert_int_equal(send(x->ends[BULK], bytes, n, 0), n);
}

static void test_a_silent_guest_is_told_of(void **state)
{
	struct fixture *x = *state;
	cleanup_str struct str notes = STR_INIT;

	let_pass(x, 1);
	assert_int_equal(send(x->ends[LOG], "Linux\nlast words\nand", 20, 0), 20);
	while (!conlog_newest(&x->h.guest.con))
		turn(x);
	let_pass(x, 9);
	read_notes(x, &notes);
	assert_string_equal(notes.s,
		"no sign of the guest's init after 30 s (stage: booting); its console is silent\n"
		"no sign of the guest's init after 60 s (stage: kernel started); its console's "
		"last line: last words\n"
		"no sign of the guest's init after 90 s (stage: kernel started); its console's "
		"last line: last words\n");
}

static void test_a_guest_that_answers_is_not(void **state)
{
	struct fixture *x = *state;

	let_pass(x, 1);
	assert_int_equal(count(x, CTL_NOTE), 1);
	frame(x, PROTO_SYS_RDY, NULL, 0);
	while (!x->h.guest.ready)
		turn(x);
	let_pass(x, 5);
	assert_int_equal(count(x, CTL_NOTE), 0);
}

/* Whether the others come with the first one or after it. */
static void test_the_last_status_counts(void **state)
{
	struct fixture *x = *state;
	struct ctl_message m;

	frame(x, PROTO_SYS_RDY, NULL, 0);
	frame(x, PROTO_EXEC_EXIT, "\3\0\0\0", 4);
	frame(x, PROTO_EXEC_EXIT, "\5\0\0\0", 4);
	while (!x->h.guest.has_status)
		turn(x);
	assert_int_equal(x->h.guest.status, 5);
	frame(x, PROTO_EXEC_EXIT, "\7\0\0\0", 4);
	finish(x);
	do
		assert_true(receive(x, &m));
	while (m.type != CTL_EXIT);
	assert_int_equal(m.a, 7);
}

#define HOST(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOST(test_news_that_come_together),
		HOST(test_refusals_without_end),
		HOST(test_news_without_end),
		HOST(test_no_news_after_the_verdict),
		HOST(test_a_silent_guest_is_told_of),
		HOST(test_a_guest_that_answers_is_not),
		HOST(test_the_last_status_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
