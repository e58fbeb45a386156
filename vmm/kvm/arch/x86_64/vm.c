/* What this architecture wants of KVM before the first vCPU. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/probe.h"

const struct ram_hole arch_hole = {HOLE_START, HOLE_END};

uint64_t arch_virtio_base(enum device_kind kind)
{
	return VIRTIO_BASE + 0x1000ULL * kind;
}

unsigned arch_virtio_gsi(enum device_kind kind)
{
	return VIRTIO_GSI + kind;
}

/* Whether this KVM has as many is seen when it is open. */
int arch_check(const struct vm_topology *t, struct err *e)
{
	(void)t;
	(void)e;
	return 0;
}

static int check_count(struct machine *m, struct err *e)
{
	int most = ioctl(m->kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	int ids = ioctl(m->kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);

	if (most > 0 && m->nvcpus > (unsigned)most)
		return err_set(e, E2BIG, "the guest has %u CPUs, and this KVM can run %d",
			m->nvcpus, most);
	if (ids > 0 && m->arch->ids.max_id >= (unsigned)ids)
		return err_set(e, E2BIG, "the guest's CPUs have ids up to %u, and this KVM has %d",
			m->arch->ids.max_id, ids);
	return 0;
}

/*
 * Idle and spinning CPUs stay in the guest. One by one: HLT is refused on hosts with the mitigation
 * of return predictions across threads, and the others must not be lost with it. A wish: who runs
 * without is told by the engine's lacks().
 */
static void keep_running(struct machine *m)
{
	static const uint64_t exits[] = {KVM_X86_DISABLE_EXITS_PAUSE, KVM_X86_DISABLE_EXITS_HLT};

	for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
		struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_DISABLE_EXITS, .args = {exits[i]}};

		ioctl(m->vm, KVM_ENABLE_CAP, &cap);
	}
}

void arch_lacks(const struct vm_placement *p, struct strv *notes)
{
	int kvm = p->keep_running ? open(KVM_DEVICE, O_RDWR | O_CLOEXEC) : -1, has;

	if (kvm < 0)
		return;
	has = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_X86_DISABLE_EXITS);
	close(kvm);
	if (has < 0 || !(has & KVM_X86_DISABLE_EXITS_HLT))
		strv_push(notes, "performance_mode: this KVM does not leave idle CPUs to the guest "
				 "(no KVM_X86_DISABLE_EXITS_HLT)");
	if (has < 0 || !(has & KVM_X86_DISABLE_EXITS_PAUSE))
		strv_push(notes, "performance_mode: this KVM does not leave spinning CPUs to the "
				 "guest (no KVM_X86_DISABLE_EXITS_PAUSE)");
}

int arch_machine_init(struct machine *m, struct err *e)
{
	uint64_t identity = IDENTITY_MAP;
	int rc;

	m->arch = xcalloc(1, sizeof(*m->arch));
	m->arch->com1_irq.fd = m->arch->com2_irq.fd = -1;
	m->arch->ids = apic_layout_of(&m->q->config->topology);
	rc = check_count(m, e);
	if (rc)
		return rc;
	/* only Intel CPUs want them, and only old ones use them */
	if (ioctl(m->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) ||
		ioctl(m->vm, KVM_SET_TSS_ADDR, (unsigned long)TSS_AT))
		return err_sys(e, errno, "KVM does not take its own pages");
	if (m->q->placement && m->q->placement->keep_running)
		keep_running(m);
	return irqchip_create(m, e);
}

void arch_release(struct machine *m)
{
	if (!m->arch)
		return;
	platform_release(m);
	free(m->arch);
	m->arch = NULL;
}

/* One message to each CPU: KVM_NMI would wait until the CPU leaves the guest by itself. */
void arch_nmi(struct machine *m)
{
	enum { DELIVERY_NMI = 4 << 8 };

	for (unsigned i = 0; i < m->nvcpus; i++) {
		uint32_t id = arch_vcpu_id(m, i);
		struct kvm_msi msi = {
			.address_lo = 0xfee00000U | (id & 0xff) << 12,
			.address_hi = id & ~0xffU,
			.data = DELIVERY_NMI,
		};

		ioctl(m->vm, KVM_SIGNAL_MSI, &msi);
	}
}
