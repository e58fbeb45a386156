/* A vCPU as after a reset, and the first one as a boot loader leaves it (spec/vmm 3.3). */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/arch/x86_64/regs.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/vcpu.h"

uint32_t arch_vcpu_id(const struct machine *m, unsigned index)
{
	const struct vm_place p = vm_topology_place(&m->q->config->topology, index);

	return apic_id_of(&m->arch->ids, &p);
}

/* This CPU's name; false: it has none. */
static bool host_brand(char out[CPUID_BRAND])
{
	uint32_t *word = (uint32_t *)(void *)out;
	bool named = true;

	for (unsigned i = 0; i < CPUID_BRAND_LEAVES; i++, word += 4)
		named &= __get_cpuid(CPUID_BRAND_LEAF + i, word, word + 1, word + 2, word + 3);
	return named && out[0];
}

/* Once for the machine: the table of all CPUs but for their ids. */
static int common_cpuid(struct machine *m, struct err *e)
{
	struct cpuid_table host = {.n = CPUID_ENTRIES_MAX};
	_Alignas(uint32_t) char name[CPUID_BRAND];
	const struct cpuid_request q = {
		.topology = &m->q->config->topology,
		.supported = host.entry,
		.brand = host_brand(name) ? name : NULL,
		.dedicated = m->q->placement && m->q->placement->realtime_hint,
		.tsc_deadline = ioctl(m->kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0,
	};
	const struct ram_range *top = &m->ram.range[m->ram.n - 1];
	struct cpuid_request with = q;
	int rc;

	if (ioctl(m->kvm, KVM_GET_SUPPORTED_CPUID, &host))
		return err_sys(e, errno, "KVM does not say what CPUs it has");
	with.nsupported = host.n;
	rc = cpuid_common(&with, &m->arch->cpuid, e);
	return rc ? rc : cpuid_check_memory(&m->arch->cpuid, top->gpa + top->size, e);
}

static int set_cpuid(struct vcpu *v, struct err *e)
{
	struct machine *m = v->m;
	const struct vm_topology *t = &m->q->config->topology;
	const struct vm_place p = vm_topology_place(t, v->index);
	int rc = v->index == 0 ? common_cpuid(m, e) : 0;

	if (rc)
		return rc;
	cpuid_set_place(&m->arch->cpuid, t, &m->arch->ids, &p);
	if (ioctl(v->fd, KVM_SET_CPUID2, &m->arch->cpuid))
		return err_sys(e, errno, "KVM does not take the features of CPU %u", v->index);
	return 0;
}

static int set_msrs(struct vcpu *v, struct err *e)
{
	cleanup_free struct kvm_msrs *q = xcalloc(1, sizeof(*q) + sizeof(regs_msrs));
	int n;

	q->nmsrs = REGS_MSRS;
	memcpy(q->entries, regs_msrs, sizeof(regs_msrs));
	n = ioctl(v->fd, KVM_SET_MSRS, q);
	if (n == REGS_MSRS)
		return 0;
	return err_sys(e, n < 0 ? errno : EIO, "KVM does not take register 0x%x of CPU %u",
		n < 0 ? 0 : regs_msrs[n].index, v->index);
}

/*
 * The extended states that the CPU has, switched on as a kernel will itself: the size that CPUID
 * gives for them is KVM's to keep, and a hypervisor below that lets XSETBV through without it
 * (QEMU's emulated SVM) leaves the kernel with one that it warns about. A wish.
 */
static void set_states(struct vcpu *v)
{
	const struct kvm_cpuid_entry2 *l = cpuid_find(&v->m->arch->cpuid, CPUID_STATES, 0);
	struct kvm_xcrs q = {.nr_xcrs = 1};

	if (!l)
		return;
	q.xcrs[0].value = (uint64_t)l->edx << 32 | l->eax;
	ioctl(v->fd, KVM_SET_XCRS, &q);
}

/* The pins that a PC's processors have: interrupts of the old controller, and NMI. */
static int set_lapic(struct vcpu *v, struct err *e)
{
	struct kvm_lapic_state s;

	if (ioctl(v->fd, KVM_GET_LAPIC, &s))
		return err_sys(e, errno, "KVM does not give the local APIC of CPU %u", v->index);
	regs_lapic_pins(s.regs);
	if (ioctl(v->fd, KVM_SET_LAPIC, &s))
		return err_sys(e, errno, "KVM does not take the local APIC of CPU %u", v->index);
	return 0;
}

/* An id of more than eight bits is only seen in x2APIC mode. */
static int set_x2apic(struct vcpu *v, struct err *e)
{
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		return err_sys(e, errno, "KVM does not give the registers of CPU %u", v->index);
	regs_x2apic(&s);
	if (ioctl(v->fd, KVM_SET_SREGS, &s))
		return err_sys(e, errno, "KVM does not take the registers of CPU %u", v->index);
	return 0;
}

int arch_vcpu_init(struct vcpu *v, struct err *e)
{
	int rc = set_cpuid(v, e);

	if (!rc)
		rc = set_msrs(v, e);
	if (!rc)
		set_states(v);
	if (!rc && v->m->arch->split)
		rc = set_x2apic(v, e);
	/* the others' are set by their kernel when it starts them */
	if (!rc && v->index == 0)
		rc = set_lapic(v, e);
	return rc;
}
