#include "vmm/kvm/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/confine.h"
#include "vmm/kvm/exit.h"
#include "vmm/kvm/machine.h"

/* Enough for a device's registers and an error's sentence. */
enum { STACK = 128 * 1024 };

static int kick_signal(void)
{
	return SIGRTMIN;
}

static void heard(int signo)
{
	(void)signo;
}

static int vcpu_init(struct machine *m, unsigned index, struct err *e)
{
	struct vcpu *v = &m->vcpus[index];
	void *run;

	*v = (struct vcpu){.m = m, .index = index, .id = arch_vcpu_id(m, index)};
	v->fd = ioctl(m->vm, KVM_CREATE_VCPU, (unsigned long)v->id);
	if (v->fd < 0)
		return err_sys(e, errno, "KVM cannot create CPU %u of %u (id %u)", index, m->nvcpus,
			v->id);
	run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (run == MAP_FAILED)
		return err_sys(e, errno, "cannot map the state of CPU %u", index);
	v->run = run;
	return arch_vcpu_init(v, e);
}

int vcpus_init(struct machine *m, struct err *e)
{
	int rc = 0;

	m->vcpus = xcalloc(m->nvcpus, sizeof(*m->vcpus));
	for (unsigned i = 0; i < m->nvcpus; i++)
		m->vcpus[i].fd = -1;
	for (unsigned i = 0; i < m->nvcpus && !rc; i++)
		rc = vcpu_init(m, i, e);
	return rc;
}

/*
 * Waits while the machine is paused. Then the guest's watchdogs are told, so that they do not take
 * the pause for a CPU that hangs: by this thread, since KVM makes every other one wait until the
 * CPU has left the guest; refused where the guest has no kvm-clock.
 */
static void park(struct vcpu *v)
{
	struct machine *m = v->m;

	pthread_mutex_lock(&m->lock);
	if (atomic_fetch_add(&m->parked, 1) + 1 == m->nvcpus)
		machine_wake(m);
	while (atomic_load(&m->paused) && !atomic_load(&m->stopping))
		pthread_cond_wait(&m->resumed, &m->lock);
	atomic_fetch_sub(&m->parked, 1);
	pthread_mutex_unlock(&m->lock);
	ioctl(v->fd, KVM_KVMCLOCK_CTRL, 0);
}

/*
 * KVM_RUN ends with EAGAIN where a CPU that does not run yet hears something: INIT, then SIPI. An
 * NMI that waits for it to run makes that each time at once, and forever.
 */
static void let_others_run(struct vcpu *v)
{
	const struct timespec moment = {.tv_nsec = NS_PER_MS};

	if (++v->again > 2)
		nanosleep(&moment, NULL);
}

/* Runs the CPU once; false = this CPU's end. */
static bool run_once(struct vcpu *v)
{
	if (ioctl(v->fd, KVM_RUN, 0) == 0) {
		v->again = 0;
		return exit_handle(v);
	}
	if (errno == EINTR) {
		exit_count(v, ENGINE_EXIT_INTR);
		/* before the flags are looked at: a kick from now on counts again */
		v->run->immediate_exit = 0;
		atomic_thread_fence(memory_order_seq_cst);
		return true;
	}
	if (errno != EAGAIN)
		return exit_run_failed(v, errno);
	let_others_run(v);
	return true;
}

static void note_first_run(struct machine *m)
{
	atomic_store(&m->q->report->setup_cpu_ns, clock_cpu_ns());
	atomic_store(&m->q->report->at[ENGINE_FIRST_RUN], clock_mono_ns());
}

/* The thread's name, and what it may do from now on. */
static int enter(struct vcpu *v, struct err *e)
{
	char name[16];

	snprintf(name, sizeof(name), "ktstr-vcpu%u", v->index);
	prctl(PR_SET_NAME, name);
	pthread_mutex_lock(&v->m->lock); /* machine_start() has it until we may run */
	pthread_mutex_unlock(&v->m->lock);
	return v->m->confined ? confine_thread(CONFINE_VCPU, e) : 0;
}

static void *vcpu_thread(void *user)
{
	struct vcpu *v = user;
	struct machine *m = v->m;
	struct err e = ERR_INIT;

	if (enter(v, &e)) {
		machine_fail(m, &e);
		return NULL;
	}
	if (v->index == 0)
		note_first_run(m);
	while (!atomic_load(&m->stopping)) {
		if (atomic_load(&m->paused))
			park(v);
		else if (!run_once(v))
			break;
	}
	return NULL;
}

static int start_one(struct vcpu *v, const pthread_attr_t *attr, struct err *e)
{
	int rc = pthread_create(&v->thread, attr, vcpu_thread, v);

	if (rc)
		return err_sys(e, rc, "cannot start the thread of CPU %u", v->index);
	v->started = true;
	return 0;
}

int vcpus_start(struct machine *m, struct err *e)
{
	struct sigaction sa = {.sa_handler = heard};
	pthread_attr_t attr;
	int rc = 0;

	sigaction(kick_signal(), &sa, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (unsigned i = 0; i < m->nvcpus && !rc; i++)
		rc = start_one(&m->vcpus[i], &attr, e);
	pthread_attr_destroy(&attr);
	return rc;
}

void vcpu_kick(struct vcpu *v)
{
	if (!v->started)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	v->run->immediate_exit = 1;
	pthread_kill(v->thread, kick_signal());
}

void vcpus_kick(struct machine *m)
{
	for (unsigned i = 0; i < m->nvcpus; i++)
		vcpu_kick(&m->vcpus[i]);
}

bool vcpus_join(struct machine *m, unsigned ms)
{
	struct timespec until;
	bool all = true;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= (long)NS_PER_SEC) {
		until.tv_nsec -= (long)NS_PER_SEC;
		until.tv_sec++;
	}
	for (unsigned i = 0; m->vcpus && i < m->nvcpus; i++) {
		struct vcpu *v = &m->vcpus[i];

		if (v->started && pthread_clockjoin_np(v->thread, NULL, CLOCK_MONOTONIC, &until))
			all = false;
		else
			v->started = false;
	}
	return all;
}

void vcpus_release(struct machine *m)
{
	for (unsigned i = 0; m->vcpus && i < m->nvcpus; i++) {
		if (m->vcpus[i].run)
			munmap(m->vcpus[i].run, m->run_size);
		if (m->vcpus[i].fd >= 0)
			close(m->vcpus[i].fd);
	}
	free(m->vcpus);
	m->vcpus = NULL;
}
