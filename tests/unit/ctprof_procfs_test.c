/* The files of a task as kernels of several ages write them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probes/ctprof/affinity.h"
#include "probes/ctprof/exits.h"
#include "probes/ctprof/procfs.h"
#include "probes/ctprof/taskstats.h"

static struct scan text(const char *s)
{
	return (struct scan){s, s + strlen(s)};
}

static void equal(struct scan s, const char *want)
{
	assert_int_equal(s.end - s.p, strlen(want));
	assert_memory_equal(s.p, want, strlen(want));
}

static void test_stat(void **state)
{
	struct ctp_record r = {0};
	struct ctp_stat st;

	(void)state;
	ctp_parse_stat(
		text("4242 (a) b\n(c) ) S 1 4242 4242 0 -1 4194560 11 12 13 14 15 16 17 18 -2 -20 "
		     "21 0 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 5 99 6 43 44\n"),
		&r, &st);
	equal(st.comm, "a) b\n(c)");
	assert_true(st.started);
	assert_int_equal(st.policy, 6);
	assert_int_equal(st.flags, 4194560);
	assert_int_equal(r.v[CTP_state], 'S');
	assert_int_equal(r.v[CTP_minflt], 11);
	assert_int_equal(r.v[CTP_majflt], 13);
	assert_int_equal(r.v[CTP_utime_clock_ticks], 15);
	assert_int_equal(r.v[CTP_stime_clock_ticks], 16);
	assert_int_equal((int64_t)r.v[CTP_priority], -2);
	assert_int_equal((int64_t)r.v[CTP_nice], -20);
	assert_int_equal(r.v[CTP_nr_threads], 21);
	assert_int_equal(r.v[CTP_start_time_clock_ticks], 22);
	assert_int_equal(r.v[CTP_processor], 5);
	assert_int_equal(r.v[CTP_rt_priority], 99);
	for (int f = 0; f < CTP_NFIELDS; f++)
		assert_int_equal(r.why[f], CTP_PRESENT);
}

/* Each field fails alone; what is missing does not cost what is there. */
static void test_stat_partly(void **state)
{
	struct ctp_record r = {0};
	struct ctp_stat st;

	(void)state;
	ctp_parse_stat(text("1 (x) R 1 1 1 0 -1 x 18446744073709551616 0 7"), &r, &st);
	assert_int_equal(r.v[CTP_state], 'R');
	assert_int_equal(r.why[CTP_minflt], CTP_NO_CFG);
	assert_int_equal(r.v[CTP_minflt], 0);
	assert_int_equal(r.why[CTP_majflt], CTP_PRESENT);
	assert_int_equal(r.v[CTP_majflt], 7);
	assert_int_equal(r.why[CTP_nice], CTP_NO_CFG);
	assert_false(st.started);
	assert_int_equal(st.policy, -1);
	ctp_parse_stat(text(") ("), &r, &st);
	assert_int_equal(r.why[CTP_comm], CTP_NO_CFG);
	assert_int_equal(r.v[CTP_state], '~');
}

static void test_policies(void **state)
{
	static const char *const names[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH",
		NULL, "SCHED_IDLE", "SCHED_DEADLINE", "SCHED_EXT", NULL};

	(void)state;
	for (int64_t p = 0; p < (int64_t)ARRAY_LEN(names); p++) {
		if (names[p])
			assert_string_equal(ctp_policy_name(p), names[p]);
		else
			assert_null(ctp_policy_name(p));
	}
	assert_null(ctp_policy_name(-1));
	assert_true(ctp_policy_is_fair(0) && ctp_policy_is_fair(3) && ctp_policy_is_fair(7));
	assert_false(ctp_policy_is_fair(1) || ctp_policy_is_fair(5) || ctp_policy_is_fair(-1));
}

static void test_dotted(void **state)
{
	static const struct {
		const char *s;
		bool ok, negative;
		uint64_t v;
	} rows[] = {
		{"0.000000", true, false, 0},
		{"1.000001", true, false, 1000001},
		{"12.5", true, false, 12500000},
		{"12.", true, false, 12000000},
		{"3.1234567", true, false, 3123456},
		{"77", true, false, 77},
		{"18446744073709.551615", true, false, UINT64_MAX},
		{"18446744073709.551616", false, false, 0},
		{"99999999999999.0", false, false, 0},
		{"-1.000000", false, true, 0},
		{"0.-00001", false, true, 0},
		{"-5", false, true, 0},
		{"x.1", false, false, 0},
		{"1.x", false, false, 0},
		{".5", false, false, 0},
		{"", false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool negative;
		uint64_t v = 0;

		assert_int_equal(ctp_parse_dotted(text(rows[i].s), &v, &negative), rows[i].ok);
		assert_int_equal(negative, rows[i].negative);
		if (rows[i].ok)
			assert_true(v == rows[i].v);
	}
}

#define LINE(name, value) name "                :    " value "\n"

/* With and without the prefixes that the kernel has used over time. */
static const char sched_new[] =
	"cat (26037, #threads: 1)\n"
	"-------------------------------------------------------------------\n" LINE(
		"se.exec_start", "11629530.664103") LINE("se.sum_exec_runtime",
		"12.345678") LINE("se.nr_migrations", "3") LINE("nr_switches",
		"11") LINE("nr_voluntary_switches", "7") LINE("nr_involuntary_switches",
		"4") LINE("sum_sleep_runtime", "100.000000") LINE("sum_block_runtime",
		"30.000001") LINE("sleep_max", "1.000000") LINE("block_max",
		"2.000000") LINE("exec_max", "3.000000") LINE("slice_max",
		"4.000000") LINE("wait_max", "5.000000") LINE("wait_sum",
		"6.000000") LINE("wait_count", "8") LINE("iowait_sum",
		"9.000000") LINE("iowait_count", "10") LINE("nr_migrations_cold",
		"99") LINE("nr_failed_migrations_affine", "12") LINE("nr_failed_migrations_running",
		"13") LINE("nr_failed_migrations_hot", "14") LINE("nr_forced_migrations", "15")
		LINE("nr_wakeups", "16") LINE("nr_wakeups_sync", "17") LINE("nr_wakeups_migrate",
			"18") LINE("nr_wakeups_local", "19") LINE("nr_wakeups_remote", "20")
			LINE("nr_wakeups_affine", "21") LINE("nr_wakeups_affine_attempts", "22")
				LINE("nr_wakeups_passive", "98") LINE("nr_wakeups_idle", "97")
					LINE("core_forceidle_sum", "0.000023")
						LINE("se.slice", "2800000") LINE("ext.enabled",
							"1") "current_node=0, numa_group_id=0\n";

static void check_sched(const struct ctp_record *r)
{
	static const struct {
		int field;
		uint64_t v;
	} want[] = {
		{CTP_nr_migrations, 3},
		{CTP_voluntary_csw, 7},
		{CTP_nonvoluntary_csw, 4},
		{CTP_voluntary_sleep_ns, 69999999},
		{CTP_block_sum, 30000001},
		{CTP_sleep_max, 1000000},
		{CTP_block_max, 2000000},
		{CTP_exec_max, 3000000},
		{CTP_slice_max, 4000000},
		{CTP_wait_max, 5000000},
		{CTP_wait_sum, 6000000},
		{CTP_wait_count, 8},
		{CTP_iowait_sum, 9000000},
		{CTP_iowait_count, 10},
		{CTP_nr_failed_migrations_affine, 12},
		{CTP_nr_failed_migrations_running, 13},
		{CTP_nr_failed_migrations_hot, 14},
		{CTP_nr_forced_migrations, 15},
		{CTP_nr_wakeups, 16},
		{CTP_nr_wakeups_sync, 17},
		{CTP_nr_wakeups_migrate, 18},
		{CTP_nr_wakeups_local, 19},
		{CTP_nr_wakeups_remote, 20},
		{CTP_nr_wakeups_affine, 21},
		{CTP_nr_wakeups_affine_attempts, 22},
		{CTP_core_forceidle_sum, 23},
		{CTP_fair_slice_ns, 2800000},
		{CTP_ext_enabled, 1},
	};
	int rows = 0;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		if (r->v[want[i].field] != want[i].v || r->why[want[i].field])
			fail_msg("%s is %llu", ctp_fields[want[i].field].key,
				(unsigned long long)r->v[want[i].field]);
	}
	for (int f = 0; f < CTP_NFIELDS; f++)
		rows += ctp_fields[f].source == CTP_FROM_SCHED;
	assert_int_equal(rows, ARRAY_LEN(want)); /* every row of the file has been seen */
}

static void test_sched(void **state)
{
	struct ctp_sched_plan plan = {0};
	struct ctp_record r = {0};
	struct ctp_opt runtime = {0};

	(void)state;
	for (int i = 0; i < 2; i++) { /* once without a plan, once by it */
		memset(&r, 0xff, sizeof(r));
		assert_int_equal(ctp_parse_sched(text(sched_new), &plan, &r, &runtime), 0);
		check_sched(&r);
		assert_true(runtime.has && runtime.v == 12345678);
	}
}

/* A plan of another file's lines must not be taken for this one's. */
static void test_sched_plan(void **state)
{
	struct ctp_sched_plan plan = {0};
	struct ctp_record r = {0};
	struct ctp_opt runtime;

	(void)state;
	ctp_parse_sched(text(sched_new), &plan, &r, &runtime);
	assert_int_equal(
		ctp_parse_sched(
			text("x\n-\nse.statistics.wait_sum : 1.5\nse.statistics.wait_sum:2.5\n"
			     "se.statistics.sum_sleep_runtime : 5.0\nwait_max : -1.0\n"
			     "exec_max : 0.-1\next.enabled : 0\nenabled : 7\nnr_wakeups : x\n"),
			&plan, &r, &runtime),
		2);
	assert_int_equal(r.v[CTP_wait_sum], 2500000); /* the last one counts */
	assert_int_equal(r.why[CTP_wait_sum], CTP_PRESENT);
	assert_int_equal(r.why[CTP_voluntary_sleep_ns], CTP_NO_CFG); /* its other half is missing */
	assert_int_equal(r.v[CTP_voluntary_sleep_ns], 0);
	assert_int_equal(r.why[CTP_wait_max], CTP_NO_CFG);
	assert_int_equal(r.v[CTP_wait_max], 0);
	assert_int_equal(r.v[CTP_ext_enabled], 0);
	assert_int_equal(r.why[CTP_ext_enabled], CTP_PRESENT);
	assert_int_equal(r.why[CTP_nr_wakeups], CTP_NO_CFG);
	assert_int_equal(r.why[CTP_nr_migrations], CTP_NO_CFG);
	assert_false(runtime.has);
}

static void test_schedstat(void **state)
{
	struct ctp_record r = {0};

	(void)state;
	ctp_parse_schedstat(text("123 456 789\n"), &r);
	assert_int_equal(r.v[CTP_run_time_ns], 123);
	assert_int_equal(r.v[CTP_wait_time_ns], 456);
	assert_int_equal(r.v[CTP_timeslices], 789);
	ctp_parse_schedstat(text("5 x"), &r);
	assert_int_equal(r.v[CTP_run_time_ns], 5);
	assert_int_equal(r.why[CTP_wait_time_ns], CTP_NO_CFG);
	assert_int_equal(r.v[CTP_timeslices], 0);
}

static void test_io(void **state)
{
	struct ctp_record r = {0};

	(void)state;
	ctp_parse_io(text("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n"
			  "cancelled_write_bytes: 18446744073709551615\n"),
		&r);
	for (int f = CTP_rchar; f < CTP_cancelled_write_bytes; f++)
		assert_int_equal(r.v[f], f - CTP_rchar + 1);
	assert_true(r.v[CTP_cancelled_write_bytes] == UINT64_MAX);
	ctp_parse_io(text("write_bytes: 7\nnew: 1\nrchar: 8\n"), &r);
	assert_int_equal(r.v[CTP_write_bytes], 7);
	assert_int_equal(r.v[CTP_rchar], 8);
	assert_int_equal(r.why[CTP_wchar], CTP_NO_CFG);
	assert_int_equal(r.v[CTP_wchar], 0);
}

static void test_cgroup(void **state)
{
	(void)state;
	equal(ctp_parse_cgroup(text("4:memory:/a\n0::/user.slice/x y \n")), "/user.slice/x y");
	equal(ctp_parse_cgroup(text("0::/\n")), "/");
	equal(ctp_parse_cgroup(text("1:name=systemd:/\n")), "");
	equal(ctp_parse_cgroup(text("")), "");
}

static void test_status(void **state)
{
	struct ctp_status s;

	(void)state;
	ctp_parse_status(text("Name:\tx\nState:\tD (disk sleep)\nThreads:\t5\nCpus_allowed:\t3\n"
			      "Cpus_allowed_list:\t0-1,4\nvoluntary_ctxt_switches:\t6\n"
			      "nonvoluntary_ctxt_switches:\t7\n"),
		&s);
	equal(s.state, "D (disk sleep)");
	equal(s.cpus_allowed, "0-1,4");
	assert_true(s.has_threads && s.threads == 5);
	assert_true(s.has_voluntary && s.voluntary == 6);
	assert_true(s.has_nonvoluntary && s.nonvoluntary == 7);
	ctp_parse_status(text("State:"), &s);
	assert_false(s.has_threads || s.has_voluntary);
}

static void test_smaps(void **state)
{
	static struct ctp_smaps s;

	(void)state;
	ctp_parse_smaps(
		text("55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:     1620 kB\n"
		     "Pss:      196 kB\nPss_Anon: x kB\nHuge Pages: 3 kB\nSwap:       0 kB\n"
		     "KSM: 4\n"),
		&s);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.pairs[0].key, "Pss");
	assert_int_equal(s.pairs[0].v, 196);
	assert_string_equal(s.pairs[1].key, "Rss");
	assert_string_equal(s.pairs[2].key, "Swap");
	ctp_parse_smaps(text(""), &s);
	assert_int_equal(s.n, 0);
}

static void test_affinity(void **state)
{
	const uint64_t words[] = {0xf, 0, 1ULL << 63, 3};
	struct ctp_affinity a = {0};

	(void)state;
	ctp_affinity_runs(&a, words, ARRAY_LEN(words));
	assert_int_equal(a.cpus.count, 7);
	assert_int_equal(a.cpus.nruns, 2);
	assert_int_equal(a.cpus.runs[1].lo, 191);
	assert_int_equal(a.cpus.runs[1].hi, 193);
	assert_int_equal(ctp_affinity_list(&a, text("7,0-2,1")), 0);
	assert_int_equal(a.cpus.count, 4);
	assert_int_equal(a.cpus.runs[0].hi, 2);
	assert_true(ctp_affinity_list(&a, text("2-1")) < 0);
	assert_true(ctp_affinity_list(&a, (struct scan){0}) < 0);
	assert_int_equal(ctp_affinity_ask(&a, 0), 0);
	assert_true(a.cpus.count > 0);
	ctp_affinity_release(&a);
}

/* The struct as its versions have it: where a slot is, and up to where it reaches. */
static const struct {
	uint16_t version;
	size_t size;
	unsigned slots; /* counts and totals that exist, of 8 categories */
	bool extremes;
} versions[] = {
	{8, 328, 4, false},
	{9, 344, 5, false},
	{10, 352, 5, false},
	{11, 368, 6, false},
	{12, 400, 6, false},
	{13, 416, 7, false},
	{14, 432, 8, false},
	{15, 560, 8, true},
	{16, 560, 8, true},
	{17, 688, 8, true},
};

/* Offsets by hand from the kernel's header, not from the table that is tested. */
static size_t offset_of(uint16_t version, unsigned category, unsigned which)
{
	static const size_t usual[8][4] = {{16, 24, 432, 440}, {32, 40, 448, 456},
		{48, 56, 464, 472}, {312, 320, 480, 488}, {328, 336, 496, 504},
		{352, 360, 512, 520}, {400, 408, 528, 536}, {416, 424, 544, 552}};
	static const size_t v15[8] = {16, 48, 80, 360, 392, 432, 496, 528};

	return version == 15 ? v15[category] + which * 8 : usual[category][which];
}

static void put(unsigned char *to, size_t at, uint64_t v)
{
	memcpy(to + at, &v, sizeof(v));
}

static void check_version(size_t i)
{
	unsigned char bytes[688] = {0};
	struct taskstats_reply r;

	memcpy(bytes, &versions[i].version, 2);
	for (unsigned c = 0; c < 8; c++)
		for (unsigned k = 0; k < 4; k++) {
			size_t at = offset_of(versions[i].version, c, k);

			if (at + 8 <= versions[i].size && (k < 2 || versions[i].extremes))
				put(bytes, at, 1000 + c * 4 + k);
		}
	put(bytes, versions[i].version == 15 ? 248 : 200, 77);
	put(bytes, versions[i].version == 15 ? 256 : 208, 78);
	put(bytes, versions[i].version == 15 ? 120 : 72, 79);
	assert_int_equal(taskstats_parse(bytes, versions[i].size, &r), 0);
	for (unsigned s = 0; s < 32; s++) {
		bool has = s / 4 < versions[i].slots && (s % 4 < 2 || versions[i].extremes);

		assert_int_equal(r.has >> s & 1, has);
		assert_int_equal(r.v[s], has ? 1000 + s : 0);
	}
	assert_int_equal(r.v[TASKSTATS_HIWATER_RSS], 77);
	assert_int_equal(r.v[TASKSTATS_HIWATER_VM], 78);
	assert_int_equal(r.v[TASKSTATS_RUN_TIME], 79);
}

static void test_taskstats(void **state)
{
	struct taskstats_reply r;
	unsigned char bytes[64] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		check_version(i);
	assert_true(taskstats_parse(bytes, sizeof(bytes), &r) < 0);
	assert_true(r.rc < 0);
}

/* What is told of a task that ended, of both layouts. */
static void test_exit(void **state)
{
	(void)state;
	for (uint16_t version = 14; version <= 16; version++) {
		unsigned char bytes[560] = {0};
		size_t moved = version == 15 ? 48 : 0;
		struct taskstats_exit t;

		memcpy(bytes, &version, 2);
		memcpy(bytes + 80 + moved, "cc1", 4);
		put(bytes, 168 + moved, 5);
		put(bytes, 176 + moved, 6);
		put(bytes, 132 + moved, 4);
		put(bytes, 272 + moved, 13);
		put(bytes, 280 + moved, 14);
		put(bytes, 200 + moved, 7);
		put(bytes, 248 + moved, 8);
		put(bytes, 256 + moved, 9);
		put(bytes, 72 + moved, 10);
		put(bytes, 24, 11);
		put(bytes, version == 15 ? 56 : 40, 12);
		assert_int_equal(taskstats_parse_exit(bytes, version < 15 ? 432 : 560, &t), 0);
		assert_string_equal(t.comm, "cc1");
		assert_int_equal(t.minflt, 5);
		assert_int_equal(t.majflt, 6);
		assert_int_equal(t.hiwater_rss_kib, 7);
		assert_int_equal(t.read_bytes, 8);
		assert_int_equal(t.write_bytes, 9);
		assert_int_equal(t.run_ns, 10);
		assert_int_equal(t.wait_ns, 11);
		assert_int_equal(t.blkio_ns, 12);
		assert_int_equal(t.ppid, 4);
		assert_int_equal(t.voluntary_csw, 13);
		assert_int_equal(t.nonvoluntary_csw, 14);
	}
}

/* One name stays what it is; several of one pattern become the pattern. */
static void test_exit_groups(void **state)
{
	static const struct taskstats_exit tasks[] = {
		{.comm = "cc1", .ppid = 7, .run_ns = 5, .hiwater_rss_kib = 2},
		{.comm = "cc1", .ppid = 7, .run_ns = 6, .minflt = 4, .hiwater_rss_kib = 1},
		{.comm = "worker-1", .ppid = 7, .run_ns = 100},
		{.comm = "worker-2", .ppid = 7, .run_ns = 200},
		{.comm = "worker-2", .ppid = 7, .run_ns = 300},
		{.comm = "\x1b[2J", .ppid = 7, .run_ns = 1},
	};
	struct ctp_exits *x = ctp_exits_new(7);
	struct ctp_exits_look look = {0};
	cleanup_str struct str text = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
		ctp_exits_add(x, &tasks[i]);
	ctp_exits_stop(x);
	assert_string_equal(ctp_exits_group(x, true, 0)->comm, "worker-{N}");
	assert_int_equal(ctp_exits_group(x, true, 0)->v[CTP_ENDED_TASKS], 3);
	assert_int_equal(ctp_exits_group(x, true, 0)->v[CTP_ENDED_RUN], 600);
	assert_string_equal(ctp_exits_group(x, true, 1)->comm, "cc1");
	assert_int_equal(ctp_exits_group(x, true, 1)->v[CTP_ENDED_MINFLT], 4);
	assert_int_equal(ctp_exits_group(x, true, 1)->v[CTP_ENDED_RSS], 2048);
	assert_null(ctp_exits_group(x, true, 3));
	assert_null(ctp_exits_group(x, false, 0));
	ctp_exits_text(x, &look, &text);
	assert_true(str_starts(text.s, "## Ended in between\n"));
	assert_non_null(strstr(text.s, "\n total "));
	assert_null(strchr(text.s, '\x1b'));
	assert_non_null(strstr(text.s, " peak_rss "));
	look.width = 60;
	str_clear(&text);
	ctp_exits_text(x, &look, &text);
	assert_non_null(strstr(text.s, " cpu_wait "));
	assert_null(strstr(text.s, " peak_rss "));
	assert_true(strcspn(strchr(text.s, '\n') + 1, "\n") <= 60);
	ctp_exits_free(x);
}

/* Whose they were: children of the command's parent, and what descends from these. A number that
 * was used again belongs to whoever had it when the child ended. */
static void test_exit_owners(void **state)
{
	static const struct taskstats_exit tasks[] = {
		{.comm = "theirs", .tid = 30, .ppid = 1},
		{.comm = "cc1", .tid = 31, .ppid = 20},
		{.comm = "old", .tid = 40, .ppid = 20}, /* 20 is the command's here ... */
		{.comm = "sh", .tid = 20, .ppid = 10},
		{.comm = "late", .tid = 41, .ppid = 20}, /* ... and somebody else's here */
		{.comm = "cron", .tid = 20, .ppid = 1},
		{.comm = "make", .tid = 10, .ppid = 7},
		{.comm = "daemon", .tid = 4000000000U, .ppid = 4000000001U},
	};
	struct ctp_exits *x = ctp_exits_new(7);
	cleanup_str struct str own = STR_INIT, others = STR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
		ctp_exits_add(x, &tasks[i]);
	ctp_exits_stop(x);
	for (size_t i = 0; ctp_exits_group(x, true, i); i++)
		str_printf(&own, "%s ", ctp_exits_group(x, true, i)->comm);
	for (size_t i = 0; ctp_exits_group(x, false, i); i++)
		str_printf(&others, "%s ", ctp_exits_group(x, false, i)->comm);
	assert_string_equal(own.s, "cc1 make old sh ");
	assert_string_equal(others.s, "cron daemon late theirs ");
	ctp_exits_free(x);
}

/* The same numbers for programs. */
static void test_exit_export(void **state)
{
	static const struct taskstats_exit tasks[] = {
		{.comm = "cc,1", .tid = 9, .ppid = 7, .run_ns = 5, .voluntary_csw = 2},
		{.comm = "cron", .tid = 30, .ppid = 1, .run_ns = 3},
	};
	struct ctp_exits *x = ctp_exits_new(7);
	cleanup_str struct str text = STR_INIT, csv = STR_INIT;
	struct json_out j;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
		ctp_exits_add(x, &tasks[i]);
	ctp_exits_stop(x);
	json_init(&j, &text, false);
	json_object(&j);
	ctp_exits_json(x, &j);
	json_object_end(&j);
	assert_string_equal(text.s,
		"{\"ended\":{\"command\":[{\"comm\":\"cc,1\",\"thread_count\":1,\"run_time_ns\":5,"
		"\"cpu_delay_total_ns\":0,\"voluntary_csw\":2,\"nonvoluntary_csw\":0,"
		"\"blkio_delay_total_ns\":0,\"minflt\":0,\"majflt\":0,\"read_bytes\":0,"
		"\"write_bytes\":0,\"hiwater_rss_bytes\":0}],\"others\":[{\"comm\":\"cron\","
		"\"thread_count\":1,\"run_time_ns\":3,\"cpu_delay_total_ns\":0,"
		"\"voluntary_csw\":0,\"nonvoluntary_csw\":0,\"blkio_delay_total_ns\":0,"
		"\"minflt\":0,\"majflt\":0,\"read_bytes\":0,\"write_bytes\":0,"
		"\"hiwater_rss_bytes\":0}],\"complete\":true}}");
	ctp_exits_csv(x, 1, 2, &csv);
	assert_true(str_starts(csv.s, "\"cc,1\",thread_count,ended,,,1,,\n"
				      "\"cc,1\",run_time_ns,ended,ns,,5,,\n"));
	assert_non_null(strstr(csv.s, "\ncron,run_time_ns,ended-others,ns,,3,,\n"));
	ctp_exits_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_stat_partly),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_dotted),
		cmocka_unit_test(test_sched),
		cmocka_unit_test(test_sched_plan),
		cmocka_unit_test(test_schedstat),
		cmocka_unit_test(test_io),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_smaps),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_taskstats),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_exit_groups),
		cmocka_unit_test(test_exit_owners),
		cmocka_unit_test(test_exit_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
