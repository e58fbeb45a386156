/*
 * Counters out of another process's memory: of a program with debug information, whose struct is
 * like jemalloc's and whose values are known; and of a program that runs with the distribution's
 * jemalloc, which has neither symbols nor debug information.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/ctprof/capture.h"
#include "probes/ctprof/elftls.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"

enum { THREADS = 3, SPARE = 40 };

/* What is looked for: these names, in a struct of this name, in a variable of this name. */
struct tsd_s {
	char before[SPARE];
	uint64_t cant_access_tsd_items_directly_use_a_getter_or_setter_thread_allocated;
	uint64_t between;
	uint64_t cant_access_tsd_items_directly_use_a_getter_or_setter_thread_deallocated;
};
extern __thread struct tsd_s je_tsd_tls;
__thread struct tsd_s je_tsd_tls = {.before = "x"};

static void set(uint64_t n)
{
	je_tsd_tls.cant_access_tsd_items_directly_use_a_getter_or_setter_thread_allocated =
		UINT64_MAX - n;
	je_tsd_tls.cant_access_tsd_items_directly_use_a_getter_or_setter_thread_deallocated =
		1000 + n;
}

static void *worker(void *arg)
{
	const int *out = arg;

	set((uint64_t)gettid());
	(void)!write(*out, "x", 1);
	while (pause())
		;
	return NULL;
}

static void child(int out)
{
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < THREADS; i++)
		pthread_create(&t, NULL, worker, &out);
	worker(&out);
}

static struct ctp_snapshot *capture(pid_t pid, bool no_jemalloc, struct ctp_result *result)
{
	uint32_t id = (uint32_t)pid;
	struct sysroot *root = sysroot_open(NULL, NULL);
	struct ctp_capture_opts o = {
		.root = root, .pids = &id, .npids = 1, .no_jemalloc = no_jemalloc};
	struct err e = ERR_INIT;
	struct ctp_snapshot *s = ctp_capture(&o, result, &e);

	assert_string_equal(e.msg, "");
	assert_non_null(s);
	sysroot_close(root);
	return s;
}

static void test_by_debug_information(void **state)
{
	struct ctp_result result;
	struct ctp_snapshot *s;
	int ready[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		child(ready[1]);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(read(ready[0], &c, 1), 1);
	s = capture(pid, false, &result);
	assert_int_equal(s->nthreads, THREADS);
	assert_int_equal(result.probe.jemalloc_detected, 1);
	assert_int_equal(result.probe.probed_ok, THREADS);
	assert_int_equal(result.probe.failed, 0);
	for (size_t i = 0; i < s->nthreads; i++) {
		const struct ctp_thread *t = ctp_thread_at(s, i);

		assert_true(t->v[CTP_jemalloc_measured] && ctp_has(t, CTP_allocated_bytes));
		assert_true(t->v[CTP_allocated_bytes] == UINT64_MAX - t->v[CTP_tid]);
		assert_int_equal(t->v[CTP_deallocated_bytes], 1000 + t->v[CTP_tid]);
	}
	ctp_free(s);
	ctp_result_release(&result);
	s = capture(pid, true, &result);
	assert_int_equal(ctp_why(ctp_thread_at(s, 0), CTP_allocated_bytes), CTP_NO_ASK);
	assert_int_equal(ctp_thread_at(s, 0)->v[CTP_jemalloc_measured], 0);
	ctp_free(s);
	ctp_result_release(&result);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static const char *find_library(void)
{
	static const char *const paths[] = {
		"/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
		"/usr/lib/aarch64-linux-gnu/libjemalloc.so.2",
		"/usr/lib64/libjemalloc.so.2",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (file_exists(paths[i]))
			return paths[i];
	return NULL;
}

/* Only builds whose layout is known can be read without debug information. */
static bool is_known(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_tls e;

	if (elf_tls_read(fd, &e) < 0 || !e.looks_like || !e.shared || !e.has_slot)
		return false;
	elf_tls_version(fd, &e);
	return strncmp(e.version, "5.3.0-", 6) == 0 && e.memsz == 2632;
}

/* dd takes a buffer of the block's size and stays in its write, which nobody takes. */
static pid_t start_dd(const char *library, int *out)
{
	const char *const argv[] = {"dd", "if=/dev/zero", "bs=16M", "count=1", "status=none", NULL};
	cleanup_free char *preload = xasprintf("LD_PRELOAD=%s", library);
	const char *const env[] = {preload, "PATH=/usr/bin:/bin", NULL};
	struct spawn_fd fds[1];
	struct spawn s = {.argv = argv, .env = env, .fds = fds, .nfds = 1, .die_with_parent = true};
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fds[0] = (struct spawn_fd){ends[1], 1};
	pid = spawn_start(&s, NULL);
	assert_true(pid > 0);
	close(ends[1]);
	*out = ends[0];
	assert_int_equal(read(ends[0], &c, 1), 1);
	return pid;
}

static void test_by_version(void **state)
{
	const char *library = find_library();
	const struct ctp_thread *t;
	struct ctp_result result;
	struct ctp_snapshot *s;
	pid_t pid;
	int out;

	(void)state;
	if (!library || !is_known(library)) {
		skip_because("no jemalloc whose layout is known");
	}
	pid = start_dd(library, &out);
	s = capture(pid, false, &result);
	t = ctp_thread_at(s, 0);
	assert_int_equal(result.probe.jemalloc_detected, 1);
	assert_true(t->v[CTP_jemalloc_measured]);
	assert_true(t->v[CTP_allocated_bytes] >= 16 << 20);
	assert_true(t->v[CTP_allocated_bytes] < 24 << 20);
	assert_true(t->v[CTP_deallocated_bytes] < 1 << 20);
	ctp_free(s);
	ctp_result_release(&result);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(out);
}

/* A program without the allocator is none that failed. */
static void test_without(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	struct spawn spawn = {.argv = argv, .die_with_parent = true};
	pid_t pid = spawn_start(&spawn, NULL);
	struct ctp_result result;
	struct ctp_snapshot *s;

	(void)state;
	s = capture(pid, false, &result);
	assert_int_equal(result.probe.tgids_walked, 1);
	assert_int_equal(result.probe.jemalloc_detected, 0);
	assert_int_equal(result.probe.failed, 0);
	assert_null(s->probe_summary->dominant_failure);
	assert_int_equal(ctp_why(ctp_thread_at(s, 0), CTP_allocated_bytes), CTP_NO_APPL);
	ctp_free(s);
	ctp_result_release(&result);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_debug_information),
		cmocka_unit_test(test_by_version),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
