/* A captured machine: a folder with /proc and /sys, and what a capture makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probes/ctprof/capture.h"
#include "src/base/file.h"
#include "src/base/mem.h"

static char dir[] = "/tmp/ktstr-tree-XXXXXX";

#define STAT(pid, comm)                                                                            \
	pid " (" comm ") S 1 1 1 0 -1 0 1 0 2 0 3 4 0 0 20 0 2 0 55 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "  \
	    "0 0 0 1 0 0 0 0\n"
#define SCHED(v)                                                                                   \
	"x (1, #threads: 1)\n---\nse.sum_exec_runtime : 7.000001\nse.nr_migrations : " v           \
	"\nnr_voluntary_switches : 5\nnr_involuntary_switches : 6\n"
#define CG "sys/fs/cgroup/unified"

static const struct {
	const char *path, *text;
} files[] = {
	{"proc/10/cgroup", "1:cpu:/\n0::/app/web\n"},
	{"proc/10/comm", "main\n"},
	{"proc/10/task/10/stat", STAT("10", "main")},
	{"proc/10/task/10/sched", SCHED("1")},
	{"proc/10/task/10/schedstat", "0 0 0\n"},
	{"proc/10/task/10/io", "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\n"
			       "write_bytes: 6\ncancelled_write_bytes: 7\n"},
	{"proc/10/task/10/cgroup", "0::/app/web\n"},
	{"proc/10/task/10/status", "Cpus_allowed_list:\t0-2\n"},
	{"proc/10/task/10/smaps_rollup", "0-1 ---p 0 0 0 [rollup]\nRss: 9 kB\n"},
	{"proc/10/task/11/stat", STAT("11", "worker")},
	{"proc/10/task/11/schedstat", "8 9 10\n"},
	{"proc/10/task/11/cgroup", "0::/app/web/threads\n"},
	{"proc/10/task/11/status", "Cpus_allowed_list:\t1\nvoluntary_ctxt_switches: 21\n"
				   "nonvoluntary_ctxt_switches:\t22\n"},
	{"proc/10/task/12/stat", ""}, /* it ended while it was read */
	{"proc/pressure/cpu", "some avg10=0.12 avg60=1.00 avg300=700.00 total=123\n"
			      "full avg10=0.00 avg60=0.0 avg300=0.5 total=4\n"},
	{"proc/pressure/irq", "full avg10=1.234 avg60=0 avg300=0.00 total=18446744073709551615\n"},
	{"proc/cpuinfo", "processor\t: 0\nvendor_id\t: V\nmodel name\t: A CPU\n\nprocessor\t: 1\n"
			 "model name\t: Another\n"},
	{"proc/meminfo",
		"MemTotal:       24684096 kB\nHugePages_Total:       3\nHugepagesize: 2048 kB\n"},
	{"proc/cmdline", "quiet  delayacct\n"},
	{"proc/sys/kernel/sched_b", "2\n"},
	{"proc/sys/kernel/sched_a", " 1 x \n"},
	{"proc/sys/kernel/sched_empty", "\n"},
	{"proc/sys/kernel/task_delayacct", "1\n"},
	{"proc/sys/kernel/ostype", "Linux\n"},
	{"proc/sys/kernel/osrelease", "6.12.0\n"},
	{"sys/devices/system/cpu/online", "0-3\n"},
	{"sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n"},
	{"sys/devices/system/node/node0/cpulist", "0-1\n"},
	{"sys/devices/system/node/node1/cpulist", "2-3\n"},
	{"sys/devices/system/node/node2/cpulist", "\n"},
	{"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
	{"sys/kernel/sched_ext/state", "enabled\n"},
	{"sys/kernel/sched_ext/nr_rejected", "4\n"},
	{CG "/cgroup.controllers", ""},
	{CG "/app/web/cgroup.type", "domain threaded\n"},
	{CG "/app/web/cpu.stat", "usage_usec 100\nuser_usec 1\nnr_throttled 2\nthrottled_usec 3\n"},
	{CG "/app/web/cpu.max", "50000 100001\n"},
	{CG "/app/web/cpu.weight", "100\n"},
	{CG "/app/web/cpu.weight.nice", "-3\n"},
	{CG "/app/web/memory.current", "4096\n"},
	{CG "/app/web/memory.max", "max\n"},
	{CG "/app/web/memory.high", "8192\n"},
	{CG "/app/web/memory.low", "max\n"},
	{CG "/app/web/memory.stat", "file 2\nanon 1\nbad x\n"},
	{CG "/app/web/pids.current", "5\n"},
	{CG "/app/web/pids.peak", "6\n"},
	{CG "/app/web/memory.peak", "8191\n"},
	{CG "/app/web/memory.swap.current", "max\n"}, /* no number */
	{CG "/app/web/memory.numa_stat", "anon N0=1 N1=2\nfile N0=3 N1=x\nslab N0=4 N1=5\n"},
	{CG "/app/web/io.stat", "8:0 rbytes=10 wbytes=1 rios=2\n8:16 rbytes=5 =3 x\n\n"},
	{CG "/app/web/pids.max", "max\n"},
	{CG "/app/web/io.pressure", "some avg10=99.99 avg60=0.00 avg300=0.00 total=9\n"},
	{CG "/app/web/threads/cgroup.type", "threaded\n"},
};

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		cleanup_free char *path = file_join(dir, files[i].path);
		cleanup_free char *folder = file_dir(path);

		if (file_mkdirs(folder, 0700, NULL) ||
			file_replace(path, files[i].text, strlen(files[i].text), 0600, NULL))
			return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

static struct ctp_snapshot *capture(struct ctp_result *result)
{
	struct err e = ERR_INIT;
	struct sysroot *root = sysroot_open(dir, &e);
	struct ctp_capture_opts o = {.root = root};
	struct ctp_snapshot *s = ctp_capture(&o, result, &e);

	assert_string_equal(e.msg, "");
	assert_non_null(s);
	sysroot_close(root);
	return s;
}

static void test_threads(void **state)
{
	struct ctp_result result;
	struct ctp_snapshot *s = capture(&result);
	const struct ctp_thread *t = ctp_thread_at(s, 0), *u = ctp_thread_at(s, 1);

	(void)state;
	assert_int_equal(s->nthreads, 2);
	assert_int_equal(result.parse.tids_walked, 3); /* the ghost too */
	assert_string_equal(ctp_str(s, t, CTP_pcomm), "main");
	assert_string_equal(ctp_str(s, u, CTP_pcomm), "main");
	assert_string_equal(ctp_str(s, u, CTP_comm), "worker");
	assert_string_equal(ctp_str(s, t, CTP_cgroup), "/app/web");
	assert_string_equal(ctp_str(s, u, CTP_cgroup), "/app/web/threads");
	assert_int_equal(ctp_cpus(s, t, CTP_cpu_affinity)->count, 3);
	assert_int_equal(t->v[CTP_nr_threads], 2);
	assert_int_equal(u->v[CTP_nr_threads], 0);
	/* "0 0 0" of a task that has been switched away from is nothing; `sched` knows the first */
	assert_int_equal(t->v[CTP_run_time_ns], 7000001);
	assert_int_equal(ctp_why(t, CTP_timeslices), CTP_NO_CFG);
	assert_int_equal(u->v[CTP_timeslices], 10);
	/* without `sched`, `status` has the switches */
	assert_int_equal(t->v[CTP_voluntary_csw], 5);
	assert_int_equal(u->v[CTP_voluntary_csw], 21);
	assert_int_equal(u->v[CTP_nonvoluntary_csw], 22);
	assert_int_equal(ctp_why(u, CTP_nr_migrations), CTP_NO_CFG);
	assert_int_equal(ctp_why(u, CTP_rchar), CTP_NO_CFG);
	assert_int_equal(t->v[CTP_cancelled_write_bytes], 7);
	assert_int_equal(ctp_map(s, t, CTP_smaps_rollup_kib)->pairs[0].v, 9);
	assert_int_equal(ctp_why(t, CTP_cpu_delay_count), CTP_NO_ASK);
	assert_int_equal(s->parse_summary->read_failures_by_file.n, 2); /* io and sched of 11 */
	assert_string_equal(s->parse_summary->dominant_read_failure, "io");
	assert_true(s->parse_summary->kernel_config_dominant);
	ctp_result_release(&result);
	ctp_free(s);
}

static void test_cgroups(void **state)
{
	struct ctp_result result;
	struct ctp_snapshot *s = capture(&result);
	const struct ctp_cgroup *c = &s->cgroups[0];
	cleanup_str struct str more = STR_INIT;

	(void)state;
	assert_int_equal(s->ncgroups, 2);
	assert_string_equal(c->path, "/app/web");
	assert_int_equal(c->usage_usec, 100);
	assert_int_equal(c->nr_throttled, 2);
	assert_int_equal(c->throttled_usec, 3);
	assert_true(c->max_quota_us.has && c->max_quota_us.v == 50000);
	assert_int_equal(c->max_period_us, 100001);
	assert_true(c->weight.has && c->weight.v == 100);
	assert_int_equal((int64_t)c->weight_nice.v, -3);
	assert_int_equal(c->memory_current, 4096);
	assert_false(c->memory_max.has);
	assert_true(c->memory_high.has && c->memory_high.v == 8192);
	assert_true(c->memory_low.has && c->memory_low.v == UINT64_MAX);
	assert_false(c->memory_min.has);
	assert_int_equal(c->memory_stat.n, 2);
	assert_string_equal(c->memory_stat.pairs[0].key, "anon");
	assert_true(c->pids_current.v == 5 && !c->pids_max.has);
	assert_int_equal(c->psi.r[CTP_PSI_IO].some.avg10, 9999);
	for (uint32_t i = 0; i < c->more.n; i++)
		str_printf(&more, "%s=%llu ", c->more.pairs[i].key,
			(unsigned long long)c->more.pairs[i].v);
	assert_string_equal(str_get(&more),
		"cpu.stat.user_usec=1 io.stat.rbytes=15 io.stat.rios=2 io.stat.wbytes=1 "
		"memory.numa_stat.anon.N0=1 memory.numa_stat.anon.N1=2 memory.numa_stat.file.N0=3 "
		"memory.peak=8191 pids.peak=6 ");
	assert_int_equal(s->cgroups[1].more.n, 0);
	assert_int_equal(s->cgroups[1].max_period_us, 100000);
	ctp_result_release(&result);
	ctp_free(s);
}

static void test_host(void **state)
{
	struct ctp_result result;
	struct ctp_snapshot *s = capture(&result);
	const struct ctp_host *h = s->host;

	(void)state;
	assert_string_equal(h->cpu_model, "A CPU");
	assert_string_equal(h->cpu_vendor, "V");
	assert_int_equal(h->total_memory_kib.v, 24684096);
	assert_int_equal(h->hugepages_total.v, 3);
	assert_false(h->hugepages_free.has);
	assert_string_equal(h->thp_enabled, "always [madvise] never");
	assert_null(h->thp_defrag);
	assert_int_equal(h->sched_tunables.n, 2);
	assert_string_equal(h->sched_tunables.pairs[0].text, "1 x");
	assert_int_equal(h->online_cpus.v, 4);
	assert_int_equal(h->numa_nodes.v, 2);
	assert_int_equal(h->cpufreq_governor.n, 1);
	assert_string_equal(h->cpufreq_governor.pairs[0].key, "2");
	assert_string_equal(h->kernel_release, "6.12.0");
	assert_null(h->arch);
	assert_string_equal(h->kernel_cmdline, "quiet  delayacct");
	assert_string_equal(h->task_delayacct, "on");
	assert_string_equal(h->config_task_xacct, "unknown");
	assert_string_equal(s->sched_ext->state, "enabled");
	assert_int_equal(s->sched_ext->nr_rejected, 4);
	assert_int_equal(s->sched_ext->switch_all, 0);
	assert_int_equal(s->psi.r[CTP_PSI_CPU].some.avg10, 12);
	assert_int_equal(s->psi.r[CTP_PSI_CPU].some.avg300, 65535);
	assert_int_equal(s->psi.r[CTP_PSI_CPU].full.avg300, 50);
	assert_int_equal(s->psi.r[CTP_PSI_IRQ].full.avg10, 123);
	assert_true(s->psi.r[CTP_PSI_IRQ].full.total_usec == UINT64_MAX);
	assert_int_equal(s->psi.r[CTP_PSI_IRQ].some.total_usec, 0);
	ctp_result_release(&result);
	ctp_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
