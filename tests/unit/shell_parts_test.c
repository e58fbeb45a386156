/* The parts of an interactive session that need no guest: escape key, progress, output, options. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/cli/escape.h"
#include "src/cli/outstream.h"
#include "src/cli/progress.h"
#include "src/cli/shell_options.h"

/* ---- escape ---- */

static void escape(const char *keys, const char *want, bool quits)
{
	size_t n = strlen(keys);

	/* whole, and key by key */
	for (size_t step = 1; step <= (n ? n : 1); step += n ? n - 1 + (n == 1) : 1) {
		cleanup_str struct str got = STR_INIT;
		struct escape s = {0};
		bool quit = false;

		for (size_t at = 0; at < n && !quit; at += step) {
			char out[64];
			size_t kept;

			quit = escape_feed(
				&s, keys + at, n - at < step ? n - at : step, out, &kept);
			str_append(&got, out, kept);
		}
		assert_string_equal(str_get(&got), want);
		assert_int_equal(quit, quits);
	}
}

static void test_escape(void **state)
{
	(void)state;
	escape("", "", false);
	escape("abc", "abc", false);
	escape("\001x", "", true);
	escape("ls\001X", "ls", true);
	escape("\001xmore", "", true);
	escape("\001a", "\001a", false);
	escape("\001\001", "\001\001", false);
	escape("\001\001x", "\001\001x", false);
	escape("\001\001\001x", "\001\001", true);
	escape("a\001bx", "a\001bx", false);
	escape("\001", "", false); /* waits */
}

/* ---- progress ---- */

static void test_bar(void **state)
{
	struct progress p = {.kind = PROGRESS_BAR, .width = 60};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	progress_update(&p, 1, "fetching", 512 * 1024, 1024 * 1024, &out);
	assert_string_equal(
		out.s, "\rktstr: fetching [############............]  50 % 512K of 1M\033[K");
	str_clear(&out);
	progress_clear(&p, &out);
	assert_string_equal(out.s, "\r\033[K");
	str_clear(&out);
	progress_clear(&p, &out); /* nothing is drawn */
	assert_int_equal(out.len, 0);
	progress_update(&p, 1, "fetching", 700, 0, &out);
	assert_string_equal(out.s, "\rktstr: fetching 700\033[K");
	str_clear(&out);
	p.width = 24;
	progress_update(&p, 1, "fetching something with a long name", 1, 2, &out);
	assert_true(out.len <= 24 + 4);
	progress_end(&p, &out);
	assert_true(str_ends(out.s, "\r\033[K"));
	progress_release(&p);
}

static void test_rate(void **state)
{
	struct progress p = {.kind = PROGRESS_BAR, .width = 80};
	cleanup_str struct str out = STR_INIT;
	uint64_t now = NS_PER_SEC;

	(void)state;
	progress_update(&p, now, "fetching", 0, 10 << 20, &out);
	progress_update(&p, now + NS_PER_SEC / 2, "fetching", 1 << 19, 10 << 20, &out);
	assert_null(strstr(out.s, "/s")); /* too early to tell */
	progress_update(&p, now + NS_PER_SEC, "fetching", 1 << 20, 10 << 20, &out);
	assert_non_null(strstr(out.s, " 1M of 10M 1M/s 9.0s left\033[K"));
	str_clear(&out);
	progress_update(&p, now + 2 * NS_PER_SEC, "fetching", 1 << 20, 10 << 20, &out);
	assert_non_null(strstr(out.s, " 819.2K/s 11s left")); /* nothing came for a second */
	str_clear(&out);
	progress_update(&p, now + 3 * NS_PER_SEC, "unpacking", 1 << 20, 10 << 20, &out);
	assert_null(strstr(out.s, "/s"));
	/* objects: each has its name, together they are a phase */
	p.unit = "objects";
	progress_update(&p, now + 4 * NS_PER_SEC, "building: a.o", 10, 100, &out);
	str_clear(&out);
	progress_update(&p, now + 6 * NS_PER_SEC, "building: b.o", 30, 100, &out);
	assert_non_null(strstr(out.s, " 30 of 100 objects 7.0s left"));
	progress_end(&p, &out);
	progress_release(&p);
}

static unsigned lines(const struct str *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += s->s[i] == '\n';
	return n;
}

static void test_lines(void **state)
{
	struct progress p = {.kind = PROGRESS_LINES};
	cleanup_str struct str out = STR_INIT;
	uint64_t now = NS_PER_SEC;

	(void)state;
	for (unsigned i = 0; i <= 1000; i++, now += 10 * NS_PER_MS)
		progress_update(&p, now, "fetching", i, 1000, &out);
	assert_int_equal(lines(&out), 11); /* at the start and at every tenth */
	assert_null(strchr(out.s, '\r'));
	assert_non_null(strstr(out.s, "ktstr: fetching: 50 %, 500 of 1000\n"));
	str_clear(&out);
	now -= 10 * NS_PER_MS;
	progress_tick(&p, now + 9 * NS_PER_SEC, &out);
	assert_int_equal(out.len, 0);
	progress_tick(&p, now + 10 * NS_PER_SEC, &out);
	assert_int_equal(lines(&out), 1);
	progress_tick(&p, now + 11 * NS_PER_SEC, &out);
	assert_int_equal(lines(&out), 1);
	progress_end(&p, &out);
	progress_tick(&p, now + 60 * NS_PER_SEC, &out);
	assert_int_equal(lines(&out), 1);
	progress_release(&p);
}

/* What is over in a moment is one line. */
static void test_brief_lines(void **state)
{
	struct progress p = {.kind = PROGRESS_LINES};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	progress_update(&p, NS_PER_SEC, "fetching the list", 0, 0, &out);
	for (unsigned i = 0; i <= 73; i++)
		progress_update(&p, NS_PER_SEC + i * NS_PER_MS, "fetching the list", i, 73, &out);
	assert_string_equal(out.s, "ktstr: fetching the list\n");
	progress_end(&p, &out);
	progress_release(&p);
}

/* Objects are no phases, and what is over is not repeated. */
static void test_lines_of_phases(void **state)
{
	struct progress p = {.kind = PROGRESS_LINES, .unit = "objects"};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	progress_update(&p, NS_PER_SEC, "building: a.o", 1, 0, &out);
	progress_update(&p, NS_PER_SEC, "building: b.o", 2, 0, &out);
	assert_string_equal(out.s, "ktstr: building: 1 object\n");
	progress_update(&p, 12 * NS_PER_SEC, "building: c.o", 3, 0, &out);
	assert_string_equal(out.s, "ktstr: building: 1 object\nktstr: building: 3 objects\n");
	str_clear(&out);
	progress_status(&p, "booting", &out);
	progress_tick(&p, 30 * NS_PER_SEC, &out);
	assert_int_equal(out.len, 0);
	progress_release(&p);
}

static void test_none(void **state)
{
	struct progress p = {.kind = PROGRESS_NONE};
	cleanup_str struct str out = STR_INIT;

	(void)state;
	progress_update(&p, 1, "fetching", 1, 2, &out);
	progress_status(&p, "booting", &out);
	progress_tick(&p, 100 * NS_PER_SEC, &out);
	progress_end(&p, &out);
	assert_int_equal(out.len, 0);
	progress_release(&p);
}

/* ---- output that never blocks ---- */

static void flood(int fd)
{
	static char block[4096];
	struct outstream o;
	size_t total = 0, n;
	int flags = fcntl(fd, F_GETFL);

	outstream_open(&o, fd);
	while ((n = outstream_write(&o, block, sizeof(block))) > 0 && !o.error)
		total += n;
	assert_in_range(total, 4096, 16 * 1024 * 1024);
	assert_int_equal(o.error, 0);
	outstream_close(&o);
	assert_int_equal(fcntl(fd, F_GETFL), flags); /* others may share it */
}

static void test_a_stopped_reader_does_not_block_us(void **state)
{
	int p[2], s[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	flood(p[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	flood(s[1]);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(s[i]);
	}
}

static void test_a_gone_reader_is_an_error_once(void **state)
{
	struct outstream o;
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	outstream_open(&o, p[1]);
	close(p[0]);
	assert_int_equal(outstream_write(&o, "x", 1), 1);
	assert_int_equal(o.error, EPIPE);
	assert_int_equal(outstream_write(&o, "xyz", 3), 3);
	outstream_close(&o);
	close(p[1]);
}

/* A shared file keeps one position: nothing is written over what is there. */
static void test_files_are_appended_to(void **state)
{
	char path[] = "/tmp/outstream-XXXXXX", buf[16] = "";
	int fd = mkstemp(path);
	struct outstream o;

	(void)state;
	unlink(path);
	assert_int_equal(write(fd, "one ", 4), 4);
	outstream_open(&o, fd);
	assert_int_equal(outstream_write(&o, "two ", 4), 4);
	outstream_close(&o);
	assert_int_equal(write(fd, "three", 5), 5);
	assert_int_equal(pread(fd, buf, sizeof(buf), 0), 13);
	assert_string_equal(buf, "one two three");
	close(fd);
}

/* ---- options ---- */

static int config(struct shell_values *v, struct vm_config *c, struct err *e)
{
	err_clear(e);
	return shell_config(v, c, e);
}

static void refused(struct shell_values v, int rc, const char *text)
{
	struct err e = ERR_INIT;
	struct vm_config c;

	assert_int_equal(config(&v, &c, &e), rc);
	if (!strstr(e.msg, text))
		fail_msg("%s", e.msg);
}

static void test_options_are_checked(void **state)
{
	(void)state;
	refused((struct shell_values){.topology = "2,3,1,1"}, -EINVAL, "multiple of numa_nodes");
	refused((struct shell_values){.topology = "0,1,1,1"}, -EINVAL, ">= 1");
	refused((struct shell_values){.disk = {true, 0}}, -EINVAL, "must be > 0");
	refused((struct shell_values){.disk = {true, 1000}}, -EINVAL, "is not a whole number");
	refused((struct shell_values){.disk = {true, 1ULL << 60}}, -EINVAL, "more than");
	refused((struct shell_values){.exec = "  "}, -EINVAL, "--exec");
	refused((struct shell_values){.exec = "x", .exec_timeout = {true, 0}}, -EINVAL,
		"--exec-timeout");
	refused((struct shell_values){.modules = "/nonexistent"}, -ENOENT, "/nonexistent");
}

static void test_options_become_a_configuration(void **state)
{
	struct shell_values v = {.topology = "2,4,2,2", .accel = "tcg", .exec = "true"};
	struct err e = ERR_INIT;
	struct vm_config c;

	(void)state;
	setenv("KTSTR_TEST_VAR", "a b", 1);
	unsetenv("KTSTR_TEST_NONE");
	strv_push(&v.env, "A=1");
	strv_push(&v.env, "KTSTR_TEST_VAR");
	strv_push(&v.env, "EMPTY=");
	assert_int_equal(config(&v, &c, &e), 0);
	assert_int_equal(c.accel, VM_ACCEL_TCG);
	assert_int_equal(c.exec_timeout_ns, 120 * NS_PER_SEC);
	assert_int_equal(c.env.n, 3);
	assert_string_equal(c.env.v[1], "KTSTR_TEST_VAR=a b");
	assert_string_equal(c.env.v[2], "EMPTY=");
	shell_config_release(&c);
	strv_push(&v.env, "KTSTR_TEST_NONE");
	assert_int_equal(config(&v, &c, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "KTSTR_TEST_NONE"));
	strv_release(&v.env);
	strv_push(&v.env, "=x");
	assert_int_equal(config(&v, &c, &e), -EINVAL);
	strv_release(&v.env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_brief_lines),
		cmocka_unit_test(test_lines_of_phases),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_a_stopped_reader_does_not_block_us),
		cmocka_unit_test(test_a_gone_reader_is_an_error_once),
		cmocka_unit_test(test_files_are_appended_to),
		cmocka_unit_test(test_options_are_checked),
		cmocka_unit_test(test_options_become_a_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
