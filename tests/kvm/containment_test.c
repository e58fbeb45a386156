/* A running monitor as its host's kernel sees it: confined, with few descriptors, small; and what
 * is said when it is not. */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "tests/lib/patience.h"
#include "tests/lib/vm.h"

/* The only process of this name. */
static pid_t process_named(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	pid_t found = 0;

	while ((d = readdir(proc))) {
		cleanup_free char *path = xasprintf("/proc/%s/comm", d->d_name);
		cleanup_str struct str comm = STR_INIT;

		if (atoi(d->d_name) <= 0 || file_read(path, 64, &comm, NULL) ||
			!str_starts(str_get(&comm), name))
			continue;
		assert_int_equal(found, 0);
		found = (pid_t)atoi(d->d_name);
	}
	closedir(proc);
	assert_true(found > 0);
	return found;
}

static unsigned entries(pid_t pid, const char *folder)
{
	cleanup_free char *path = xasprintf("/proc/%d/%s", (int)pid, folder);
	DIR *dir = opendir(path);
	struct dirent *d;
	unsigned n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Every thread has a filter, and none a way to more rights. */
static void check_threads(pid_t pid, unsigned filtered)
{
	cleanup_free char *path = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	struct dirent *d;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		cleanup_free char *status = xasprintf("task/%s/status", d->d_name);

		if (d->d_name[0] == '.')
			continue;
		assert_int_equal(vm_process_figure(pid, status, "\nSeccomp:"), filtered ? 2 : 0);
		assert_int_equal(vm_process_figure(pid, status, "\nNoNewPrivs:"), filtered ? 1 : 0);
	}
	closedir(dir);
}

static void run_beside(void (*look)(pid_t monitor), const char *said)
{
	cleanup_strv struct strv argv = STRV_INIT;
	struct vm_running r;
	int in[2];

	vm_command(&argv, "--topology", "1,1,2,1", "--disk", "16mib", "--exec", "echo ready; cat",
		NULL);
	assert_int_equal(pipe(in), 0);
	vm_start_argv(&r, &argv, in[0], PATIENCE_S);
	look(process_named("ktstr-kvm"));
	close(in[0]);
	close(in[1]);
	assert_int_equal(vm_finish(&r), 0);
	if (said)
		assert_non_null(strstr(str_get(&r.said), said));
	else
		assert_null(strstr(str_get(&r.said), "KTSTR_NO_SANDBOX"));
	vm_running_release(&r);
}

/* KiB of the process that are in memory besides the guest's: its mappings below the size of a
 * guest. */
static uint64_t overhead_kib(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/smaps", (int)pid);
	cleanup_str struct str text = STR_INIT;
	uint64_t size = 0, sum = 0;
	char *save = NULL;

	assert_int_equal(file_read(path, 16 << 20, &text, NULL), 0);
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (str_starts(l, "Size:"))
			size = strtoull(l + strlen("Size:"), NULL, 10);
		else if (str_starts(l, "Rss:") && size < 64 * 1024)
			sum += strtoull(l + strlen("Rss:"), NULL, 10);
	}
	return sum;
}

/* What a descriptor stands for, as "socket:[4711]"; false = it is not open. */
static bool meaning(pid_t pid, const char *fd, char *out, size_t size)
{
	cleanup_free char *path = xasprintf("/proc/%d/fd/%s", (int)pid, fd);
	ssize_t n = readlink(path, out, size - 1);

	out[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* How many of its descriptors stand for this. */
static unsigned held(pid_t pid, const char *what)
{
	cleanup_free char *path = xasprintf("/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	char is[PATH_MAX];
	struct dirent *d;
	unsigned n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += meaning(pid, d->d_name, is, sizeof(is)) && !strcmp(is, what);
	closedir(dir);
	return n;
}

/* The guest's process has its client on 3 and 4, a loop, and its own ends of the monitor's sockets:
 * nothing that a guest which breaks its monitor should find there. */
static void check_descriptors(pid_t monitor)
{
	pid_t parent = (pid_t)vm_process_figure(monitor, "status", "\nPPid:");
	cleanup_free char *path = xasprintf("/proc/%d/fd", (int)parent);
	DIR *dir = opendir(path);
	unsigned sockets = 0;
	char is[PATH_MAX];
	struct dirent *d;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (!meaning(parent, d->d_name, is, sizeof(is)) || !str_starts(is, "socket:"))
			continue;
		sockets++;
		assert_int_equal(held(monitor, is), 0);
	}
	closedir(dir);
	assert_in_range(sockets, 2, UINT_MAX);
	for (const char *const *fd = (const char *const[]){"3", "4", NULL}; *fd; fd++)
		assert_true(meaning(parent, *fd, is, sizeof(is)) && str_starts(is, "socket:"));
	assert_int_equal(held(parent, "anon_inode:[eventpoll]"), 1);
	assert_int_equal(held(monitor, "anon_inode:[eventpoll]"), 1); /* its own */
}

/* What the kernel holds it to, and what it could hold itself to instead: the same. */
static void check_limit(pid_t pid, const char *name, uint64_t least, uint64_t most)
{
	cleanup_free char *path = xasprintf("/proc/%d/limits", (int)pid);
	cleanup_str struct str text = STR_INIT;
	unsigned long long now, hard;
	const char *line;

	assert_int_equal(file_read(path, 65536, &text, NULL), 0);
	line = strstr(str_get(&text), name);
	if (!line || sscanf(line + strlen(name), "%llu %llu", &now, &hard) != 2)
		fail_msg("%s is not limited: %s", name, str_get(&text));
	assert_in_range(now, least, most);
	assert_int_equal(hard, now);
}

/* Of memory, a little more than it takes. */
static void check_limits(pid_t pid)
{
	enum { GROWTH = 64 << 20, SLACK = 16 << 20 };
	uint64_t takes = vm_process_figure(pid, "status", "\nVmData:") * 1024;

	check_limit(pid, "Max data size", takes, takes + GROWTH + SLACK);
	check_limit(pid, "Max core file size", 0, 0);
	check_limit(pid, "Max file size", 16 << 20, 16 << 20);
}

static void look_at_confined(pid_t pid)
{
	uint64_t kib = overhead_kib(pid);

	printf("# the monitor takes %llu KiB besides the guest's memory\n",
		(unsigned long long)kib);
	assert_in_range(kib, 100, 8 * 1024);
	check_threads(pid, 2);
	/* a loop and two CPUs */
	assert_int_equal(entries(pid, "task"), 3);
	check_descriptors(pid);
	check_limits(pid);
}

static void test_confined(void **state)
{
	(void)state;
	run_beside(look_at_confined, NULL);
}

static void look_at_free(pid_t pid)
{
	check_threads(pid, 0);
}

static void test_switched_off_loudly(void **state)
{
	(void)state;
	setenv("KTSTR_NO_SANDBOX", "1", 1);
	run_beside(look_at_free, "WARNING: KTSTR_NO_SANDBOX is set");
	unsetenv("KTSTR_NO_SANDBOX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_switched_off_loudly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
