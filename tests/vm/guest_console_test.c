/* The interactive shell of a guest, over its console port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/guest.h"

#define PROMPT "/ # "

static void assert_shown(const struct guest *g, const char *text)
{
	if (!g->console.len || !strstr(g->console.s, text)) {
		printf("# not on the console: '%s'; it has:\n%s\n", text, str_get(&g->console));
		fail();
	}
}

struct mark {
	size_t from;
	const char *text;
};

static bool shown_since(const struct guest *g, const void *arg)
{
	const struct mark *m = arg;

	return g->console.len > m->from &&
	       memmem(g->console.s + m->from, g->console.len - m->from, m->text, strlen(m->text));
}

/* Waits for text that was not there before the console had `from` bytes. */
static void wait_since(struct guest *g, size_t from, const char *text)
{
	const struct mark m = {from, text};

	assert_true(guest_until(g, shown_since, &m));
}

static void type_line(struct guest *g, const char *command)
{
	guest_type(g, command);
	guest_type(g, "\n");
}

/* Types a command whose output, unlike its echo, holds the mark, and waits for that and for the
 * next prompt: the shell throws away what is typed before it. */
static void run(struct guest *g, const char *command, const char *seen)
{
	size_t from = g->console.len;

	type_line(g, command);
	wait_since(g, from, seen);
	wait_since(g, from, PROMPT);
}

static void greeting(const struct guest *g)
{
	assert_ptr_equal(strstr(g->console.s, "ktstr shell\r\n"), g->console.s);
	assert_shown(g, "\r\n  kernel:    6.");
	assert_shown(g, "\r\n  memory:    ");
	assert_shown(g, " MiB\r\n");
	assert_shown(g, "\r\n  topology:  2 LLCs, 1 core, 1 thread (2 vCPUs)\r\n");
	assert_shown(g, "\r\n  includes:  /include-files/true (executable)\r\n");
	assert_shown(g, "\r\n  tools:     busybox (ls, ps, top, dmesg, ip, vi, ...)\r\n");
	assert_shown(g, "\r\n  mounts:    /dev /proc /sys ");
	assert_shown(g, "/sys/fs/cgroup");
	assert_shown(g, "'exit' for a clean shutdown, Ctrl+A X to force-kill\r\n");
}

static void a_session_from_greeting_to_exit(void **state)
{
	static const char *const conf[] = {"topology=1,2,1,1", "rows=33", "cols=111", "term=vt220",
		"colorterm=truecolor", NULL};
	static const char *const include[] = {"/bin/true", NULL};
	static const unsigned char size[4] = {40, 0, 132, 0};
	size_t from;
	struct guest *g = guest_boot(&(struct guest_setup){
		.topology = vm_topology_uniform(1, 2, 1, 1), .conf = conf, .include = include});

	(void)state;
	assert_non_null(g);
	assert_true(guest_until_console(g, PROMPT));
	assert_true(g->ready);
	greeting(g);
	assert_shown(g, "\033[2m^Ax=quit\033[0m / # ");
	run(g, "echo $(tty) $(stty size) $TERM $COLORTERM $((40+2))",
		"/dev/pts/0 33 111 vt220 truecolor 42");
	run(g, "echo $PATH$((1-1))", "/include-files:/bin:/usr/bin:/sbin:/usr/sbin0");
	/* the foreground process is told, at once */
	from = g->console.len;
	type_line(g, "sh -c 'trap \"echo now \\$(stty size); exit\" WINCH; echo armed$((2*4)); "
		     "while :; do "
		     "sleep 1000 & wait $!; done'");
	wait_since(g, from, "armed8");
	guest_send(g, PROTO_RESIZE, size, sizeof(size));
	wait_since(g, from, "now 40 132\r\n");
	wait_since(g, from, PROMPT);
	run(g, "sleep 1000 & echo job$((3*3))", "job9");
	/* Ctrl-C reaches the foreground process through the terminal; that it is the foreground one
	 * is sure once it has said something itself */
	from = g->console.len;
	type_line(g, "sh -c 'echo wait$((2*2)); exec cat'");
	wait_since(g, from, "wait4");
	guest_type(g, "\003");
	wait_since(g, from, PROMPT);
	run(g, "echo status $?", "status 130");
	guest_type(g, "seq 1 5000; exit\n");
	assert_true(guest_until_end(g));
	assert_true(g->ending);
	/* nothing of the last output is lost, although a job still had the terminal open */
	assert_int_equal(g->console_end, g->console_seen);
	assert_shown(g, "\r\n4999\r\n5000\r\n");
	assert_true(guest_finish(g));
	assert_int_equal(g->engine_status, 0);
	guest_free(g);
}

static bool run_ended(const struct guest *g, const void *arg)
{
	return g->run_ends == *(const unsigned *)arg;
}

/* The id of the boot, as the shell on the terminal and a command beside it see it. */
static void a_command_beside_the_shell(void **state)
{
	static const char read_id[] = "cat /proc/sys/kernel/random/boot_id";
	static const char both[] = "echo to out; echo to err >&2; exit 7";
	static const unsigned char interrupt[4] = {15};
	struct guest *g = guest_boot(&(struct guest_setup){0});
	unsigned ends = 1;

	(void)state;
	assert_non_null(g);
	assert_true(guest_until_console(g, PROMPT));
	guest_send(g, PROTO_RUN, read_id, strlen(read_id));
	assert_true(guest_until(g, run_ended, &ends));
	assert_int_equal(g->run_status, 0);
	assert_int_equal(g->run_out.len, 37);
	g->run_out.s[36] = '\r'; /* as the terminal ends its lines */
	run(g, read_id, str_get(&g->run_out));
	str_clear(&g->run_out);
	guest_send(g, PROTO_RUN, both, strlen(both));
	ends++;
	assert_true(guest_until(g, run_ended, &ends));
	assert_int_equal(g->run_status, 7);
	assert_string_equal(str_get(&g->run_out), "to out\n");
	assert_string_equal(str_get(&g->run_err), "to err\n");
	/* a signal ends what would not end by itself; the shell is not disturbed */
	guest_send(g, PROTO_RUN, "sleep 1000", 10);
	guest_send(g, PROTO_SIGNAL, interrupt, sizeof(interrupt));
	ends++;
	assert_true(guest_until(g, run_ended, &ends));
	assert_int_equal(g->run_status, 128 + 15);
	run(g, "echo still$((6*7))", "still42");
	guest_type(g, "exit\n");
	assert_true(guest_until_end(g));
	assert_true(guest_finish(g));
	guest_free(g);
}

/* `reboot` ends the session like `exit`, not like a crash. */
static void reboot_is_an_end(void **state)
{
	struct guest *g = guest_boot(&(struct guest_setup){.serial = true});

	(void)state;
	assert_non_null(g);
	assert_true(guest_until_console(g, PROMPT));
	guest_type(g, "reboot\n");
	assert_true(guest_until_end(g));
	assert_true(g->ending && !g->failed);
	assert_true(guest_finish(g));
	guest_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_from_greeting_to_exit),
		cmocka_unit_test(a_command_beside_the_shell),
		cmocka_unit_test(reboot_is_an_end),
	};

	if (!guest_possible())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
