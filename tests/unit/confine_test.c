/* What a confined monitor can still do, and what ends it: each case in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/spawn.h"
#include "tests/lib/skip.h"
#include "vmm/kvm/confine_filter.h"

enum { DONE = 40, FAILED = 41, KILLED = 128 + SIGSYS };

enum { CROWD = 24 }; /* threads: more than the C library has heaps for without counting CPUs */

/* What a case does; its result is the child's exit status. */
typedef int act(void);

static int in_child(act *before, enum confine_class c, act *then)
{
	struct err e = ERR_INIT;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (before && before() != DONE)
			_exit(FAILED);
		if (c < CONFINE_CLASSES && confine_thread(c, &e))
			_exit(FAILED);
		_exit(then());
	}
	return spawn_wait(pid);
}

static int open_a_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) >= 0 ? DONE : FAILED;
}

static int make_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? DONE : FAILED;
}

static int run_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return FAILED;
}

static int ask_a_terminal(void)
{
	int n;

	ioctl(0, FIONREAD, &n);
	return DONE;
}

static int make_code(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return DONE;
}

static int make_memory_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p, 4096, PROT_READ | PROT_EXEC);
	return DONE;
}

static int signal_another(void)
{
	syscall(SYS_tgkill, getppid(), getppid(), 0);
	return DONE;
}

static int run_a_cpu(void)
{
	ioctl(-1, KVM_RUN, 0);
	return DONE;
}

static int make_a_cpu(void)
{
	ioctl(-1, KVM_CREATE_VCPU, 0);
	return DONE;
}

static int write_at(void)
{
	struct iovec v = {.iov_base = (char *)"x", .iov_len = 1};

	return pwritev(-1, &v, 1, 0) < 0 && errno == EBADF ? DONE : FAILED;
}

static void test_what_ends_the_process(void **state)
{
	static const struct {
		const char *what;
		act *then;
		enum confine_class who;
		bool sanitized; /* forbidden in such a build too */
	} cases[] = {
		{"a vCPU opens a file", open_a_file, CONFINE_VCPU, false},
		{"the loop opens a file", open_a_file, CONFINE_LOOP, false},
		{"a vCPU makes a socket", make_a_socket, CONFINE_VCPU, true},
		{"the loop makes a socket", make_a_socket, CONFINE_LOOP, true},
		{"a vCPU runs a program", run_a_program, CONFINE_VCPU, true},
		{"the loop runs a program", run_a_program, CONFINE_LOOP, true},
		{"a vCPU asks a terminal", ask_a_terminal, CONFINE_VCPU, true},
		{"the loop asks a terminal", ask_a_terminal, CONFINE_LOOP, true},
		{"a vCPU maps code", make_code, CONFINE_VCPU, true},
		{"the loop maps code", make_code, CONFINE_LOOP, true},
		{"a vCPU makes memory executable", make_memory_executable, CONFINE_VCPU, true},
		{"the loop makes memory executable", make_memory_executable, CONFINE_LOOP, true},
		{"a vCPU signals another process", signal_another, CONFINE_VCPU, true},
		{"the loop runs a CPU", run_a_cpu, CONFINE_LOOP, true},
		{"a vCPU makes a CPU", make_a_cpu, CONFINE_VCPU, true},
		{"a vCPU writes the disk", write_at, CONFINE_VCPU, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int status;

		if (CONFINE_SANITIZED && !cases[i].sanitized)
			continue;
		status = in_child(NULL, cases[i].who, cases[i].then);
		if (status != KILLED)
			fail_msg("%s: status %d", cases[i].what, status);
		/* and it is the filter that did it */
		assert_int_not_equal(in_child(NULL, CONFINE_CLASSES, cases[i].then), KILLED);
	}
}

static int allocate(void)
{
	for (size_t size = 16; size < 8 << 20; size *= 2) {
		char *p = malloc(size);

		if (!p)
			return FAILED;
		memset(p, 1, size);
		free(p);
	}
	return DONE;
}

static int wake_and_wait(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t one = 1;

	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	return write(1000, &one, sizeof(one)) < 0 && errno == EBADF ? DONE : FAILED;
}

static int kick_ourself(void)
{
	return pthread_kill(pthread_self(), 0) == 0 ? DONE : FAILED;
}

static void test_what_goes_on_working(void **state)
{
	(void)state;
	for (int c = 0; c < CONFINE_CLASSES; c++) {
		assert_int_equal(in_child(NULL, (enum confine_class)c, allocate), DONE);
		assert_int_equal(in_child(NULL, (enum confine_class)c, wake_and_wait), DONE);
		assert_int_equal(in_child(NULL, (enum confine_class)c, kick_ourself), DONE);
	}
	assert_int_equal(in_child(NULL, CONFINE_VCPU, run_a_cpu), DONE);
	assert_int_equal(in_child(NULL, CONFINE_LOOP, write_at), DONE);
}

static void *kicks(void *user)
{
	(void)user;
	return NULL;
}

/* A filter is its thread's alone: the one that starts others is confined last. */
static int threads_of_two_classes(void)
{
	struct err e = ERR_INIT;
	pthread_t t;

	if (confine_thread(CONFINE_LOOP, &e))
		return FAILED;
	return pthread_create(&t, NULL, kicks, NULL) ? DONE : FAILED;
}

static void test_no_thread_is_started_afterwards(void **state)
{
	(void)state;
	if (CONFINE_SANITIZED)
		skip_because("a sanitizer starts threads of its own");
	assert_int_equal(in_child(NULL, CONFINE_CLASSES, threads_of_two_classes), KILLED);
}

static int confine_all(void)
{
	const struct confine_limits l = {.file_bytes = 4096, .threads = 1};
	struct err e = ERR_INIT;

	return confine_process(&l, &e) == 0 ? DONE : FAILED;
}

static int confine_crowd(void)
{
	const struct confine_limits l = {.threads = CROWD};
	struct err e = ERR_INIT;

	return confine_process(&l, &e) == 0 ? DONE : FAILED;
}

static void *allocate_in_a_crowd(void *all_here)
{
	struct err e = ERR_INIT;
	int rc = confine_thread(CONFINE_VCPU, &e) ? FAILED : allocate();

	/* each heap is in use until the last one has been asked for */
	pthread_barrier_wait(all_here);
	return (void *)(intptr_t)rc;
}

static int many_threads_allocate(void)
{
	pthread_t t[CROWD];
	pthread_barrier_t all_here;
	pthread_attr_t small;
	int worst = DONE;

	pthread_barrier_init(&all_here, NULL, CROWD);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	for (size_t i = 0; i < CROWD; i++)
		if (pthread_create(&t[i], &small, allocate_in_a_crowd, &all_here))
			return FAILED;
	for (size_t i = 0; i < CROWD; i++) {
		void *rc;

		pthread_join(t[i], &rc);
		if ((intptr_t)rc != DONE)
			worst = FAILED;
	}
	return worst;
}

static void test_many_threads(void **state)
{
	(void)state;
	assert_int_equal(in_child(confine_crowd, CONFINE_CLASSES, many_threads_allocate), DONE);
}

static int look_at_limits(void)
{
	struct rlimit core, size;

	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_FSIZE, &size);
	return core.rlim_max == 0 && size.rlim_max == 4096 ? DONE : FAILED;
}

static int be_refused_files(void)
{
	/* the kernel may have no landlock, then only the filter forbids it */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return DONE;
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? DONE : FAILED;
}

static int be_refused_memory(void)
{
	void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return FAILED;
	p = mmap(NULL, 512 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? DONE : FAILED;
}

static void test_the_process(void **state)
{
	(void)state;
	assert_int_equal(in_child(confine_all, CONFINE_CLASSES, look_at_limits), DONE);
	if (CONFINE_SANITIZED)
		return;
	assert_int_equal(in_child(confine_all, CONFINE_CLASSES, be_refused_files), DONE);
	assert_int_equal(in_child(confine_all, CONFINE_CLASSES, be_refused_memory), DONE);
}

static void test_switched_off(void **state)
{
	(void)state;
	setenv(CONFINE_OFF, "1", 1);
	assert_true(confine_is_off());
	assert_int_equal(in_child(confine_all, CONFINE_VCPU, open_a_file), DONE);
	setenv(CONFINE_OFF, "", 1);
	assert_false(confine_is_off());
	unsetenv(CONFINE_OFF);
}

static void test_programs_are_whole(void **state)
{
	struct sock_filter code[CONFINE_PROGRAM_MAX];

	(void)state;
	for (int c = 0; c < CONFINE_CLASSES; c++) {
		size_t n = confine_filter_program((enum confine_class)c, code);

		assert_in_range(n, 20, CONFINE_PROGRAM_MAX - 1);
		assert_int_equal(BPF_CLASS(code[n - 1].code), BPF_RET);
		for (size_t i = 0; i < n; i++)
			if (BPF_CLASS(code[i].code) == BPF_JMP)
				assert_true(i + 1 + code[i].jt < n && i + 1 + code[i].jf < n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_are_whole),
		cmocka_unit_test(test_what_ends_the_process),
		cmocka_unit_test(test_what_goes_on_working),
		cmocka_unit_test(test_no_thread_is_started_afterwards),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_the_process),
		cmocka_unit_test(test_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
