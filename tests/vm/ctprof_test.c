/*
 * Delay accounting against the kernel in a guest where it is on, with one boot: what a capture says
 * of a task at rest is what the kernel says of it elsewhere, and waiting for the disk shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probes/ctprof/store.h"
#include "src/base/file.h"
#include "tests/lib/vm.h"

/* A task that has waited for the disk and then sleeps in a pipe that nobody reads; its files, then
 * the snapshot, on stdout. */
static const char script[] = "[ \"$(cat /proc/sys/kernel/task_delayacct)\" = 1 ] || exit 3\n"
			     "mkfifo /tmp/pipe && exec 3<>/tmp/pipe\n"
			     "dd if=/dev/vda of=/tmp/pipe bs=32M 2>/dev/null &\n"
			     "pid=$!\n"
			     "until grep -q dd /proc/$pid/comm && grep -q '^State:.S' "
			     "/proc/$pid/status; do usleep 10000; done\n"
			     "cat /proc/$pid/schedstat /proc/$pid/stat\n"
			     "ktstr ctprof capture -o /tmp/x >&2 || exit 4\n"
			     "cat /tmp/x\n";

/* Number `field` of a line of `stat` behind the name. */
static uint64_t stat_field(const char *line, int field)
{
	const char *p = strchr(line, ')'); /* the name is ours and has none */

	assert_non_null(p);
	p += 2;
	for (int i = 3; i < field; i++) {
		p = strchr(p, ' ');
		assert_non_null(p);
		p++;
	}
	return strtoull(p, NULL, 10);
}

static struct ctp_snapshot *load(const char *bytes, size_t n)
{
	int fd = file_memfd("guest");
	struct err e = ERR_INIT;
	struct ctp_snapshot *s;

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	s = ctp_load_fd(fd, "of the guest", 0, &e);
	assert_string_equal(e.msg, "");
	close(fd);
	return s;
}

static const struct ctp_thread *find(const struct ctp_snapshot *s, uint64_t tid)
{
	for (size_t i = 0; i < s->nthreads; i++)
		if (ctp_thread_at(s, i)->v[CTP_tid] == tid)
			return ctp_thread_at(s, i);
	return NULL;
}

static void check_flags(const struct ctp_thread *t)
{
	for (int f = CTP_taskstats_measured; f <= CTP_delay_block_active; f++)
		assert_int_equal(t->v[f], 1);
	assert_true(ctp_has(t, CTP_cpu_delay_total_ns) && ctp_has(t, CTP_blkio_delay_total_ns));
}

/* What schedstat and stat say of the task, and what the snapshot does. */
static void check_task(
	const struct ctp_thread *t, const uint64_t schedstat[3], uint64_t blkio_ticks)
{
	check_flags(t);
	assert_int_equal(t->v[CTP_run_time_ns], schedstat[0]);
	assert_int_equal(t->v[CTP_wait_time_ns], schedstat[1]);
	assert_int_equal(t->v[CTP_timeslices], schedstat[2]);
	assert_int_equal(t->v[CTP_cpu_delay_total_ns], schedstat[1]);
	assert_int_equal(t->v[CTP_cpu_delay_count], schedstat[2]);
	/* field 42 is the same sum in ticks of 10 ms, of which the rest is cut off */
	assert_int_equal(t->v[CTP_blkio_delay_total_ns] / 10000000, blkio_ticks);
	/* on a quiet host the emulated disk may have answered each time before the task could wait
	 */
	assert_int_equal(t->v[CTP_blkio_delay_count] > 0, t->v[CTP_blkio_delay_total_ns] > 0);
	assert_true(t->v[CTP_hiwater_rss_bytes] > 0 && t->v[CTP_hiwater_rss_bytes] % 1024 == 0);
}

static void test_delays(void **state)
{
	cleanup_strv struct strv argv = STRV_INIT;
	uint64_t schedstat[3], pid, blkio;
	struct ctp_snapshot *s;
	const char *stat, *rest;
	struct vm_run r;

	(void)state;
	vm_command(&argv, "--append", "delayacct", "--disk", "64mib", "-i", vm_program(), "--exec",
		script, NULL);
	vm_run(&r, &argv, NULL, 0);
	vm_check(&r, 0, NULL);
	assert_int_equal(
		sscanf(r.out.s, "%lu %lu %lu", &schedstat[0], &schedstat[1], &schedstat[2]), 3);
	stat = strchr(r.out.s, '\n') + 1;
	rest = strchr(stat, '\n') + 1;
	pid = strtoull(stat, NULL, 10);
	blkio = stat_field(stat, 42);
	s = load(rest, r.out.len - (size_t)(rest - r.out.s));
	assert_string_equal(s->host->task_delayacct, "on");
	assert_int_equal(s->taskstats_summary->eperm_count, 0);
	assert_true(s->taskstats_summary->ok_count > 10);
	assert_non_null(find(s, pid));
	check_task(find(s, pid), schedstat, blkio);
	/* this kernel's version of the struct has no largest and smallest waits */
	if (strncmp(s->host->kernel_release, "6.1.", 4) == 0)
		assert_int_equal(ctp_why(find(s, pid), CTP_cpu_delay_max_ns), CTP_NO_CFG);
	ctp_free(s);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_delays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
