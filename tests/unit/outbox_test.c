/* The queues between a guest and a client that does not keep up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/outbox.h"
#include "vmm/pipebuf.h"
#include "vmm/vmctl.h"

static int receive(int fd, struct ctl_message *m)
{
	static unsigned char buf[CTL_MESSAGE_MAX];

	return ctl_receive(fd, CTL_FROM_CHILD, buf, m);
}

static void test_order_and_cutting(void **state)
{
	static char big[3 * CTL_DATA_MAX + 5];
	struct ctl_message m;
	struct outbox o;
	size_t total = 0;
	int s[2];

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
	outbox_init(&o, s[0]);
	for (int round = 0; round < 20; round++)
		outbox_put(&o, CTL_STDOUT, big, sizeof(big));
	outbox_put_numbers(&o, CTL_EXIT, 3, 0, "why");
	assert_false(outbox_empty(&o));
	for (;;) {
		while (receive(s[1], &m) == 1 && m.type == CTL_STDOUT) {
			assert_int_equal(m.data[0], big[total % sizeof(big)]);
			total += m.size;
		}
		if (m.type == CTL_EXIT)
			break;
		outbox_flush(&o);
	}
	assert_int_equal(total, 20 * sizeof(big));
	assert_int_equal(m.a, 3);
	assert_true(outbox_empty(&o));
	assert_int_equal(o.bytes, 0);
	outbox_release(&o);
	close(s[0]);
	close(s[1]);
}

static void test_the_log_is_dropped_and_counted(void **state)
{
	static char line[1000];
	struct ctl_message m;
	struct outbox o;
	bool told = false;
	int s[2];

	(void)state;
	memset(line, 'x', sizeof(line));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
	outbox_init(&o, s[0]);
	for (int i = 0; i < 10000; i++)
		outbox_put_log(&o, line, sizeof(line));
	assert_in_range(o.bytes, OUTBOX_LOG, 2 * OUTBOX_LOG);
	assert_true(o.dropped > 0);
	while (!outbox_empty(&o)) {
		outbox_flush(&o);
		while (receive(s[1], &m) == 1)
			;
	}
	outbox_put_log(&o, "new\n", 4);
	while (receive(s[1], &m) == 1)
		told |= memmem(m.data, m.size, "left out", 8) != NULL;
	assert_true(told);
	assert_int_equal(o.dropped, 0);
	outbox_release(&o);
	close(s[0]);
	close(s[1]);
}

static void test_a_gone_client_frees_the_queue(void **state)
{
	static char big[CTL_DATA_MAX];
	struct outbox o;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, s), 0);
	outbox_init(&o, s[0]);
	for (int i = 0; i < 100; i++)
		outbox_put(&o, CTL_STDOUT, big, sizeof(big));
	assert_false(outbox_empty(&o));
	close(s[1]);
	outbox_flush(&o);
	assert_true(o.broken);
	assert_true(outbox_empty(&o));
	outbox_put(&o, CTL_STDOUT, big, sizeof(big));
	assert_true(outbox_empty(&o));
	outbox_release(&o);
	close(s[0]);
}

/* ... by one that ended without having read all. */
static void test_pipebuf_has_what_was_sent_last(void **state)
{
	struct pipebuf b = {0};
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_int_equal(send(s[0], "unread", 6, 0), 6);
	assert_int_equal(send(s[1], "last", 4, 0), 4);
	close(s[1]);
	assert_int_equal(pipebuf_read(&b, s[0]), 4);
	assert_memory_equal(b.bytes + b.at, "last", 4);
	assert_int_equal(pipebuf_read(&b, s[0]), 0);
	close(s[0]);
	pipebuf_release(&b);
}

static void test_pipebuf_keeps_bytes_and_bounds(void **state)
{
	struct pipebuf b = {0};
	size_t sent = 0, got = 0;
	int in[2], out[2];
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, in), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, out), 0);
	assert_int_equal(pipebuf_read(&b, in[1]), -EAGAIN);
	while (got < 1000000) {
		unsigned char chunk[3001], back[2777];

		for (size_t i = 0; i < sizeof(chunk); i++)
			chunk[i] = (unsigned char)((sent + i) % 251);
		n = sent < 1000000 ? send(in[0], chunk, sizeof(chunk), 0) : -1;
		sent += n > 0 ? (size_t)n : 0;
		pipebuf_read(&b, in[1]);
		assert_true(b.len <= PIPEBUF_SIZE);
		assert_int_equal(pipebuf_write(&b, out[0]), 0);
		while ((n = recv(out[1], back, sizeof(back), 0)) > 0)
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(back[i], (got++) % 251);
	}
	close(in[0]);
	while (pipebuf_read(&b, in[1]) > 0)
		pipebuf_drop(&b, b.len);
	assert_int_equal(pipebuf_read(&b, in[1]), 0);
	pipebuf_put(&b, "x", 1);
	close(out[1]);
	assert_int_equal(pipebuf_write(&b, out[0]), -EPIPE);
	pipebuf_release(&b);
	close(in[1]);
	close(out[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_cutting),
		cmocka_unit_test(test_the_log_is_dropped_and_counted),
		cmocka_unit_test(test_a_gone_client_frees_the_queue),
		cmocka_unit_test(test_pipebuf_keeps_bytes_and_bounds),
		cmocka_unit_test(test_pipebuf_has_what_was_sent_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
