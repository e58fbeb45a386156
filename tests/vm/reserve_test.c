/* Guests and their reservations: they come and go together, whoever is killed. */
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/cpuset.h"
#include "src/base/file.h"
#include "src/base/json_in.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

/* What flock(1) finds: whether it gets that lock. */
static bool lockable(const char *mode, const char *file)
{
	cleanup_free char *path = file_join(getenv("KTSTR_LOCK_DIR"), file);
	const char *const argv[] = {"flock", mode, "-n", path, "true", NULL};

	return spawn_wait(spawn_start(&(struct spawn){.argv = argv}, NULL)) == 0;
}

/* The one CPU and LLC that a guest of one CPU would have now. */
static void first_choice(char *llc, char *cpu, size_t size)
{
	const char *const argv[] = {vm_program(), "shell", "--dry-run", NULL};
	cleanup_str struct str out = STR_INIT;
	const char *at;

	assert_int_equal(spawn_capture(&(struct spawn){.argv = argv}, 65536, &out, NULL, NULL), 0);
	at = strstr(str_get(&out), "LLCs:    ");
	assert_non_null(at);
	snprintf(llc, size, "ktstr-llc-%d.lock", atoi(at + 9));
	at = strstr(str_get(&out), "CPUs:    ");
	assert_non_null(at);
	snprintf(cpu, size, "ktstr-cpu-%d.lock", atoi(at + 9));
}

/* Kernel text lags behind a death by nothing, but the death behind the signal. */
static bool soon_lockable(const char *mode, const char *file)
{
	for (int i = 0; i < 2000; i++) {
		if (lockable(mode, file))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

/* A process closes its files a moment before it is a zombie; by then it runs nothing of its own any
 * more, which its flags tell (proc(5); PF_EXITING of linux/sched.h). */
enum { EXITING = 0x4 };

static bool is_alive(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/stat", (int)pid);
	cleanup_str struct str text = STR_INIT;
	const char *rest;
	unsigned flags;
	char state;

	if (file_read(path, 4096, &text, NULL))
		return false;
	rest = strrchr(str_get(&text), ')');
	assert_non_null(rest);
	assert_int_equal(sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags), 2);
	return state != 'Z' && !(flags & EXITING);
}

static void start(struct vm_running *r, const char *first, ...)
{
	cleanup_strv struct strv argv = STRV_INIT;
	va_list ap;

	vm_command(&argv, "--exec", "echo ready; sleep 1000", NULL);
	va_start(ap, first);
	for (const char *a = first; a; a = va_arg(ap, const char *))
		strv_push(&argv, a);
	va_end(ap);
	vm_start_argv(r, &argv, -1, PATIENCE_S);
}

static void end(struct vm_running *r)
{
	kill(r->pid, SIGKILL);
	vm_finish(r);
	vm_running_release(r);
}

static void test_a_guest_has_its_cpu(void **state)
{
	char llc[64], cpu[64];
	const char *const argv[] = {vm_program(), "shell", "--dry-run", NULL};
	cleanup_str struct str out = STR_INIT;
	cleanup_free char *pid = NULL;
	struct vm_running r;

	(void)state;
	(void)vm_guest_options();
	first_choice(llc, cpu, sizeof(llc));
	start(&r, NULL);
	assert_false(lockable("-s", cpu));
	assert_true(lockable("-s", llc));
	assert_false(lockable("-x", llc));
	/* who asks is told about a process that lives: the guest's own */
	spawn_capture(&(struct spawn){.argv = argv}, 65536, &out, NULL, NULL);
	pid = xasprintf("pid=%d cmd=ktstr __vm", (int)vm_child_of(r.pid));
	assert_non_null(strstr(str_get(&out), pid));
	end(&r);
	assert_true(soon_lockable("-x", cpu));
	assert_true(soon_lockable("-x", llc));
}

/* Its process is killed, or the engine's, or the client's: at the moment when the lock is free the
 * engine is no more. */
static void killed(int whom)
{
	char llc[64], cpu[64];
	struct vm_running r;
	pid_t pids[3];

	first_choice(llc, cpu, sizeof(llc));
	start(&r, NULL);
	pids[0] = r.pid;
	pids[1] = vm_child_of(r.pid);
	pids[2] = vm_child_of(pids[1]);
	assert_false(lockable("-x", cpu));
	kill(pids[whom], SIGKILL);
	assert_true(soon_lockable("-x", cpu));
	assert_false(is_alive(pids[2]));
	assert_true(soon_lockable("-x", llc));
	vm_finish(&r);
	vm_running_release(&r);
}

static void test_killed_client(void **state)
{
	(void)state;
	(void)vm_guest_options();
	killed(0);
}

static void test_killed_host_process(void **state)
{
	(void)state;
	(void)vm_guest_options();
	killed(1);
}

static void test_killed_engine(void **state)
{
	(void)state;
	(void)vm_guest_options();
	killed(2);
}

static unsigned cpus_of(pid_t tid)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(tid, sizeof(set), &set), 0);
	return (unsigned)CPU_COUNT(&set);
}

static void test_a_cap_confines_the_engine(void **state)
{
	char llc[64], cpu[64];
	struct vm_running r;

	(void)state;
	(void)vm_guest_options();
	first_choice(llc, cpu, sizeof(llc));
	start(&r, "--no-perf-mode", "--cpu-cap", "1", "--topology", "1,1,2,1", NULL);
	assert_int_equal(cpus_of(vm_child_of(vm_child_of(r.pid))), 1);
	assert_true(lockable("-s", llc));
	assert_false(lockable("-x", llc));
	assert_true(lockable("-x", cpu));
	kill(r.pid, SIGTERM);
	vm_finish(&r);
	assert_non_null(strstr(str_get(&r.said), "cpu_budget 1 host CPUs < 2 vCPUs"));
	vm_running_release(&r);
}

/* Threads of the engine that run on one CPU by real-time rules or not: vCPUs are pinned. */
static unsigned pinned_vcpus(pid_t pid)
{
	cleanup_free char *dir = xasprintf("/proc/%d/task", (int)pid);
	DIR *d = opendir(dir);
	const struct dirent *entry;
	unsigned n = 0;

	while (d && (entry = readdir(d))) {
		cleanup_free char *path = xasprintf("%s/%s/comm", dir, entry->d_name);
		cleanup_str struct str comm = STR_INIT;

		if (entry->d_name[0] == '.' || file_read(path, 64, &comm, NULL))
			continue;
		if (str_starts(str_get(&comm), "CPU ") || str_starts(str_get(&comm), "ktstr-vcpu"))
			n += cpus_of(atoi(entry->d_name)) == 1;
	}
	closedir(d);
	return n;
}

static void test_performance_mode(void **state)
{
	cleanup_cpuset struct cpuset allowed = CPUSET_INIT;
	char llc[64], cpu[64];
	struct vm_running r;

	(void)state;
	(void)vm_guest_options();
	assert_int_equal(cpuset_affinity(&allowed), 0);
	if (cpuset_count(&allowed) < 2) {
		skip_because("needs two CPUs");
	}
	first_choice(llc, cpu, sizeof(llc));
	start(&r, "--perf-mode", NULL);
	assert_false(lockable("-s", llc));
	assert_int_equal(pinned_vcpus(vm_child_of(vm_child_of(r.pid))), 1);
	end(&r);
	assert_true(soon_lockable("-x", llc));
}

static void test_what_was_reserved_is_told(void **state)
{
	struct json *told;
	const struct json *reserved;
	const char *line;
	struct vm_run r;

	(void)state;
	vm_exec(&r, "true", "--timings", "--json", NULL);
	vm_check(&r, 0, "\"reservation\":{\"mode\":\"default\"", NULL);
	line = strstr(str_get(&r.errs), "{\"status\"");
	assert_non_null(line);
	told = json_parse(line, strcspn(line, "\n"), NULL);
	reserved = json_get(told, "reservation");
	assert_int_equal(json_size(json_get(reserved, "llcs")), 1);
	assert_int_equal(json_size(json_get(reserved, "vcpus")), 1);
	assert_false(json_get_flag(reserved, "overcommitted", true));
	json_free(told);
	vm_run_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_guest_has_its_cpu),
		cmocka_unit_test(test_killed_client),
		cmocka_unit_test(test_killed_host_process),
		cmocka_unit_test(test_killed_engine),
		cmocka_unit_test(test_a_cap_confines_the_engine),
		cmocka_unit_test(test_performance_mode),
		cmocka_unit_test(test_what_was_reserved_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
