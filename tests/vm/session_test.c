/* `ktstr shell` on a terminal: keys, size, escape, and the terminal afterwards. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/spawn.h"
#include "tests/lib/vm.h"

/* Starts a session and takes it to the point where the terminal is raw and the guest boots. */
static void start_booting(struct pty *p, struct termios *before)
{
	cleanup_strv struct strv argv = STRV_INIT;
	struct termios raw;

	vm_command(&argv, NULL);
	pty_start(p, (const char *const *)argv.v, 24, 80, -1);
	pty_settings(p, before);
	if (!pty_expect(p, "booting Linux"))
		fail_msg("no boot");
	pty_settings(p, &raw);
	assert_false(pty_same_settings(before, &raw));
}

static void same_terminal(struct pty *p, const struct termios *before)
{
	struct termios after;

	pty_settings(p, &after);
	assert_true(pty_same_settings(before, &after));
}

/* Keys of every value arrive as they are: the guest's checksum of them against the host's. */
static void every_key(struct pty *p)
{
	char keys[512], *sum;
	cleanup_str struct str want = STR_INIT;
	FILE *in = tmpfile();

	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (char)i;
	assert_int_equal(fwrite(keys, 1, sizeof(keys), in), sizeof(keys));
	rewind(in);
	assert_int_equal(spawn_capture(
				 &(struct spawn){
					 .argv = (const char *const[]){"md5sum", NULL},
					 .fds = (struct spawn_fd[]){{fileno(in), 0}},
					 .nfds = 1,
				 },
				 4096, &want, NULL, NULL),
		0);
	fclose(in);
	sum = strtok(want.s, " ");
	pty_type(p, "stty raw -echo; echo go; dd bs=1 count=512 2>/dev/null | md5sum; stty sane\n");
	assert_true(pty_expect(p, "go\n"));
	pty_type_bytes(p, keys, sizeof(keys));
	assert_true(pty_expect(p, sum));
	assert_true(pty_expect(p, "# "));
}

static void test_session(void **state)
{
	struct pty p;

	(void)state;
	vm_session(&p, 24, 80, "--env", "COLOUR=blue", NULL);
	pty_type(&p, "stty size\n");
	assert_true(pty_expect(&p, "24 80"));
	pty_resize(&p, 50, 132);
	/* the size travels beside the keys: it is asked for until it has arrived */
	pty_type(&p, "until stty size | grep 50; do :; done\n");
	assert_true(pty_expect(&p, "50 132"));
	pty_type(&p, "echo $COLOUR-$((6*7)) $TERM\n");
	assert_true(pty_expect(&p, "blue-42"));
	every_key(&p);
	/* Ctrl-A and another key: both */
	pty_type(&p,
		"stty raw -echo; echo go; dd bs=1 count=2 2>/dev/null | od -An -tx1; stty sane\n");
	assert_true(pty_expect(&p, "go\n"));
	pty_type(&p, "\001a");
	assert_true(pty_expect(&p, "01 61"));
	/* what a program left behind is undone, and nothing else */
	pty_type(&p, "printf '\\033[?25l\\033[?2004h'; exit\n");
	assert_true(pty_expect(&p, "\033[?25h"));
	assert_true(pty_expect(&p, "Connection to VM closed."));
	assert_int_equal(pty_wait(&p), 0);
	assert_null(memmem(p.seen.s, p.seen.len, "\033[?1049l", 8));
	pty_close(&p);
}

static void test_exit_gives_the_terminal_back(void **state)
{
	struct termios before;
	struct pty p;

	(void)state;
	start_booting(&p, &before);
	assert_true(pty_expect(&p, "# "));
	pty_type(&p, "exit\n");
	assert_true(pty_expect(&p, "Connection to VM closed."));
	assert_int_equal(pty_wait(&p), 0);
	same_terminal(&p, &before);
	pty_close(&p);
}

static void test_escape_key(void **state)
{
	struct termios before;
	struct pty p;

	(void)state;
	start_booting(&p, &before);
	pty_type(&p, "\001x");
	assert_true(pty_expect(&p, "\r\nTerminated."));
	assert_true(pty_expect(&p, "Connection to VM closed."));
	assert_int_equal(pty_wait(&p), 0);
	same_terminal(&p, &before);
	pty_close(&p);
}

static void test_signals_give_the_terminal_back(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct termios before;
		struct pty p;

		start_booting(&p, &before);
		kill(p.pid, signals[i]);
		assert_int_equal(pty_wait(&p), 128 + signals[i]);
		same_terminal(&p, &before);
		pty_close(&p);
	}
}

/* A stop from outside gives the terminal back meanwhile; and a panic does at the end. */
static void test_stop_continue_panic(void **state)
{
	struct termios before, again;
	struct pty p;

	(void)state;
	start_booting(&p, &before);
	kill(p.pid, SIGTSTP);
	assert_true(pty_wait_stopped(&p));
	same_terminal(&p, &before);
	kill(p.pid, SIGCONT);
	assert_true(pty_expect(&p, "ktstr shell")); /* the greeting */
	pty_settings(&p, &again);
	assert_false(pty_same_settings(&before, &again));
	assert_true(pty_expect(&p, "# "));
	pty_type(&p, "echo c >/proc/sysrq-trigger\n");
	assert_true(pty_expect(&p, "Kernel panic - not syncing: sysrq triggered crash"));
	assert_int_equal(pty_wait(&p), 255);
	same_terminal(&p, &before);
	pty_close(&p);
}

static void test_a_killed_monitor(void **state)
{
	struct termios before;
	struct pty p;

	(void)state;
	start_booting(&p, &before);
	kill(vm_child_of(p.pid), SIGKILL);
	assert_true(pty_expect(&p, "killed by signal 9"));
	assert_int_equal(pty_wait(&p), 254);
	same_terminal(&p, &before);
	pty_close(&p);
}

static void test_serial_session(void **state)
{
	struct pty p;
	char *dir;

	(void)state;
	vm_guest_options();
	dir = vm_no_modules();
	vm_session(&p, 30, 90, "--modules", dir, NULL);
	pty_type(&p, "stty size; exit\n");
	assert_true(pty_expect(&p, "30 90"));
	assert_int_equal(pty_wait(&p), 0);
	vm_no_modules_release(dir);
	pty_close(&p);
}

static void test_no_terminal(void **state)
{
	cleanup_strv struct strv argv = STRV_INIT;
	struct vm_run r;

	(void)state;
	strv_push(&argv, vm_program());
	strv_push(&argv, "shell");
	vm_run(&r, &argv, NULL, 0);
	vm_check(&r, 1, "stdin must be a terminal for interactive shell mode", NULL);
	assert_int_equal(r.out.len, 0);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_exit_gives_the_terminal_back),
		cmocka_unit_test(test_escape_key),
		cmocka_unit_test(test_signals_give_the_terminal_back),
		cmocka_unit_test(test_stop_continue_panic),
		cmocka_unit_test(test_a_killed_monitor),
		cmocka_unit_test(test_serial_session),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
