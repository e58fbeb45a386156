#include "vmm/kvm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/confine.h"
#include "vmm/kvm/probe.h"
#include "vmm/kvm/vcpu.h"

enum {
	JOIN_MS = 5000, /* for vCPUs to leave */
	DRAIN_MS = 500, /* for what devices still hold */
};

static int open_kvm(struct machine *m, struct err *e)
{
	int size;

	m->kvm = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	if (m->kvm < 0)
		return err_sys(e, errno, "cannot open " KVM_DEVICE);
	if (ioctl(m->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return err_set(e, ENOTSUP, KVM_DEVICE " does not speak KVM's interface");
	size = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return err_set(e, EIO, KVM_DEVICE " gives no state of its CPUs");
	m->run_size = (size_t)size;
	do /* a signal interrupts it on some kernels */
		m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
	while (m->vm < 0 && errno == EINTR);
	return m->vm < 0 ? err_sys(e, errno, "KVM cannot create a machine") : 0;
}

static int add_memory(struct machine *m, struct err *e)
{
	for (unsigned i = 0; i < m->ram.n; i++) {
		const struct ram_range *g = &m->ram.range[i];
		struct kvm_userspace_memory_region slot = {
			.slot = i,
			.guest_phys_addr = g->gpa,
			.memory_size = g->size,
			.userspace_addr = (uintptr_t)g->host,
		};

		if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &slot))
			return err_sys(e, errno, "KVM does not take memory at 0x%llx",
				(unsigned long long)g->gpa);
	}
	return 0;
}

static int build(struct machine *m, struct err *e)
{
	int rc = open_kvm(m, e);

	if (!rc)
		rc = arch_machine_init(m, e);
	if (!rc)
		rc = ram_map(&m->ram, &m->mem, e);
	if (!rc && m->q->placement)
		rc = ram_place(&m->ram, m->q->placement, e);
	if (!rc)
		rc = add_memory(m, e);
	if (!rc)
		rc = vcpus_init(m, e);
	if (!rc)
		rc = arch_devices_init(m, e);
	if (!rc)
		rc = devices_init(m, e);
	if (!rc)
		rc = arch_boot(m, e);
	return rc;
}

int machine_build(struct machine *m, const struct engine_request *q, struct err *e)
{
	*m = (struct machine){.q = q, .kvm = -1, .vm = -1};
	devices_clear(m);
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->resumed, NULL);
	m->nvcpus = q->config->topology.vcpus;
	ram_layout(&q->config->topology, (uint64_t)q->memory_mib << 20, &arch_hole, &m->ram);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake < 0)
		return err_sys(e, errno, "cannot create an eventfd");
	m->loop = loop_new(e);
	if (!m->loop)
		return -ENOMEM;
	return build(m, e);
}

int machine_start(struct machine *m, struct err *e)
{
	int rc;

	bus_seal(&m->ports);
	bus_seal(&m->memory);
	atomic_store(&m->q->report->counts, true);
	/* no CPU runs before this thread is confined too: each waits for the lock first */
	pthread_mutex_lock(&m->lock);
	rc = vcpus_start(m, e);
	if (!rc && m->confined)
		rc = confine_thread(CONFINE_LOOP, e);
	if (rc)
		atomic_store(&m->stopping, true);
	pthread_mutex_unlock(&m->lock);
	return rc;
}

bool machine_stop(struct machine *m)
{
	atomic_store(&m->stopping, true);
	pthread_mutex_lock(&m->lock);
	pthread_cond_broadcast(&m->resumed);
	pthread_mutex_unlock(&m->lock);
	if (m->vcpus) {
		vcpus_kick(m);
		if (!vcpus_join(m, JOIN_MS))
			return false;
	}
	devices_drain(m);
	arch_drain(m, DRAIN_MS);
	return true;
}

/* CPUs first, then what works for them, then what they stand on. */
void machine_release(struct machine *m)
{
	if (!machine_stop(m))
		return;
	vcpus_release(m);
	devices_release(m);
	arch_release(m);
	if (m->vm >= 0)
		close(m->vm);
	ram_unmap(&m->ram);
	if (m->kvm >= 0)
		close(m->kvm);
	if (m->loop)
		loop_free(m->loop);
	if (m->wake >= 0)
		close(m->wake);
}

void machine_wake(struct machine *m)
{
	uint64_t one = 1;

	(void)!write(m->wake, &one, sizeof(one));
}

void machine_end(struct machine *m, enum machine_end how)
{
	enum machine_end none = MACHINE_RUNS;

	if (atomic_compare_exchange_strong(&m->end, &none, how))
		machine_wake(m);
}

void machine_fail(struct machine *m, const struct err *e)
{
	pthread_mutex_lock(&m->lock);
	if (!m->failure.code)
		m->failure = *e;
	pthread_mutex_unlock(&m->lock);
	machine_end(m, MACHINE_FAILED);
}

void machine_pause(struct machine *m)
{
	if (!atomic_exchange(&m->paused, true))
		vcpus_kick(m);
	/* those that still wait from the last time will not say so again */
	machine_wake(m);
}

void machine_resume(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	atomic_store(&m->paused, false);
	pthread_cond_broadcast(&m->resumed);
	pthread_mutex_unlock(&m->lock);
}

bool machine_is_parked(const struct machine *m)
{
	return atomic_load(&m->parked) == m->nvcpus;
}
