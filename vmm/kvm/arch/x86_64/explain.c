/* Where a vCPU stands, for a person who has to find out why it went no further. */
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "vmm/dev/ioapic.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/exit.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/vcpu.h"

bool arch_exit(struct vcpu *v)
{
	if (v->run->exit_reason != KVM_EXIT_IOAPIC_EOI || !v->m->arch->ioapic)
		return false;
	exit_count(v, ENGINE_EXIT_IOAPIC_EOI);
	ioapic_eoi(v->m->arch->ioapic, v->run->eoi.vector);
	return true;
}

/* Where a CPU starts after a reset: AMD's KVM resets one that crashed before it tells. */
enum { RESET_RIP = 0xfff0 };

void arch_explain(struct vcpu *v, struct str *out)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_REGS, &r) || ioctl(v->fd, KVM_GET_SREGS, &s)) {
		str_add(out, "its registers cannot be read");
		return;
	}
	if (r.rip == RESET_RIP && !(s.cr0 & 1)) {
		str_add(out, "its registers are lost, KVM has reset it");
		return;
	}
	str_printf(out,
		"rip %llx rsp %llx rax %llx rbx %llx rcx %llx rdx %llx rsi %llx rdi %llx rflags "
		"%llx cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx",
		r.rip, r.rsp, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rflags, s.cr0, s.cr2,
		s.cr3, s.cr4, s.efer);
}
