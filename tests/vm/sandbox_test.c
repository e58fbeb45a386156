/*
 * The build's cgroup where a kernel makes the rules: this program boots a guest whose cgroup
 * hierarchy is the unified one, and runs itself in it.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/file.h"
#include "src/base/spawn.h"
#include "src/reserve/cgroup.h"
#include "src/reserve/sandbox.h"
#include "tests/lib/vm.h"

#define MOUNT "/sys/fs/cgroup"

/* ---- in the guest -----------------------------------------------------------------------------
 */

#define need(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			printf("line %d: %s\n", __LINE__, #what);                                  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static void put(const char *dir, const char *file, const char *value)
{
	int rc = cgroup_write(dir, file, value);

	if (rc) {
		printf("%s/%s = %s: %s\n", dir, file, value, strerror(-rc));
		exit(1);
	}
}

/* This process into a group that is made for it. */
static void go_to(const char *dir)
{
	cleanup_free char *pid = xasprintf("%d", (int)getpid());

	need(!mkdir(dir, 0755) || errno == EEXIST);
	put(dir, "cgroup.procs", pid);
}

static bool is_in(const char *group)
{
	cleanup_free char *now = cgroup_of("/proc/self/cgroup");

	return now && !strcmp(now, group);
}

static bool cpus_are(const char *want)
{
	cleanup_cpuset struct cpuset now = CPUSET_INIT;
	cleanup_str struct str text = STR_INIT;

	cpuset_affinity(&now);
	cpuset_format(&now, &text);
	return !strcmp(str_get(&text), want);
}

static struct sandbox *enter(const char *cpus, bool strict, struct strv *notes, struct err *e)
{
	cleanup_cpuset struct cpuset c = CPUSET_INIT, n = CPUSET_INIT;
	struct sandbox *s = NULL;

	cpuset_parse_list(&c, cpus, NULL);
	cpuset_add(&n, 0);
	if (sandbox_enter(NULL, &c, &n, strict, &s, notes, e))
		need(!s);
	return s;
}

static struct sandbox *must_enter(const char *cpus, bool strict)
{
	cleanup_strv struct strv notes = STRV_INIT;
	struct err e = ERR_INIT;
	struct sandbox *s = enter(cpus, strict, &notes, &e);

	if (!s || notes.n) {
		printf("no sandbox: %s %s\n", notes.n ? notes.v[0] : "", e.msg);
		exit(1);
	}
	return s;
}

static void leave(struct sandbox *s)
{
	cleanup_strv struct strv notes = STRV_INIT;
	cleanup_free char *dir = xstrdup(sandbox_path(s));

	sandbox_leave(s, &notes);
	need(notes.n == 0);
	need(!file_exists(dir));
}

/* Groups of ours anywhere below the mount point. */
static unsigned left_over(void)
{
	const char *const argv[] = {"find", MOUNT, "-name", "ktstr-*", NULL};
	cleanup_str struct str out = STR_INIT;
	unsigned n = 0;

	/* 1: a group that it was about to look into is gone by now */
	need(spawn_capture(&(struct spawn){.argv = argv}, 4096, &out, NULL, NULL) <= 1);
	for (const char *p = str_get(&out); *p; p++)
		n += *p == '\n';
	return n;
}

static bool soon(bool (*condition)(pid_t arg), pid_t arg)
{
	for (int i = 0; i < 3000; i++) {
		if (condition(arg))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static bool nothing_left(pid_t unused)
{
	(void)unused;
	return left_over() == 0;
}

static bool is_empty(pid_t unused)
{
	cleanup_str struct str pids = STR_INIT;

	(void)unused;
	return !file_read(MOUNT "/d/cgroup.procs", 4096, &pids, NULL) && !pids.len;
}

static bool is_gone(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/stat", (int)pid);
	cleanup_str struct str text = STR_INIT;
	const char *state;

	if (file_read(path, 4096, &text, NULL))
		return true;
	state = strrchr(str_get(&text), ')');
	return state && state[2] == 'Z';
}

/* A build that is killed: it has entered, and started something that does not want to end. */
static void killed(const char *cpus)
{
	int p[2];
	pid_t builder, worker;

	need(!pipe(p));
	builder = fork();
	if (builder == 0) {
		struct sandbox *s = must_enter(cpus, true);

		need(s);
		worker = fork();
		if (worker == 0) {
			signal(SIGTERM, SIG_IGN);
			for (;;)
				pause();
		}
		need(write(p[1], &worker, sizeof(worker)) == sizeof(worker));
		for (;;)
			pause();
	}
	close(p[1]);
	need(read(p[0], &worker, sizeof(worker)) == sizeof(worker));
	close(p[0]);
	need(left_over() > 0);
	kill(builder, SIGKILL);
	spawn_wait(builder);
	need(soon(is_gone, worker));
	need(soon(nothing_left, 0));
}

static void beside(void)
{
	struct sandbox *s;

	go_to(MOUNT "/a");
	s = must_enter("1", true);
	need(str_starts(sandbox_path(s), MOUNT "/ktstr-build-"));
	need(is_in(sandbox_path(s) + strlen(MOUNT)));
	need(cpus_are("1"));
	need(spawn_wait(spawn_start(
		     &(struct spawn){
			     .argv = (const char *const[]){"sh", "-c",
				     "grep -q 'Cpus_allowed_list:.1$' /proc/self/status", NULL}},
		     NULL)) == 0);
	need(cgroup_has_word(MOUNT, "cgroup.subtree_control", "cpuset"));
	leave(s);
	need(is_in("/a"));
	need(!cgroup_has_word(MOUNT, "cgroup.subtree_control", "cpuset"));
	killed("1");
	puts("beside");
}

/* A group delegated to a user who is alone in it; the one above is not his. */
static void below(void)
{
	static const char *const theirs[] = {"/d", "/d/cgroup.procs", "/d/cgroup.subtree_control"};
	pid_t pid;

	put(MOUNT, "cgroup.subtree_control", "+cpuset");
	pid = fork();
	if (pid == 0) {
		struct sandbox *s;

		go_to(MOUNT "/d");
		for (size_t i = 0; i < ARRAY_LEN(theirs); i++) {
			cleanup_free char *path = file_join(MOUNT, theirs[i] + 1);

			need(!chown(path, 1000, 1000));
		}
		need(!setuid(1000));
		prctl(PR_SET_DUMPABLE, 1); /* /proc/self is ours again */
		s = must_enter("1", true);
		need(str_starts(sandbox_path(s), MOUNT "/d/ktstr-build-"));
		need(cpus_are("1"));
		leave(s);
		need(is_in("/d"));
		need(left_over() == 0);
		exit(0);
	}
	need(spawn_wait(pid) == 0);
	/* what outlived it by a moment was in the group too, and alone is what counts there */
	need(soon(is_empty, 0));
	pid = fork();
	if (pid == 0) {
		struct sandbox *s;

		go_to(MOUNT "/d");
		need(!setuid(1000));
		prctl(PR_SET_DUMPABLE, 1);
		s = must_enter("1", true);
		need(s);
		kill(getpid(), SIGKILL);
	}
	need(spawn_wait(pid) == 128 + SIGKILL);
	need(soon(nothing_left, 0));
	puts("below");
}

/* What an ancestor does not have cannot be given. */
static void narrowed(void)
{
	cleanup_strv struct strv notes = STRV_INIT;
	struct err e = ERR_INIT;
	struct sandbox *s;

	put(MOUNT, "cgroup.subtree_control", "+cpuset");
	need(!mkdir(MOUNT "/p", 0755));
	put(MOUNT "/p", "cpuset.cpus", "0");
	go_to(MOUNT "/p/x");
	need(!enter("0-1", true, &notes, &e));
	need(strstr(e.msg, "cpuset.cpus narrowed by parent cgroup"));
	s = enter("0-1", false, &notes, &e);
	need(s);
	need(notes.n == 1);
	need(strstr(notes.v[0], "tag=resource_budget.cpuset_cpus_degraded"));
	need(cpus_are("0"));
	leave(s);
	need(left_over() == 0);
	puts("narrowed");
}

static void at_the_root(void)
{
	cleanup_strv struct strv notes = STRV_INIT;
	struct err e = ERR_INIT;

	need(is_in("/"));
	need(!enter("1", false, &notes, &e));
	need(strstr(notes.v[0], "cgroup v2 root (0::/)"));
	puts("root");
}

static int in_the_guest(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	at_the_root();
	beside();
	below();
	narrowed();
	return 0;
}

/* ---- on the host ------------------------------------------------------------------------------
 */

static void test_cgroups_in_a_guest(void **state)
{
	cleanup_free char *self = realpath("/proc/self/exe", NULL);
	struct vm_run r;

	(void)state;
	(void)vm_guest_options();
	vm_exec(&r, "sandbox_test --in-the-guest", "-i", self, "--topology", "1,1,2,1",
		"--memory-mib", "768", NULL);
	vm_check(&r, 0, NULL);
	assert_string_equal(str_get(&r.out), "root\nbeside\nbelow\nnarrowed\n");
	vm_run_release(&r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroups_in_a_guest),
	};

	if (argc > 1 && !strcmp(argv[1], "--in-the-guest"))
		return in_the_guest();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
