/* One command in a guest, over the engine's own interface: its streams, its status, its end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/crc32.h"
#include "tests/lib/guest.h"

static struct guest *start(const struct guest_setup *s)
{
	struct guest *g = guest_boot(s);

	assert_non_null(g);
	return g;
}

/* The sum that the guest printed on stderr behind this label. */
static void assert_sum(const struct guest *g, const char *label, const void *bytes, size_t n)
{
	cleanup_free char *wanted = xasprintf("%s %u", label, crc32_ieee(bytes, n));

	if (!strstr(str_get(&g->err), wanted)) {
		printf("# expected %s in: %s\n", wanted, str_get(&g->err));
		fail();
	}
}

/* Both ways a megabyte of every byte; the guest sums what it read and what it wrote. */
static void streams_are_exact_and_apart(void **state)
{
	enum { BYTES = 1000000 };
	/* busybox's crc32 of a file is the checksum of the frames too */
	static const char command[] =
		"cat >/tmp/in; head -c 1000000 /dev/urandom >/tmp/out; "
		"for f in in out; do echo $f $((0x$(crc32 </tmp/$f))) >&2; done; "
		"echo disk $(cat /sys/block/vda/size) $(cat /sys/block/vda/serial) >&2; "
		"dd if=/tmp/out of=/dev/vda bs=1000000 count=1 conv=fsync 2>/dev/null; "
		"cmp -n 1000000 /tmp/out /dev/vda && echo kept >&2; "
		"echo env $COLOUR/$HOME/$KTSTR_GUEST_INIT >&2; cat /tmp/out; exit 7";
	static const char *const env[] = {"COLOUR=blue green", "HOME=/tmp", NULL};
	struct guest *g =
		start(&(struct guest_setup){.exec = command, .disk_bytes = 64 << 20, .env = env});
	cleanup_free char *input = xmalloc(BYTES);

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		input[i] = (char)(i * 31 + i / 251);
	assert_true(guest_stdin(g, input, BYTES));
	assert_true(guest_until_end(g));
	assert_true(g->has_status);
	assert_int_equal(g->status, 7);
	assert_int_equal(g->out.len, BYTES);
	assert_int_equal(g->stdin_taken, BYTES);
	assert_sum(g, "in", input, BYTES);
	assert_sum(g, "out", g->out.s, g->out.len);
	assert_non_null(strstr(g->err.s, "disk 131072 ktstr-virtio-blk"));
	assert_non_null(strstr(g->err.s, "kept"));
	assert_non_null(strstr(g->err.s, "env blue green//tmp/1"));
	assert_true(g->out_closed && g->err_closed);
	assert_true(guest_finish(g));
	assert_int_equal(g->engine_status, 0);
	guest_free(g);
}

/* A signal passes a command that does not read its input, however much of that is on its way. */
static void signals_pass_unread_input(void **state)
{
	static const char command[] =
		"trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 1000 & wait $!; done";
	const unsigned char term[4] = {SIGTERM};
	struct guest *g = start(&(struct guest_setup){.exec = command});
	cleanup_free char *input = xcalloc(1, PROTO_WINDOW);

	(void)state;
	assert_true(guest_until_out(g, "ready"));
	for (size_t at = 0; at < PROTO_WINDOW; at += PROTO_CHUNK)
		guest_send(g, PROTO_STDIN, input + at, PROTO_CHUNK);
	guest_send(g, PROTO_SIGNAL, term, sizeof(term));
	assert_true(guest_until_end(g));
	assert_string_equal(str_get(&g->out), "ready\ngot\n");
	assert_int_equal(g->status, 9);
	/* what was not read is given back with the end */
	assert_int_equal(g->stdin_taken, PROTO_WINDOW);
	guest_free(g);
}

/* Its death by signal is 128 + N; a daemon that keeps the pipes open holds nothing up; and all of
 * this over COM2, without a single driver. */
static void the_serial_port_serves(void **state)
{
	static const char command[] =
		"(while :; do sleep 1000; done) & seq 1 20000; echo last; echo err >&2; kill -9 $$";
	struct guest *g = start(&(struct guest_setup){.exec = command, .serial = true});
	cleanup_str struct str expected = STR_INIT;

	(void)state;
	for (int i = 1; i <= 20000; i++)
		str_printf(&expected, "%d\n", i);
	str_add(&expected, "last\n");
	assert_true(guest_until_end(g));
	assert_true(g->has_status);
	assert_int_equal(g->status, 128 + SIGKILL);
	assert_string_equal(str_get(&g->out), expected.s);
	assert_string_equal(str_get(&g->err), "err\n");
	assert_true(guest_finish(g));
	guest_free(g);
}

/* Without the last entry of the archive init does not pretend: it says so, with the kernel's log.
 */
static void a_truncated_archive_is_reported(void **state)
{
	struct guest *g = start(&(struct guest_setup){.exec = "echo never", .truncated = true});

	(void)state;
	assert_true(guest_until_end(g));
	assert_true(g->failed && g->ready && !g->prompt);
	assert_non_null(strstr(str_get(&g->reason), "memory"));
	assert_non_null(strstr(str_get(&g->dmesg), "Linux version"));
	assert_non_null(strstr(str_get(&g->log), "not unpacked completely"));
	assert_true(guest_finish(g));
	guest_free(g);
}

static bool log_closed(const struct guest *g, const void *arg)
{
	(void)arg;
	return g->log_fd < 0 && g->bulk_fd < 0;
}

/* Last words of init, and the end of the machine behind them. */
static void init_dies_loudly(void **state)
{
	struct guest *g = start(&(struct guest_setup){.exec = "kill -SEGV 1; sleep 1000"});

	(void)state;
	assert_true(guest_until(g, log_closed, NULL));
	assert_true(g->prompt && !g->has_status && !g->ending);
	assert_non_null(strstr(str_get(&g->log), "PANIC: ktstr-init died of signal 11\r\n"));
	guest_free(g);
}

/* A command that switches the machine off has said what it said, and has no status. */
static void poweroff_is_heard(void **state)
{
	struct guest *g = start(&(struct guest_setup){.exec = "echo bye; poweroff; sleep 1000"});

	(void)state;
	assert_true(guest_until(g, log_closed, NULL));
	assert_string_equal(str_get(&g->out), "bye\n");
	assert_false(g->has_status);
	guest_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_exact_and_apart),
		cmocka_unit_test(signals_pass_unread_input),
		cmocka_unit_test(the_serial_port_serves),
		cmocka_unit_test(a_truncated_archive_is_reported),
		cmocka_unit_test(init_dies_loudly),
		cmocka_unit_test(poweroff_is_heard),
	};

	if (!guest_possible())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
