#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmm/ctlwire.h"
#include "vmm/vmctl.h"

static const struct ctl_message samples[] = {
	{.type = CTL_NOTE, .data = "a line", .size = 6},
	{.type = CTL_PROGRESS, .a = 3, .b = 7, .data = "fetching", .size = 8},
	{.type = CTL_STAGE, .a = VM_STAGE_LINUX, .b = 12345678901ULL},
	{.type = CTL_INFO, .data = "{}", .size = 2},
	{.type = CTL_DMESG, .data = "x\0y", .size = 3},
	{.type = CTL_STDOUT, .data = "\0", .size = 1},
	{.type = CTL_STDERR, .data = "e", .size = 1},
	{.type = CTL_EXIT, .a = 255, .data = "panic", .size = 5},
	{.type = CTL_CREDIT, .a = 100},
	{.type = CTL_RUN_STDOUT, .data = "o", .size = 1},
	{.type = CTL_RUN_STDERR, .data = "e", .size = 1},
	{.type = CTL_RUN_EXIT, .a = 130},
	{.type = CTL_RUN_EXIT, .a = 1, .data = "busy", .size = 4},
	{.type = CTL_STDIN, .data = "in", .size = 2},
	{.type = CTL_STDIN},
	{.type = CTL_RESIZE, .a = 50, .b = 132},
	{.type = CTL_SIGNAL, .a = 2},
	{.type = CTL_RUN, .data = "lscpu", .size = 5},
	{.type = CTL_KILL},
};

static enum ctl_side sender_of(enum ctl_type t)
{
	return t < CTL_STDIN ? CTL_FROM_CHILD : CTL_FROM_CLIENT;
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		unsigned char buf[CTL_MESSAGE_MAX];
		const struct ctl_message *m = &samples[i];
		struct ctl_message got;
		size_t n = ctl_pack(m, buf);

		assert_int_equal(n, CTL_HEADER + m->size);
		assert_int_equal(ctl_unpack(buf, n, sender_of(m->type), &got), 0);
		assert_int_equal(got.type, m->type);
		assert_int_equal(got.a, m->a);
		assert_int_equal(got.b, m->b);
		assert_int_equal(got.size, m->size);
		if (m->size)
			assert_memory_equal(got.data, m->data, m->size);
	}
}

static void test_wrong_direction_length_and_version_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		unsigned char buf[CTL_MESSAGE_MAX + 1] = {0};
		const struct ctl_message *m = &samples[i];
		enum ctl_side sender = sender_of(m->type);
		struct ctl_message got;
		size_t n = ctl_pack(m, buf);

		assert_int_equal(
			ctl_unpack(buf, n,
				sender == CTL_FROM_CHILD ? CTL_FROM_CLIENT : CTL_FROM_CHILD, &got),
			-EPROTO);
		assert_int_equal(ctl_unpack(buf, n + 1, sender, &got), -EPROTO);
		assert_int_equal(ctl_unpack(buf, n - 1, sender, &got), -EPROTO);
		assert_int_equal(ctl_unpack(buf, CTL_HEADER - 1, sender, &got), -EPROTO);
		buf[2]++;
		assert_int_equal(ctl_unpack(buf, n, sender, &got), -EPROTO);
	}
}

static void test_numbers_out_of_range_are_refused(void **state)
{
	static const struct ctl_message bad[] = {
		{.type = CTL_STAGE, .a = VM_STAGE_ENDED + 1},
		{.type = CTL_EXIT, .a = 256},
		{.type = CTL_CREDIT, .a = CTL_WINDOW + 1},
		{.type = CTL_CREDIT},
		{.type = CTL_RESIZE, .a = 0, .b = 80},
		{.type = CTL_RESIZE, .a = 24, .b = 0},
		{.type = CTL_RESIZE, .a = 24, .b = 65536},
		{.type = CTL_SIGNAL},
		{.type = CTL_RUN},
		{.type = CTL_RUN_EXIT, .a = 256},
		{.type = CTL_SIGNAL, .a = 64},
		{.type = CTL_KILL, .a = 1},
		{.type = CTL_STDOUT},
		{.type = CTL_NOTE, .a = 1},
		{.type = 0},
		{.type = CTL_RUNNING, .a = 2},
		{.type = CTL_POWER},
		{.type = CTL_POWER, .a = CTL_RESET + 1},
		{.type = CTL_POWER, .a = CTL_SYSRQ, .b = 128},
		{.type = CTL_REPORT},
		{.type = 40},
		{.type = 255},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned char buf[CTL_MESSAGE_MAX];
		struct ctl_message got;
		size_t n = ctl_pack(&bad[i], buf);

		assert_int_equal(ctl_unpack(buf, n, sender_of(bad[i].type), &got), -EPROTO);
	}
}

static void test_sockets(void **state)
{
	static char big[CTL_MESSAGE_MAX + 100];
	static unsigned char buf[CTL_MESSAGE_MAX];
	struct ctl_message m;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(ctl_receive(s[1], CTL_FROM_CLIENT, buf, &m), -EAGAIN);
	assert_int_equal(ctl_send(s[0], &(struct ctl_message){.type = CTL_SIGNAL, .a = 15}), 0);
	assert_int_equal(ctl_receive(s[1], CTL_FROM_CLIENT, buf, &m), 1);
	assert_int_equal(m.type, CTL_SIGNAL);
	assert_int_equal(m.a, 15);
	/* oversized packets are seen as such, not cut */
	assert_int_equal(send(s[0], big, sizeof(big), 0), (ssize_t)sizeof(big));
	assert_int_equal(ctl_receive(s[1], CTL_FROM_CLIENT, buf, &m), -EPROTO);
	close(s[0]);
	assert_int_equal(ctl_receive(s[1], CTL_FROM_CLIENT, buf, &m), 0);
	assert_int_equal(ctl_send(s[1], &(struct ctl_message){.type = CTL_KILL}), -EPIPE);
	close(s[1]);
}

/* A child that ends does not read what was on its way to it, and what it said last counts. */
static void test_the_last_word_of_one_that_did_not_listen(void **state)
{
	static unsigned char buf[CTL_MESSAGE_MAX];
	struct ctl_message m;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(
		ctl_send(s[0], &(struct ctl_message){.type = CTL_RESIZE, .a = 24, .b = 80}), 0);
	assert_int_equal(ctl_send(s[1], &(struct ctl_message){.type = CTL_EXIT, .a = 7}), 0);
	close(s[1]);
	assert_int_equal(ctl_receive(s[0], CTL_FROM_CHILD, buf, &m), 1);
	assert_int_equal(m.type, CTL_EXIT);
	assert_int_equal(m.a, 7);
	assert_int_equal(ctl_receive(s[0], CTL_FROM_CHILD, buf, &m), 0);
	close(s[0]);
}

/* A receiver that does not read stops the sender instead of growing. */
static void test_a_full_socket_says_again(void **state)
{
	static char block[CTL_DATA_MAX];
	struct ctl_message m = {.type = CTL_STDOUT, .data = block, .size = sizeof(block)};
	int s[2], rc = 0, n = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	while (n < 10000 && !(rc = ctl_send(s[0], &m)))
		n++;
	assert_int_equal(rc, -EAGAIN);
	assert_in_range(n, 1, 1000);
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_wrong_direction_length_and_version_are_refused),
		cmocka_unit_test(test_numbers_out_of_range_are_refused),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_the_last_word_of_one_that_did_not_listen),
		cmocka_unit_test(test_a_full_socket_says_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
