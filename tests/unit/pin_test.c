/* Performance mode's hand on threads, and what it says of a host that cannot give it all. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/machine.h"
#include "vmm/pin.h"
#include "vmm/share.h"

struct worker {
	const char *name;
	sem_t named, go;
	pthread_t thread;
	pid_t tid;
};

static void *work(void *user)
{
	struct worker *w = user;

	pthread_setname_np(pthread_self(), w->name);
	w->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&w->named);
	while (sem_wait(&w->go))
		;
	return NULL;
}

static void start(struct worker *w, const char *name)
{
	w->name = name;
	sem_init(&w->named, 0, 0);
	sem_init(&w->go, 0, 0);
	assert_int_equal(pthread_create(&w->thread, NULL, work, w), 0);
	while (sem_wait(&w->named))
		;
}

static void stop(struct worker *w)
{
	sem_post(&w->go);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->named);
	sem_destroy(&w->go);
}

static void runs_on(pid_t tid, int cpu)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(tid, sizeof(set), &set), 0);
	assert_int_equal(CPU_COUNT(&set), 1);
	assert_true(CPU_ISSET(cpu, &set));
}

static void test_threads_are_pinned_by_their_names(void **state)
{
	cleanup_cpuset struct cpuset all = CPUSET_INIT;
	cleanup_strv struct strv notes = STRV_INIT;
	struct vm_placement p = {.nvcpus = 2, .vcpu_fifo = 1};
	struct worker w[3];
	int first, last = -1;

	(void)state;
	assert_int_equal(cpuset_affinity(&all), 0);
	first = cpuset_next(&all, 0);
	cpuset_foreach (cpu, &all)
		last = cpu;
	p.vcpu_cpus = xcalloc(2, sizeof(*p.vcpu_cpus));
	cpuset_add(&p.vcpu_cpus[0], (unsigned)first);
	cpuset_add(&p.vcpu_cpus[1], (unsigned)last);
	start(&w[0], "CPU 1/TCG");
	assert_int_equal(pin_threads(getpid(), "CPU %u/", &p, &notes), -EAGAIN);
	start(&w[1], "CPU 0/TCG");
	start(&w[2], "worker");
	assert_int_equal(pin_threads(getpid(), "CPU %u/", &p, &notes), 0);
	runs_on(w[0].tid, last);
	runs_on(w[1].tid, first);
	if (notes.n)
		assert_non_null(strstr(notes.v[0], "performance_mode: no real-time priority"));
	else
		assert_int_equal(sched_getscheduler(w[0].tid), SCHED_FIFO);
	assert_int_equal(sched_getscheduler(w[2].tid), SCHED_OTHER);
	cpuset_add(&p.service, (unsigned)last);
	assert_int_equal(pin_threads(getpid(), "CPU %u/", &p, &notes), 0);
	runs_on(w[2].tid, last);
	for (int i = 0; i < 3; i++)
		stop(&w[i]);
	cpuset_confine(0, &all);
	vm_placement_release(&p);
}

static void test_huge_pages(void **state)
{
	static const struct {
		const char *machine, *said;
		uint32_t before, after;
		bool granted;
	} rows[] = {
		{"[/sys]\nx/\n", "no 2MB hugepages available", 301, 301, false},
		{"[/sys/kernel/mm/hugepages/hugepages-2048kB]\nfree_hugepages=0\n",
			"no 2MB hugepages available", 301, 301, false},
		{"[/sys/kernel/mm/hugepages/hugepages-2048kB]\nfree_hugepages=151\n",
			"need 152 2MB hugepages, only 151 free", 301, 301, false},
		{"[/sys/kernel/mm/hugepages/hugepages-2048kB]\nfree_hugepages=152\n", NULL, 301,
			304, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct machine *m = machine_new(rows[i].machine);
		cleanup_strv struct strv notes = STRV_INIT;
		struct vm_placement p = {.hugepages = true};
		struct vm_config c = {0};
		uint32_t mib = rows[i].before;

		assert_int_equal(vm_topology_parse("2,2,1,1", &c.topology, NULL), 0);
		share_check_pages(&c, m->root, &mib, &p, &notes);
		assert_int_equal(mib, rows[i].after);
		assert_int_equal(p.hugepages, rows[i].granted);
		assert_int_equal(notes.n, rows[i].said ? 1 : 0);
		if (rows[i].said)
			assert_non_null(strstr(notes.v[0], rows[i].said));
		machine_free(m);
	}
}

static void test_a_busy_host_is_named(void **state)
{
	struct machine *m = machine_new("[/proc]\nstat=cpu 1 2 3\\nprocs_running 3\\n");
	cleanup_strv struct strv notes = STRV_INIT;
	struct vm_config c = {0};

	(void)state;
	assert_int_equal(vm_topology_parse("1,1,4,1", &c.topology, NULL), 0);
	share_check_load(&c, m->root, &notes);
	assert_int_equal(notes.n, 0);
	machine_change(m, "[/proc]\nstat=cpu 1 2 3\\nprocs_running 4\\n");
	share_check_load(&c, m->root, &notes);
	assert_int_equal(notes.n, 1);
	assert_non_null(strstr(notes.v[0], "3 other tasks want to run"));
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_are_pinned_by_their_names),
		cmocka_unit_test(test_huge_pages),
		cmocka_unit_test(test_a_busy_host_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
