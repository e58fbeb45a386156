#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"

static int shell(const char *script, struct str *out, struct str *errs)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct spawn s = {.argv = argv};

	return spawn_capture(&s, 1 << 20, out, errs, NULL);
}

static void output_and_status_come_back(void **state)
{
	cleanup_str struct str out = STR_INIT, errs = STR_INIT;

	(void)state;
	assert_int_equal(shell("echo out; echo err >&2; exit 7", &out, &errs), 7);
	assert_string_equal(str_get(&out), "out\n");
	assert_string_equal(str_get(&errs), "err\n");
	assert_int_equal(shell("kill -9 $$", &out, NULL), 137);
}

static void a_missing_program_is_named(void **state)
{
	const char *argv[] = {"no-such-program-anywhere", NULL};
	struct spawn s = {.argv = argv};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(spawn_start(&s, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "no-such-program-anywhere"));
}

static void a_file_that_cannot_be_executed_is_an_error(void **state)
{
	const char *argv[] = {"/proc/self/exe/x", NULL};
	struct spawn s = {.argv = argv};

	(void)state;
	assert_true(spawn_start(&s, NULL) < 0);
}

/* The child sees exactly the descriptors that were listed, crossed over against our own numbers. */
static void descriptors_are_as_listed(void **state)
{
	const char *argv[] = {"sh", "-c", "cat <&4; cat <&3; ls -1 /proc/self/fd | wc -l", NULL};
	cleanup_str struct str out = STR_INIT;
	int a[2], b[2];

	(void)state;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	file_write_fd(a[1], "A", 1);
	file_write_fd(b[1], "B", 1);
	close(a[1]);
	close(b[1]);
	{
		struct spawn_fd fds[] = {{a[0], 3}, {b[0], 4}};
		struct spawn s = {.argv = argv, .fds = fds, .nfds = 2};

		assert_int_equal(spawn_capture(&s, 1 << 20, &out, NULL, NULL), 0);
		assert_int_equal(fds[0].from, a[0]);
	}
	/* 0, 1, 2, 3, 4 and the one that ls opened */
	assert_int_equal(strncmp(str_get(&out), "BA", 2), 0);
	assert_non_null(strchr(str_get(&out), '6'));
	close(a[0]);
	close(b[0]);
}

static void signal_dispositions_are_clean(void **state)
{
	cleanup_str struct str out = STR_INIT;
	sigset_t block, old;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	shell("grep -E 'Sig(Blk|Ign)' /proc/self/status", &out, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* 32 and 33 are the C library's own: whoever started us may ignore them for good. */
	assert_non_null(strstr(str_get(&out), "SigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(str_get(&out), "SigIgn:\t"));
	assert_int_equal(
		strtoull(strstr(str_get(&out), "SigIgn:\t") + 8, NULL, 16) & 0x7fffffff, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_come_back),
		cmocka_unit_test(a_missing_program_is_named),
		cmocka_unit_test(a_file_that_cannot_be_executed_is_an_error),
		cmocka_unit_test(descriptors_are_as_listed),
		cmocka_unit_test(signal_dispositions_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
