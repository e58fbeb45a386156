/* The terminal after every way out: this program plays the one that had it in raw mode. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/rawtty.h"
#include "tests/lib/pty.h"

static void say(const char *s)
{
	(void)!write(STDOUT_FILENO, s, strlen(s));
}

static int play(const char *what)
{
	struct rlimit no_core = {0, 0};
	struct err e = ERR_INIT;
	char c;

	setrlimit(RLIMIT_CORE, &no_core);
	if (rawtty_enter(STDIN_FILENO, &e))
		return 9;
	if (rawtty_enter(STDIN_FILENO, &e) != -16) /* EBUSY */
		return 8;
	rawtty_set_undo("<undone>", 8);
	say("ready");
	if (!strcmp(what, "leave"))
		rawtty_leave();
	else if (!strcmp(what, "exit"))
		exit(3);
	else if (!strcmp(what, "abort"))
		abort();
	else if (!strcmp(what, "again")) {
		/* somebody else changed the settings while we were stopped */
		if (read(STDIN_FILENO, &c, 1) != 1)
			return 7;
		rawtty_again();
		say("raw");
		if (read(STDIN_FILENO, &c, 1) != 1)
			return 7;
		rawtty_leave();
	} else {
		for (;;)
			pause();
	}
	return 0;
}

static void start(struct pty *p, const char *what, struct termios *before)
{
	const char *const argv[] = {"/proc/self/exe", "play", what, NULL};

	pty_start(p, argv, 24, 80, -1);
	pty_settings(p, before);
	assert_true(pty_expect(p, "ready"));
}

static bool is_raw(const struct pty *p)
{
	struct termios t;

	pty_settings(p, &t);
	return !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST);
}

static void ends_clean(const char *what, int signo, int status)
{
	struct termios before, after;
	struct pty p;

	start(&p, what, &before);
	if (signo) {
		assert_true(is_raw(&p));
		kill(p.pid, signo);
	}
	assert_int_equal(pty_wait(&p), status);
	pty_settings(&p, &after);
	assert_true(pty_same_settings(&before, &after));
	assert_non_null(strstr(p.seen.s, "<undone>"));
	pty_close(&p);
}

static void test_ordinary_ways_out(void **state)
{
	(void)state;
	ends_clean("leave", 0, 0);
	ends_clean("exit", 0, 3);
	ends_clean("abort", 0, 128 + SIGABRT);
}

static void test_signals_restore_and_kill(void **state)
{
	/* under the address sanitizer a crash ends in its report and another status */
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGPIPE, SIGALRM,
		SIGABRT, SIGXCPU, SIGSYS};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ends_clean("wait", signals[i], 128 + signals[i]);
}

static void test_crashes_restore(void **state)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct termios before, after;
		struct pty p;

		start(&p, "wait", &before);
		kill(p.pid, signals[i]);
		assert_int_not_equal(pty_wait(&p), 0);
		pty_settings(&p, &after);
		assert_true(pty_same_settings(&before, &after));
		pty_close(&p);
	}
}

static void test_raw_again_after_a_stop(void **state)
{
	struct termios before, after;
	struct pty p;

	(void)state;
	start(&p, "again", &before);
	assert_true(is_raw(&p));
	tcsetattr(p.slave, TCSANOW, &before);
	pty_type(&p, "\n"); /* the settings are those of a line discipline again */
	assert_true(pty_expect(&p, "raw"));
	assert_true(is_raw(&p));
	pty_type(&p, "x");
	assert_int_equal(pty_wait(&p), 0);
	pty_settings(&p, &after);
	assert_true(pty_same_settings(&before, &after));
	pty_close(&p);
}

static void test_no_terminal_is_an_error(void **state)
{
	struct err e = ERR_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_not_equal(rawtty_enter(fds[0], &e), 0);
	assert_false(rawtty_active());
	rawtty_leave();
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ordinary_ways_out),
		cmocka_unit_test(test_signals_restore_and_kill),
		cmocka_unit_test(test_crashes_restore),
		cmocka_unit_test(test_raw_again_after_a_stop),
		cmocka_unit_test(test_no_terminal_is_an_error),
	};

	if (argc > 2 && !strcmp(argv[1], "play"))
		return play(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
