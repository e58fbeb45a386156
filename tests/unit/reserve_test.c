/* Reservations beside other parties: flock(1), and processes of our own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/reserve/reserve.h"
#include "tests/lib/machine.h"

/* The worked example of spec/host 3.4, and one LLC of four CPUs. */
static const char four_llcs[] =
	"[/sys/devices/system/cpu]\nonline=0-31\n"
	"[/sys/devices/system/cpu/cpu{n} for 0-31]\n"
	"cache/index3/level=3\ncache/index3/type=Unified\ncache/index3/id={n/8}\n"
	"cache/index3/shared_cpu_list={n/8*8}-{n/8*8+7}\n"
	"[/sys/devices/system/node/node{n} for 0-1]\n"
	"cpulist={n*16}-{n*16+15}\ndistance={n*11+10} {n*-11+21}\n";
static const char one_llc[] = "[/sys/devices/system/cpu]\nonline=0-3\n"
			      "[/sys/devices/system/cpu/cpu{n} for 0-3]\n"
			      "cache/index3/level=3\ncache/index3/type=Unified\ncache/index3/id=0\n"
			      "cache/index3/shared_cpu_list=0-3\n"
			      "[/sys/devices/system/node/node0]\ncpulist=0-3\ndistance=10\n";

static const struct reserve_vllc one_vcpu[] = {{0, 1, 1}}, two_vcpus[] = {{0, 2, 1}};
static const struct reserve_shape one = {one_vcpu, 1}, two = {two_vcpus, 1};

struct fixture {
	char dir[64];
	struct machine *m;
	struct reserve_context cx;
	struct strv notes;
	void (*on_note)(struct fixture *f);
	struct party *party;
	bool cancel;
};

static void take_note(void *user, const char *text)
{
	struct fixture *f = user;

	strv_push(&f->notes, text);
	if (f->on_note)
		f->on_note(f);
}

static bool is_cancelled(void *user)
{
	return ((struct fixture *)user)->cancel;
}

static void set_up(struct fixture *f, const char *machine)
{
	static const char *const unset[] = {"KTSTR_CPU_CAP", "KTSTR_NO_PERF_MODE",
		"KTSTR_BYPASS_LLC_LOCKS", "KTSTR_CARGO_TEST_MODE"};

	*f = (struct fixture){.dir = "/tmp/ktstr-reserve-XXXXXX"};
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < ARRAY_LEN(unset); i++)
		unsetenv(unset[i]);
	setenv("KTSTR_LOCK_DIR", f->dir, 1);
	f->m = machine_new(machine);
	f->cx = (struct reserve_context){
		.root = f->m->root, .user = f, .note = take_note, .cancelled = is_cancelled};
}

static void tear_down(struct fixture *f)
{
	strv_release(&f->notes);
	machine_free(f->m);
	file_remove_tree(f->dir, NULL);
}

/* ---- the other party ------------------------------------------------------------------------- */

/* flock(1) on one of the files, until told to end. */
struct party {
	pid_t pid;
	int in;
};

static struct party party_start(const struct fixture *f, const char *mode, const char *file)
{
	cleanup_free char *path = file_join(f->dir, file);
	const char *const argv[] = {
		"flock", mode, "-n", path, "sh", "-c", "echo held; read x; :", NULL};
	struct err e = ERR_INIT;
	int in[2], out[2];
	char word[8];

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	const struct spawn_fd fds[] = {{in[0], 0}, {out[1], 1}};
	struct party p = {
		spawn_start(&(struct spawn){.argv = argv, .fds = fds, .nfds = 2}, &e), in[1]};

	close(in[0]);
	close(out[1]);
	if (p.pid < 0 || read(out[0], word, sizeof(word)) != 5)
		fail_msg("flock %s %s: %s", mode, file, e.msg);
	close(out[0]);
	return p;
}

static void party_end(struct party *p)
{
	close(p->in);
	spawn_wait(p->pid);
}

/* What flock(1) would find: 0 = it gets the lock. */
static int could_lock(const struct fixture *f, const char *mode, const char *file)
{
	cleanup_free char *path = file_join(f->dir, file);
	const char *const argv[] = {"flock", mode, "-n", path, "true", NULL};

	return spawn_wait(spawn_start(&(struct spawn){.argv = argv}, NULL));
}

static int acquire(struct fixture *f, enum reserve_mode mode, unsigned cap,
	const struct reserve_shape *s, struct reservation *out, struct err *e)
{
	const struct reserve_request q = {.mode = mode, .cap = cap};

	err_clear(e);
	return reserve_acquire(&q, s, &f->cx, out, e);
}

static void same_llcs(const struct reservation *r, const char *llcs, const char *cpus)
{
	cleanup_str struct str a = STR_INIT, b = STR_INIT;

	cpuset_format(&r->plan.llcs, &a);
	cpuset_format(&r->plan.cpus, &b);
	assert_string_equal(str_get(&a), llcs);
	assert_string_equal(str_get(&b), cpus);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* The kernel lists holders in no order that could be relied on. */
static void names(const char *text, pid_t pid)
{
	char want[48];

	snprintf(want, sizeof(want), "pid=%d cmd=flock -", (int)pid);
	assert_non_null(strstr(text, want));
}

static void test_worked_example(void **state)
{
	struct fixture f;
	struct party a, b;
	struct reserve_request q = {.mode = RESERVE_BUDGET, .cap = 10};
	struct err e = ERR_INIT;
	cleanup_str struct str got = STR_INIT, want = STR_INIT;

	(void)state;
	set_up(&f, four_llcs);
	a = party_start(&f, "-s", "ktstr-llc-2.lock");
	b = party_start(&f, "-s", "ktstr-llc-2.lock");
	assert_int_equal(reserve_preview(&q, NULL, &f.cx, &got, &e), 0);
	str_printf(&want,
		"mode:    budget: 10 CPUs, shared\n"
		"LLCs:    2 (node 1), 3 (node 1)\n"
		"CPUs:    16-25\n"
		"nodes:   1\n"
		"locks:   SH %s/ktstr-llc-2.lock\n"
		"         SH %s/ktstr-llc-3.lock\n"
		"holders: LLC 2: pid=",
		f.dir, f.dir);
	assert_memory_equal(got.s, want.s, want.len);
	names(got.s, a.pid);
	names(got.s, b.pid);
	assert_int_equal(could_lock(&f, "-x", "ktstr-llc-3.lock"), 0); /* nothing was taken */
	party_end(&a);
	party_end(&b);
	tear_down(&f);
}

static void test_locks_exclude_the_right_ones(void **state)
{
	struct fixture f;
	struct reservation r;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&f, one_llc);
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 2, NULL, &r, &e), 0);
	same_llcs(&r, "0", "0-1");
	assert_int_equal(reserve_jobs(&r), 2);
	assert_int_equal(could_lock(&f, "-s", "ktstr-llc-0.lock"), 0);
	assert_int_equal(could_lock(&f, "-x", "ktstr-llc-0.lock"), 1);
	reservation_release(&r);
	assert_int_equal(could_lock(&f, "-x", "ktstr-llc-0.lock"), 0);

	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &two, &r, &e), 0);
	same_llcs(&r, "0", "0-1");
	assert_int_equal(could_lock(&f, "-s", "ktstr-llc-0.lock"), 0);
	assert_int_equal(could_lock(&f, "-x", "ktstr-llc-0.lock"), 1);
	assert_int_equal(could_lock(&f, "-s", "ktstr-cpu-1.lock"), 1);
	assert_int_equal(could_lock(&f, "-x", "ktstr-cpu-2.lock"), 0);
	reservation_release(&r);
	assert_int_equal(could_lock(&f, "-x", "ktstr-cpu-1.lock"), 0);

	assert_int_equal(acquire(&f, RESERVE_PERF, 0, &two, &r, &e), 0);
	assert_int_equal(r.plan.service, 2);
	assert_int_equal(could_lock(&f, "-s", "ktstr-llc-0.lock"), 1);
	reservation_release(&r);
	tear_down(&f);
}

/* spec/host C 14, and 6.1 item 0. */
static void test_budget_beside_flock(void **state)
{
	struct fixture f;
	struct reservation r;
	struct party p;
	struct err e = ERR_INIT;
	uint64_t start;

	(void)state;
	set_up(&f, one_llc);
	p = party_start(&f, "-x", "ktstr-llc-0.lock");
	start = clock_mono_ns();
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 0, NULL, &r, &e), -EBUSY);
	assert_true(clock_mono_ns() - start >= 260 * NS_PER_MS);
	assert_non_null(strstr(e.msg,
		"acquire_llc_plan: could not reserve 2 CPU(s) after 4 attempts; holders: LLC 0: "));
	names(e.msg, p.pid);
	assert_non_null(strstr(e.hint, "ktstr locks --json"));
	party_end(&p);
	p = party_start(&f, "-s", "ktstr-llc-0.lock");
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 0, NULL, &r, &e), 0);
	reservation_release(&r);
	party_end(&p);
	tear_down(&f);

	set_up(&f, four_llcs);
	p = party_start(&f, "-x", "ktstr-llc-0.lock");
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 0, NULL, &r, &e), 0);
	same_llcs(&r, "1-2", "8-17");
	assert_int_equal(r.warnings.n, 1);
	assert_non_null(strstr(
		r.warnings.v[0], "reserving LLCs [1 (node 0), 2 (node 1)] across 2 NUMA nodes"));
	reservation_release(&r);
	party_end(&p);
	tear_down(&f);
}

static void test_guests_side_by_side(void **state)
{
	struct fixture f;
	struct reservation a, b, c;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&f, one_llc);
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &two, &a, &e), 0);
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &two, &b, &e), 0);
	same_llcs(&a, "0", "0-1");
	same_llcs(&b, "0", "2-3");
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &one, &c, &e), -EBUSY);
	assert_non_null(strstr(e.msg, "LLC slots busy: no CPUs for 1 vCPU(s) after 4 attempts; CPU "
				      "0 busy: pid="));
	assert_non_null(strstr(e.hint, "--no-perf-mode shares CPUs"));
	assert_int_equal(acquire(&f, RESERVE_PERF, 0, &one, &c, &e), -EBUSY);
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 0, &one, &c, &e), 0);
	reservation_release(&c);
	reservation_release(&a);
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &one, &c, &e), 0);
	same_llcs(&c, "0", "0");
	reservation_release(&b);
	reservation_release(&c);
	tear_down(&f);
}

static void test_what_cannot_be(void **state)
{
	static const struct reserve_vllc wide[] = {{0, 5, 1}, {0, 5, 1}}, full[] = {{0, 4, 1}};
	const struct reserve_shape ten = {wide, 2}, four = {full, 1};
	struct fixture f;
	struct reservation r;
	struct party p;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&f, one_llc);
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 5, NULL, &r, &e), -ERANGE);
	assert_string_equal(e.msg, "--cpu-cap N = 5 exceeds the 4 CPUs this process is allowed on");
	assert_int_equal(acquire(&f, RESERVE_PERF, 0, &four, &r, &e), -ERANGE);
	assert_string_equal(e.msg, "performance_mode: need 5 CPUs (4 vCPUs + 1 service) but only 4 "
				   "host CPUs available");
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &ten, &r, &e), 0);
	assert_true(r.overcommitted);
	same_llcs(&r, "0", "0-3");
	assert_int_equal(r.warnings.n, 1);
	assert_non_null(strstr(r.warnings.v[0], "WARNING: only 4 host CPUs available for 10 vCPUs "
						"(2.5x oversubscription)"));
	assert_non_null(strstr(r.warnings.v[0], "NOTHING opted into this"));
	reservation_release(&r);
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 2, &ten, &r, &e), 0);
	assert_non_null(strstr(r.warnings.v[0], "cpu_budget 2 host CPUs < 10 vCPUs"));
	reservation_release(&r);
	p = party_start(&f, "-x", "ktstr-llc-0.lock");
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &ten, &r, &e), -EBUSY);
	assert_non_null(strstr(e.msg, "LLC slots busy"));
	party_end(&p);
	tear_down(&f);
}

static void test_no_folder(void **state)
{
	struct fixture f;
	struct reservation r;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&f, one_llc);
	setenv("KTSTR_LOCK_DIR", "/nonexistent", 1);
	assert_int_equal(acquire(&f, RESERVE_DEFAULT, 0, &one, &r, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "cannot open the lock file '/nonexistent/ktstr-"));
	assert_non_null(strstr(e.hint, "KTSTR_LOCK_DIR=DIR"));
	tear_down(&f);
}

static void test_no_topology(void **state)
{
	struct fixture f;
	struct reservation r;
	struct err e = ERR_INIT;

	(void)state;
	set_up(&f, "[/sys/devices/system]\ncpu/\n");
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 1, NULL, &r, &e), -ENODEV);
	assert_non_null(strstr(e.msg, "host LLC topology unreadable"));
	assert_int_equal(acquire(&f, RESERVE_BUDGET, 0, NULL, &r, &e), 0);
	assert_int_equal(r.mode, RESERVE_NONE);
	assert_int_equal(r.nlocks, 0);
	assert_non_null(strstr(r.warnings.v[0], "host LLC topology unreadable"));
	assert_true(reserve_jobs(&r) >= 1);
	reservation_release(&r);
	tear_down(&f);
}

static void end_party(struct fixture *f)
{
	party_end(f->party);
	f->party = NULL;
}

static void test_waiting(void **state)
{
	struct fixture f;
	struct party p;
	struct reservation r;
	struct reserve_request q = {.mode = RESERVE_DEFAULT, .wait_ns = 60 * NS_PER_SEC};
	struct err e = ERR_INIT;
	uint64_t start = clock_mono_ns();

	(void)state;
	set_up(&f, one_llc);
	p = party_start(&f, "-x", "ktstr-llc-0.lock");
	f.party = &p;
	f.on_note = end_party; /* lets go as soon as we say that we wait */
	assert_int_equal(reserve_acquire(&q, &one, &f.cx, &r, &e), 0);
	assert_int_equal(f.notes.n, 1);
	assert_non_null(
		strstr(f.notes.v[0], "waiting up to 1m00s for CPUs of this host: LLC 0 busy: "));
	assert_true(clock_mono_ns() - start < 20 * NS_PER_SEC);
	reservation_release(&r);

	p = party_start(&f, "-x", "ktstr-llc-0.lock");
	f.on_note = NULL;
	q.wait_ns = 300 * NS_PER_MS;
	assert_int_equal(reserve_acquire(&q, &one, &f.cx, &r, &e), -EBUSY);
	f.cancel = true;
	assert_int_equal(reserve_acquire(&q, &one, &f.cx, &r, &e), -ECANCELED);
	party_end(&p);
	tear_down(&f);
}

static void test_requests(void **state)
{
	static const struct {
		struct reserve_options o;
		const char *cap, *no_perf, *bypass;
		int rc;
		enum reserve_mode mode;
		unsigned want;
		const char *text;
	} rows[] = {
		{.mode = RESERVE_DEFAULT},
		{.cap = "3", .mode = RESERVE_DEFAULT},
		{.o.no_perf_mode = true, .mode = RESERVE_BUDGET},
		{.no_perf = "0", .mode = RESERVE_BUDGET},
		{.no_perf = "", .mode = RESERVE_DEFAULT},
		{.no_perf = "1", .cap = "3", .mode = RESERVE_BUDGET, .want = 3},
		{.no_perf = "1", .cap = "", .mode = RESERVE_BUDGET},
		{.o = {.no_perf_mode = true, .cap_set = true, .cap = 2},
			.cap = "x",
			.mode = RESERVE_BUDGET,
			.want = 2},
		{.o = {.no_perf_mode = true, .cap_set = true},
			.rc = -EINVAL,
			.text = "--cpu-cap must be \xe2\x89\xa5 1 CPU (got 0)"},
		{.o.no_perf_mode = true,
			.cap = "4x",
			.rc = -EINVAL,
			.text = "KTSTR_CPU_CAP is not a valid integer"},
		{.o = {.no_perf_mode = true, .cap_set = true, .cap = 2},
			.bypass = "1",
			.rc = -EPERM,
			.text = "--cpu-cap conflicts with KTSTR_BYPASS_LLC_LOCKS=1: a cap is a "
				"resource contract"},
		{.o.no_perf_mode = true,
			.cap = "2",
			.bypass = "0",
			.rc = -EPERM,
			.text = "resource contract"},
		{.bypass = "1", .mode = RESERVE_NONE},
		{.bypass = "", .mode = RESERVE_DEFAULT},
		{.o.perf_mode = true, .mode = RESERVE_PERF},
		{.o.perf_mode = true,
			.no_perf = "1",
			.mode = RESERVE_BUDGET,
			.text = "KTSTR_NO_PERF_MODE is set: --perf-mode has no effect"},
		{.o.perf_mode = true,
			.bypass = "1",
			.mode = RESERVE_NONE,
			.text = "KTSTR_BYPASS_LLC_LOCKS is set: nothing is reserved"},
	};
	struct fixture f;

	(void)state;
	set_up(&f, one_llc);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_strv struct strv notes = STRV_INIT;
		struct reserve_request q;
		struct err e = ERR_INIT;
		const char *said;

		unsetenv("KTSTR_CPU_CAP");
		unsetenv("KTSTR_NO_PERF_MODE");
		unsetenv("KTSTR_BYPASS_LLC_LOCKS");
		if (rows[i].cap)
			setenv("KTSTR_CPU_CAP", rows[i].cap, 1);
		if (rows[i].no_perf)
			setenv("KTSTR_NO_PERF_MODE", rows[i].no_perf, 1);
		if (rows[i].bypass)
			setenv("KTSTR_BYPASS_LLC_LOCKS", rows[i].bypass, 1);
		assert_int_equal(reserve_request_init(&q, &rows[i].o, &notes, &e), rows[i].rc);
		said = rows[i].rc ? e.msg : notes.n ? notes.v[0] : "";
		if (rows[i].text)
			assert_non_null(strstr(said, rows[i].text));
		else
			assert_string_equal(said, "");
		if (rows[i].rc)
			continue;
		assert_int_equal(q.mode, rows[i].mode);
		assert_int_equal(q.cap, rows[i].want);
	}
	unsetenv("KTSTR_BYPASS_LLC_LOCKS");
	unsetenv("KTSTR_NO_PERF_MODE");
	tear_down(&f);
}

/* ---- many at once -----------------------------------------------------------------------------
 */

static void race(struct fixture *f, atomic_int *holders, int rounds)
{
	struct reserve_request q = {.mode = RESERVE_PERF, .wait_ns = 60 * NS_PER_SEC};

	f->cx.note = NULL;
	for (int i = 0; i < rounds; i++) {
		struct reservation r;

		if (reserve_acquire(&q, &one, &f->cx, &r, NULL))
			_exit(2);
		if (atomic_fetch_add(holders, 1))
			_exit(3);
		atomic_fetch_sub(holders, 1);
		reservation_release(&r);
	}
	_exit(0);
}

static void test_two_never_hold_one_lock(void **state)
{
	atomic_int *holders = mmap(
		NULL, sizeof(*holders), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct fixture f;
	pid_t pids[2];

	(void)state;
	set_up(&f, one_llc);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			race(&f, holders, 1000);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(spawn_wait(pids[i]), 0);
	munmap(holders, sizeof(*holders));
	tear_down(&f);
}

/* Takes and gives back until it is killed; says so after every step. */
static void churn(struct fixture *f, int said)
{
	struct reserve_request q = {.mode = RESERVE_PERF};

	for (;;) {
		struct reservation r;

		(void)!write(said, "a", 1);
		if (reserve_acquire(&q, &two, &f->cx, &r, NULL))
			_exit(2);
		(void)!write(said, "r", 1);
		reservation_release(&r);
	}
}

static void test_killed_at_any_moment(void **state)
{
	struct fixture f;
	unsigned seed = 7;

	(void)state;
	set_up(&f, one_llc);
	for (int i = 0; i < 60; i++) {
		struct reservation r;
		struct err e = ERR_INIT;
		int p[2];
		pid_t pid;

		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0)
			churn(&f, p[1]);
		close(p[1]);
		for (int n = 0; n < 1 + i % 7; n++) {
			char c;

			assert_int_equal(read(p[0], &c, 1), 1);
		}
		seed = seed * 1103515245 + 12345;
		for (volatile unsigned spin = (seed >> 8) % 400000; spin; spin--)
			;
		kill(pid, SIGKILL);
		spawn_wait(pid);
		close(p[0]);
		assert_int_equal(acquire(&f, RESERVE_PERF, 0, &two, &r, &e), 0);
		reservation_release(&r);
	}
	tear_down(&f);
}

/* A lock file that a cleaner took away under its holder: whoever comes next must not think that it
 * is free once the new file is the one that counts. */
static void test_replaced_files(void **state)
{
	struct fixture f;
	struct reservation a, b;
	struct err e = ERR_INIT;
	cleanup_free char *path = NULL;

	(void)state;
	set_up(&f, one_llc);
	path = file_join(f.dir, "ktstr-llc-0.lock");
	assert_int_equal(acquire(&f, RESERVE_PERF, 0, &one, &a, &e), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(acquire(&f, RESERVE_PERF, 0, &one, &b, &e), 0);
	assert_int_equal(could_lock(&f, "-s", "ktstr-llc-0.lock"), 1);
	reservation_release(&a);
	assert_int_equal(could_lock(&f, "-s", "ktstr-llc-0.lock"), 1);
	reservation_release(&b);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_example),
		cmocka_unit_test(test_locks_exclude_the_right_ones),
		cmocka_unit_test(test_budget_beside_flock),
		cmocka_unit_test(test_guests_side_by_side),
		cmocka_unit_test(test_what_cannot_be),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_no_topology),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_two_never_hold_one_lock),
		cmocka_unit_test(test_killed_at_any_moment),
		cmocka_unit_test(test_replaced_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
