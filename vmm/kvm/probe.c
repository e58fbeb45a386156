#include "vmm/kvm/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "vmm/kvm/arch.h"

/*
 * Rounds a second that tell the two kinds apart. Measured: 1.4 million where ring 0 is emulated,
 * 130 million under KVM inside an emulated host, over 1,000 million on hardware.
 */
#define USABLE_RATE 20000000ULL

/* The loop grows until one run is long enough to judge by: entering and leaving a virtual CPU costs
 * up to some 100 us where KVM itself runs in an emulated machine. */
static const uint32_t chunks[] = {500, 2000, 8000, 40000, 200000};
#define LONG_ENOUGH_NS (2 * NS_PER_MS)
/* A run that does not come back is interrupted. The first of all, which counts nothing, has longer:
 * in an emulated machine it translates the way in and out, up to 40 ms. */
#define DEADLINE_NS	  (30 * NS_PER_MS)
#define FIRST_DEADLINE_NS (300 * NS_PER_MS)
enum { WORTH_JUDGING = 8000, DOUBTS_MAX = 3 };

enum { MEMORY = 64 * 1024 };

struct machine {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
	void *memory;
};

static int fail(struct kvm_probe *out, const char *what)
{
	int code_ = errno;

	out->verdict = KVM_BROKEN;
	snprintf(out->detail, sizeof(out->detail), "%s: %s", what, strerror(code_));
	return -code_;
}

static int open_device(struct machine *m, const char *device, struct kvm_probe *out)
{
	m->kvm = open(device, O_RDWR | O_CLOEXEC);
	if (m->kvm >= 0)
		return 0;
	if (errno != ENOENT && errno != ENODEV && errno != ENXIO && errno != EACCES &&
		errno != EPERM)
		return fail(out, "cannot open it");
	out->verdict = errno == EACCES || errno == EPERM ? KVM_NO_PERMISSION : KVM_MISSING;
	return -errno;
}

static int speaks_kvm(const struct machine *m, struct kvm_probe *out)
{
	if (ioctl(m->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return fail(out, "it does not speak KVM's interface");
	return 0;
}

static int make_vm(struct machine *m, struct kvm_probe *out)
{
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY};

	if (speaks_kvm(m, out))
		return -ENOTSUP;
	do
		m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
	while (m->vm < 0 && errno == EINTR);
	if (m->vm < 0)
		return fail(out, "cannot create a machine");
	m->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->memory == MAP_FAILED)
		return fail(out, "cannot get memory for a machine");
	arch_count_prepare(m->vm, m->memory);
	slot.userspace_addr = (uintptr_t)m->memory;
	if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return fail(out, "cannot give memory to a machine");
	return 0;
}

static int make_vcpu(struct machine *m, struct kvm_probe *out)
{
	int size = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	m->vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	if (m->vcpu < 0 || size <= 0)
		return fail(out, "cannot create a CPU");
	m->run_size = (size_t)size;
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
	if (m->run == MAP_FAILED)
		return fail(out, "cannot map a CPU's state");
	return 0;
}

static void unmake(struct machine *m)
{
	if (m->run != MAP_FAILED)
		munmap(m->run, m->run_size);
	if (m->vcpu >= 0)
		close(m->vcpu);
	if (m->vm >= 0)
		close(m->vm);
	if (m->memory != MAP_FAILED)
		munmap(m->memory, MEMORY);
	if (m->kvm >= 0)
		close(m->kvm);
}

/*
 * An alarm for this thread that only KVM_RUN hears: the signal stays blocked, except while the
 * virtual CPU runs, so no handler is needed and nobody else's is called.
 */
struct alarm {
	timer_t timer;
	sigset_t before, mine;
};

static int alarm_make(struct alarm *a, int vcpu)
{
	/* the kernel's sigset_t has 8 bytes, and the struct ends where it begins */
	_Alignas(struct kvm_signal_mask) unsigned char room[sizeof(struct kvm_signal_mask) + 8];
	struct kvm_signal_mask *mask = (struct kvm_signal_mask *)room;
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1};
	sigset_t in_run;

	ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	sigemptyset(&a->mine);
	sigaddset(&a->mine, ev.sigev_signo);
	pthread_sigmask(SIG_BLOCK, &a->mine, &a->before);
	in_run = a->before;
	sigdelset(&in_run, ev.sigev_signo);
	mask->len = 8;
	memcpy(mask->sigset, &in_run, 8);
	if (!timer_create(CLOCK_MONOTONIC, &ev, &a->timer)) {
		if (!ioctl(vcpu, KVM_SET_SIGNAL_MASK, mask))
			return 0;
		timer_delete(a->timer);
	}
	pthread_sigmask(SIG_SETMASK, &a->before, NULL);
	return -1;
}

/* Takes back an earlier alarm, gone off or not; 0 = sets no other. */
static void alarm_set(struct alarm *a, uint64_t ns)
{
	static const struct timespec now;
	const struct itimerspec when = {.it_value.tv_nsec = (long)ns};
	const struct itimerspec never = {0};

	timer_settime(a->timer, 0, &never, NULL);
	while (sigtimedwait(&a->mine, NULL, &now) > 0)
		continue;
	if (ns)
		timer_settime(a->timer, 0, &when, NULL);
}

static void alarm_unmake(struct alarm *a)
{
	alarm_set(a, 0);
	timer_delete(a->timer);
	pthread_sigmask(SIG_SETMASK, &a->before, NULL);
}

/* One run of the loop; 1 = it was cut off by the alarm. */
static int run_loop(struct machine *m, struct alarm *a, uint32_t rounds, uint64_t deadline,
	struct kvm_probe *out)
{
	uint64_t start;

	if (arch_count_from(m->vcpu, rounds))
		return fail(out, "cannot set a CPU's registers");
	alarm_set(a, deadline);
	start = clock_mono_ns();
	if (ioctl(m->vcpu, KVM_RUN, 0) && errno != EINTR)
		return fail(out, "cannot run a CPU");
	out->ns = clock_mono_ns() - start;
	if (m->run->exit_reason == arch_count_end) {
		out->rounds = rounds;
		return 0;
	}
	if (m->run->exit_reason != KVM_EXIT_INTR) {
		errno = EIO;
		return fail(out, "a CPU stopped where it should count");
	}
	out->rounds = rounds - arch_count_left(m->vcpu);
	return 1;
}

/*
 * A run may be slow where others are not, since the host did something else meanwhile: what speaks
 * against KVM is repeated, and a loop so short that it measures little but the way in and out is
 * not judged by at all.
 */
static void measure(struct machine *m, struct alarm *a, struct kvm_probe *out)
{
	unsigned doubts = 0;

	if (run_loop(m, a, 1, FIRST_DEADLINE_NS, out) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(chunks);) {
		int rc = run_loop(m, a, chunks[i], DEADLINE_NS, out);
		bool slow = out->rounds * NS_PER_SEC < USABLE_RATE * out->ns;

		if (rc < 0)
			return;
		out->verdict = slow ? KVM_TOO_SLOW : KVM_USABLE;
		if (!rc && (out->ns < LONG_ENOUGH_NS || chunks[i] < WORTH_JUDGING))
			i++;
		else if (!slow || ++doubts == DOUBTS_MAX)
			return;
	}
}

void kvm_probe_presence(const char *device, struct kvm_probe *out)
{
	struct machine m = {.kvm = -1};

	*out = (struct kvm_probe){.verdict = KVM_USABLE};
	if (open_device(&m, device, out))
		return;
	speaks_kvm(&m, out);
	close(m.kvm);
}

void kvm_probe(const char *device, struct kvm_probe *out)
{
	struct machine m = {
		.kvm = -1, .vm = -1, .vcpu = -1, .run = MAP_FAILED, .memory = MAP_FAILED};
	struct alarm alarm;

	*out = (struct kvm_probe){.verdict = KVM_BROKEN};
	if (!open_device(&m, device, out) && !make_vm(&m, out) && !make_vcpu(&m, out)) {
		if (alarm_make(&alarm, m.vcpu)) {
			fail(out, "cannot set an alarm for a CPU");
		} else {
			measure(&m, &alarm, out);
			alarm_unmake(&alarm);
		}
	}
	unmake(&m);
}

void kvm_probe_explain(const struct kvm_probe *p, const char *device, char *why, size_t size)
{
	unsigned long long us = p->ns / 1000, rounds = p->rounds;

	switch (p->verdict) {
	case KVM_USABLE:
		snprintf(why, size,
			"%s runs kernel code at speed (%llu rounds of a loop in %llu us)", device,
			rounds, us);
		break;
	case KVM_TOO_SLOW:
		snprintf(why, size,
			"%s emulates ring 0: too slow to boot a kernel (%llu rounds of a loop took "
			"%llu "
			"us)",
			device, rounds, us);
		break;
	case KVM_MISSING:
		snprintf(why, size, "there is no %s", device);
		break;
	case KVM_NO_PERMISSION:
		snprintf(why, size, "%s: permission denied (membership in the group kvm gives it)",
			device);
		break;
	case KVM_BROKEN:
		snprintf(why, size, "%s does not work: %s", device, p->detail);
		break;
	}
}
