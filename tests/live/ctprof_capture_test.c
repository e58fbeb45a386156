/*
 * Captures of a process whose doings are known: what it did between two of them must show, and what
 * stands in them must be what the kernel's other files say of a task at rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/ctprof/capture.h"
#include "probes/ctprof/procfs.h"
#include "probes/ctprof/store.h"
#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/mem.h"
#include "tests/lib/skip.h"

enum { PAGES = 2000, WRITES = 64, WRITE_BYTES = 16384, SWITCHES = 500, BURN_MS = 300, THREADS = 3 };

/* A child that does what it is told by a letter and says when it has done it. */
struct helper {
	pid_t pid;
	int tell, hear, turn; /* turn: the other end of its ping-pong */
};

static void burn(void)
{
	struct timespec t;
	volatile unsigned n = 0;

	do {
		for (int i = 0; i < 100000; i++)
			n++;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec == 0 && t.tv_nsec < BURN_MS * 1000000L);
}

static void fault(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(
		NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		p[i * page] = 1;
}

static void write_much(void)
{
	char buf[WRITE_BYTES] = {0}, path[] = "/tmp/ktstr-ctprof-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	for (int i = 0; i < WRITES; i++)
		(void)!write(fd, buf, sizeof(buf));
	(void)!pread(fd, buf, sizeof(buf), 0);
	close(fd);
}

static void switch_often(int turn)
{
	char c;

	for (int i = 0; i < SWITCHES; i++)
		if (read(turn, &c, 1) != 1 || write(turn, "x", 1) != 1)
			_exit(1);
}

static void *idle(void *arg)
{
	prctl(PR_SET_NAME, "idle \xff)(");
	(void)!write(*(const int *)arg, "x", 1);
	while (pause())
		;
	return NULL;
}

static void child(int in, int out, int turn)
{
	pthread_t t;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "ktstr-helper");
	for (int i = 1; i < THREADS; i++)
		pthread_create(&t, NULL, idle, &out);
	while (read(in, &c, 1) == 1) {
		if (c == 'b')
			burn();
		else if (c == 'f')
			fault();
		else if (c == 'w')
			write_much();
		else if (c == 's')
			switch_often(turn);
		if (write(out, "x", 1) != 1)
			break;
	}
	_exit(0);
}

static void hear(struct helper *h)
{
	char c;

	assert_int_equal(read(h->hear, &c, 1), 1);
}

static int start(void **state)
{
	struct helper *h = xcalloc(1, sizeof(*h));
	int to[2], from[2], turn[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, turn))
		return -1;
	h->pid = fork();
	if (h->pid == 0) {
		close(to[1]);
		child(to[0], from[1], turn[1]);
	}
	close(to[0]);
	close(from[1]);
	close(turn[1]);
	h->tell = to[1];
	h->hear = from[0];
	h->turn = turn[0];
	for (int i = 1; i < THREADS; i++)
		hear(h);
	*state = h;
	return h->pid < 0 ? -1 : 0;
}

static int stop(void **state)
{
	struct helper *h = *state;

	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
	close(h->tell);
	close(h->hear);
	close(h->turn);
	free(h);
	return 0;
}

static char stat_state(pid_t pid, uint32_t tid)
{
	cleanup_free char *path = xasprintf("/proc/%d/task/%u/stat", (int)pid, tid);
	cleanup_str struct str text = STR_INIT;
	const char *close;

	if (file_read(path, 65536, &text, NULL) < 0)
		return 0;
	close = strrchr(str_get(&text), ')');
	return close ? close[2] : 0;
}

/* The kernel counts a switch when the task is off its CPU: it is at rest when it says S. */
static void rest(struct helper *h)
{
	while (stat_state(h->pid, (uint32_t)h->pid) != 'S')
		sched_yield();
}

static void tell(struct helper *h, char what)
{
	char c;

	assert_int_equal(write(h->tell, &what, 1), 1);
	for (int i = 0; what == 's' && i < SWITCHES; i++) {
		rest(h); /* it must have gone to sleep, or nothing switches */
		assert_int_equal(write(h->turn, "x", 1), 1);
		assert_int_equal(read(h->turn, &c, 1), 1);
	}
	hear(h);
	rest(h);
}

static struct ctp_snapshot *capture(const struct ctp_capture_opts *extra, struct ctp_result *result)
{
	struct ctp_capture_opts o = *extra;
	struct sysroot *root = sysroot_open(NULL, NULL);
	struct err e = ERR_INIT;
	struct ctp_snapshot *s;

	o.root = root;
	s = ctp_capture(&o, result, &e);
	assert_string_equal(e.msg, "");
	assert_non_null(s);
	sysroot_close(root);
	return s;
}

static struct ctp_snapshot *capture_helper(const struct helper *h)
{
	uint32_t pid = (uint32_t)h->pid;
	struct ctp_result result;
	struct ctp_snapshot *s =
		capture(&(struct ctp_capture_opts){.pids = &pid, .npids = 1}, &result);

	assert_int_equal(s->nthreads, THREADS);
	assert_int_equal(result.threads, THREADS);
	assert_true(s->cost && s->cost->filtered && s->cost->workers > 0);
	ctp_result_release(&result);
	return s;
}

/* What a field of the leader grew by; -1 when it is absent. */
static int64_t grown(const struct ctp_snapshot *a, const struct ctp_snapshot *b, enum ctp_field f)
{
	const struct ctp_thread *x = ctp_thread_at(a, 0), *y = ctp_thread_at(b, 0);

	assert_int_equal(x->v[CTP_tid], y->v[CTP_tid]);
	return ctp_has(x, f) && ctp_has(y, f) ? (int64_t)(y->v[f] - x->v[f]) : -1;
}

static void at_least(int64_t v, int64_t least, int64_t most)
{
	if (v != -1 && (v < least || v > most))
		fail_msg("%lld is not between %lld and %lld", (long long)v, (long long)least,
			(long long)most);
}

static void test_burn(void **state)
{
	struct helper *h = *state;
	struct ctp_snapshot *a = capture_helper(h), *b;
	int64_t ticks, tick_ms = 1000 / sysconf(_SC_CLK_TCK);

	tell(h, 'b');
	b = capture_helper(h);
	ticks = grown(a, b, CTP_utime_clock_ticks) + grown(a, b, CTP_stime_clock_ticks);
	at_least(ticks, BURN_MS / tick_ms * 8 / 10, BURN_MS / tick_ms * 4);
	at_least(grown(a, b, CTP_run_time_ns), BURN_MS * 950000LL, BURN_MS * 4000000LL);
	/* the time on a CPU is kept by every kernel that has `sched` */
	assert_true(ctp_has(ctp_thread_at(b, 0), CTP_run_time_ns));
	ctp_free(a);
	ctp_free(b);
}

static void test_fault(void **state)
{
	struct helper *h = *state;
	struct ctp_snapshot *a = capture_helper(h), *b;

	tell(h, 'f');
	b = capture_helper(h);
	at_least(grown(a, b, CTP_minflt), PAGES, PAGES + 500);
	ctp_free(a);
	ctp_free(b);
}

static void test_write(void **state)
{
	struct helper *h = *state;
	struct ctp_snapshot *a = capture_helper(h), *b;

	tell(h, 'w');
	b = capture_helper(h);
	at_least(grown(a, b, CTP_wchar), (int64_t)WRITES * WRITE_BYTES, WRITES * WRITE_BYTES + 64);
	at_least(grown(a, b, CTP_syscw), WRITES, WRITES + 4);
	at_least(grown(a, b, CTP_rchar), WRITE_BYTES, WRITE_BYTES + 64);
	ctp_free(a);
	ctp_free(b);
}

static void test_switch(void **state)
{
	struct helper *h = *state;
	struct ctp_snapshot *a = capture_helper(h), *b;

	tell(h, 's');
	b = capture_helper(h);
	/* a wake-up may come between two steps of going to sleep, and cost a second switch */
	at_least(grown(a, b, CTP_voluntary_csw), SWITCHES, 3 * SWITCHES);
	assert_true(grown(a, b, CTP_voluntary_csw) != -1);
	ctp_free(a);
	ctp_free(b);
}

static const char *slurp(const struct helper *h, uint64_t tid, const char *name, struct str *text)
{
	cleanup_free char *path =
		xasprintf("/proc/%d/task/%llu/%s", (int)h->pid, (unsigned long long)tid, name);

	str_clear(text);
	return file_read(path, 65536, text, NULL) == 0 ? str_get(text) : "";
}

static void same_text(struct scan s, const char *want)
{
	scan_trim(&s);
	assert_int_equal(s.end - s.p, strlen(want));
	assert_memory_equal(s.p, want, strlen(want));
}

static struct scan whole(const struct str *text)
{
	return (struct scan){str_get(text), str_get(text) + text->len};
}

/* Values that are taken from another file than the format names: both say the same. */
static void check_sources(const struct helper *h, const struct ctp_snapshot *s, size_t i)
{
	const struct ctp_thread *t = ctp_thread_at(s, i);
	uint64_t tid = t->v[CTP_tid];
	cleanup_str struct str text = STR_INIT;
	struct ctp_status status;
	struct ctp_record r = {0};

	slurp(h, tid, "status", &text);
	ctp_parse_status(whole(&text), &status);
	assert_int_equal(t->v[CTP_voluntary_csw], status.voluntary);
	assert_int_equal(t->v[CTP_nonvoluntary_csw], status.nonvoluntary);
	assert_int_equal(t->v[CTP_state], *status.state.p);
	assert_int_equal(t->v[CTP_nr_threads], i == 0 ? status.threads : 0);
	slurp(h, tid, "comm", &text);
	if (i == 0) /* the others have a name that is not UTF-8, and was mended in the file */
		same_text(whole(&text), ctp_str(s, t, CTP_comm));
	slurp(h, tid, "cgroup", &text);
	same_text(ctp_parse_cgroup(whole(&text)), ctp_str(s, t, CTP_cgroup));
	slurp(h, tid, "schedstat", &text);
	ctp_parse_schedstat(whole(&text), &r);
	if (r.v[CTP_timeslices] == 0)
		return; /* this kernel does not tell by that file */
	for (int f = CTP_run_time_ns; f <= CTP_timeslices; f++)
		assert_int_equal(t->v[f], r.v[f]);
}

static void test_sources(void **state)
{
	struct helper *h = *state;
	struct ctp_snapshot *s;

	for (int i = 1; i < THREADS; i++)
		while (stat_state(h->pid, (uint32_t)(h->pid + i)) != 'S' &&
			stat_state(h->pid, (uint32_t)(h->pid + i)) != 0)
			sched_yield();
	rest(h);
	s = capture_helper(h);
	for (size_t i = 0; i < THREADS; i++)
		check_sources(h, s, i);
	assert_string_equal(ctp_str(s, ctp_thread_at(s, 0), CTP_comm), "ktstr-helper");
	assert_string_equal(ctp_str(s, ctp_thread_at(s, 1), CTP_comm), "idle \xef\xbf\xbd)(");
	assert_string_equal(ctp_str(s, ctp_thread_at(s, 1), CTP_pcomm), "ktstr-helper");
	assert_string_equal(ctp_str(s, ctp_thread_at(s, 1), CTP_policy), "SCHED_OTHER");
	assert_true(ctp_cpus(s, ctp_thread_at(s, 1), CTP_cpu_affinity)->count > 0);
	assert_true(ctp_map(s, ctp_thread_at(s, 0), CTP_smaps_rollup_kib)->n > 0);
	assert_int_equal(ctp_map(s, ctp_thread_at(s, 1), CTP_smaps_rollup_kib)->n, 0);
	ctp_free(s);
}

static uint64_t sum(const struct ctp_snapshot *s, enum ctp_field f)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s->nthreads; i++)
		v += ctp_thread_at(s, i)->v[f];
	return v;
}

/* What the kernel says of the process as a whole is what its threads add up to. */
static void test_sums(void **state)
{
	struct helper *h = *state;
	cleanup_free char *stat = xasprintf("/proc/%d/stat", (int)h->pid);
	cleanup_free char *io = xasprintf("/proc/%d/io", (int)h->pid);
	cleanup_str struct str text = STR_INIT;
	struct ctp_record r = {0};
	struct ctp_snapshot *s;
	struct ctp_stat parsed;

	tell(h, 'b');
	tell(h, 'f');
	tell(h, 'w');
	s = capture_helper(h);
	assert_int_equal(file_read(stat, 65536, &text, NULL), 0);
	ctp_parse_stat(whole(&text), &r, &parsed);
	assert_int_equal(sum(s, CTP_minflt), r.v[CTP_minflt]);
	assert_int_equal(sum(s, CTP_majflt), r.v[CTP_majflt]);
	/* ticks of each thread are rounded by themselves */
	at_least((int64_t)(sum(s, CTP_utime_clock_ticks) + sum(s, CTP_stime_clock_ticks)),
		(int64_t)(r.v[CTP_utime_clock_ticks] + r.v[CTP_stime_clock_ticks]) - 2 * THREADS,
		(int64_t)(r.v[CTP_utime_clock_ticks] + r.v[CTP_stime_clock_ticks]) + 2 * THREADS);
	str_clear(&text);
	if (file_read(io, 65536, &text, NULL) == 0 && ctp_has(ctp_thread_at(s, 0), CTP_rchar)) {
		ctp_parse_io(whole(&text), &r);
		for (int f = CTP_rchar; f <= CTP_cancelled_write_bytes; f++)
			assert_int_equal(sum(s, f), r.v[f]);
	}
	ctp_free(s);
}

static bool sorted(const struct ctp_snapshot *s)
{
	for (size_t i = 1; i < s->nthreads; i++) {
		const struct ctp_thread *a = ctp_thread_at(s, i - 1), *b = ctp_thread_at(s, i);

		if (a->v[CTP_tgid] > b->v[CTP_tgid] ||
			(a->v[CTP_tgid] == b->v[CTP_tgid] && a->v[CTP_tid] >= b->v[CTP_tid]))
			return false;
	}
	return true;
}

/* The whole machine: every process is there, in order, whatever the workers did. */
static void test_everything(void **state)
{
	struct helper *h = *state;
	struct ctp_result result;
	struct ctp_snapshot *s =
		capture(&(struct ctp_capture_opts){.workers = 5, .no_smaps = true}, &result);
	size_t mine = 0, own = 0;

	assert_true(sorted(s));
	for (size_t i = 0; i < s->nthreads; i++) {
		const struct ctp_thread *t = ctp_thread_at(s, i);

		mine += t->v[CTP_tgid] == (uint64_t)h->pid;
		own += t->v[CTP_tgid] == (uint64_t)getpid();
		if (t->v[CTP_tgid] == (uint64_t)h->pid && t->v[CTP_tid] == (uint64_t)h->pid)
			assert_int_equal(ctp_why(t, CTP_smaps_rollup_kib), CTP_NO_ASK);
		assert_true(*ctp_str(s, t, CTP_comm));
	}
	assert_int_equal(mine, THREADS);
	assert_true(own >= 1);
	assert_int_equal(result.threads, s->nthreads);
	assert_true(s->parse_summary->tids_walked >= s->nthreads);
	assert_true(s->host && s->host->kernel_release && s->host->online_cpus.v > 0);
	assert_true(s->cost->wall_ns > 0 && s->cost->cpu_ns > 0 && !s->cost->filtered);
	assert_true(s->captured_at_unix_ns > 1600000000ULL * NS_PER_SEC);
	ctp_result_release(&result);
	ctp_free(s);
}

static size_t count(const struct ctp_capture_opts *o)
{
	struct ctp_result result;
	struct ctp_snapshot *s = capture(o, &result);
	size_t n = s->nthreads;

	assert_true(s->cost->filtered);
	ctp_result_release(&result);
	ctp_free(s);
	return n;
}

static void test_filters(void **state)
{
	struct helper *h = *state;
	uint32_t pid = (uint32_t)h->pid;
	struct strv names = STRV_INIT, none = STRV_INIT, threads = STRV_INIT, root = STRV_INIT;
	struct ctp_capture_opts o = {.pids = &pid, .npids = 1};

	strv_push(&names, "ktstr-help*");
	strv_push(&none, "nobody");
	strv_push(&threads, "idle*");
	strv_push(&root, "/*");
	o.comms = &names; /* the process's name takes all its threads */
	assert_int_equal(count(&o), THREADS);
	o.comms = &threads;
	assert_int_equal(count(&o), THREADS - 1);
	o.comms = &none;
	assert_int_equal(count(&o), 0);
	o.comms = NULL;
	o.cgroups = &none;
	assert_int_equal(count(&o), 0);
	o.cgroups = &root;
	assert_int_equal(count(&o), THREADS);
	strv_release(&names);
	strv_release(&none);
	strv_release(&threads);
	strv_release(&root);
}

static void test_no_such_process(void **state)
{
	struct sysroot *root = sysroot_open(NULL, NULL);
	const uint32_t pid = INT32_MAX;
	struct ctp_capture_opts o = {.root = root, .pids = &pid, .npids = 1};
	struct ctp_result result;
	struct err e = ERR_INIT;

	(void)state;
	assert_null(ctp_capture(&o, &result, &e));
	assert_string_equal(e.msg, "there is no process 2147483647");
	ctp_result_release(&result);
	sysroot_close(root);
}

static void test_cancel(void **state)
{
	struct sysroot *root = sysroot_open(NULL, NULL);
	atomic_bool cancel = true;
	struct ctp_capture_opts o = {.root = root, .cancel = &cancel};
	char dir[] = "/tmp/ktstr-cancel-XXXXXX";
	struct ctp_result result;
	struct err e = ERR_INIT;
	cleanup_free char *path = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "x.ctprof.zst");
	assert_int_equal(ctp_capture_file(&o, path, &result, &e), -ECANCELED);
	assert_string_equal(e.msg, "the capture was cancelled");
	assert_int_equal(rmdir(dir), 0); /* neither the file nor a temporary one */
	ctp_result_release(&result);
	sysroot_close(root);
}

/* In a process of its own, since it does not get back what it gives up. */
static int as_nobody(const struct helper *h)
{
	uint32_t pid = (uint32_t)h->pid;
	struct sysroot *root = sysroot_open(NULL, NULL);
	struct ctp_capture_opts o = {.root = root, .pids = &pid, .npids = 1};
	struct ctp_result result;
	const struct ctp_thread *t;
	struct ctp_snapshot *s;

	if (setgid(65534) || setuid(65534))
		return 2;
	s = ctp_capture(&o, &result, NULL);
	if (!s || s->nthreads != THREADS)
		return 3;
	t = ctp_thread_at(s, 0);
	if (ctp_why(t, CTP_rchar) != CTP_NO_PERM || ctp_why(t, CTP_smaps_rollup_kib) != CTP_NO_PERM)
		return 4;
	if (!ctp_has(t, CTP_utime_clock_ticks) || !ctp_has(t, CTP_voluntary_csw))
		return 5;
	if (result.taskstats.ok_count || ctp_has(t, CTP_cpu_delay_count))
		return 6;
	return result.missing.n == 2 ? 0 : 7; /* said once each: delay accounting, the files */
}

static void test_unprivileged(void **state)
{
	const struct helper *h = *state;
	struct ctp_result result;
	uint32_t pid = (uint32_t)h->pid;
	int status;
	pid_t kid;

	if (geteuid() != 0) {
		skip_because("needs root");
	}
	ctp_free(capture(&(struct ctp_capture_opts){.pids = &pid, .npids = 1}, &result));
	if (result.taskstats.ok_count == 0) { /* the kernel has none: nothing to be denied */
		ctp_result_release(&result);
		skip_because("a kernel without taskstats");
	}
	ctp_result_release(&result);
	kid = fork();
	if (kid == 0)
		_exit(as_nobody(h));
	assert_int_equal(waitpid(kid, &status, 0), kid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_burn, start, stop),
		cmocka_unit_test_setup_teardown(test_fault, start, stop),
		cmocka_unit_test_setup_teardown(test_write, start, stop),
		cmocka_unit_test_setup_teardown(test_switch, start, stop),
		cmocka_unit_test_setup_teardown(test_sources, start, stop),
		cmocka_unit_test_setup_teardown(test_sums, start, stop),
		cmocka_unit_test_setup_teardown(test_everything, start, stop),
		cmocka_unit_test_setup_teardown(test_filters, start, stop),
		cmocka_unit_test(test_no_such_process),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test_setup_teardown(test_unprivileged, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
