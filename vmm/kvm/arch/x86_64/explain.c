/* Where a vCPU stands, for a person who has to find out why it went no further. */
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/vcpu.h"

bool arch_exit(struct vcpu *v)
{
	(void)v;
	return false;
}

void arch_explain(struct vcpu *v, struct str *out)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_REGS, &r) || ioctl(v->fd, KVM_GET_SREGS, &s)) {
		str_add(out, "its registers cannot be read");
		return;
	}
	str_printf(out,
		"rip %llx rsp %llx rax %llx rbx %llx rcx %llx rdx %llx rsi %llx rdi %llx rflags "
		"%llx cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx",
		r.rip, r.rsp, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rflags, s.cr0, s.cr2,
		s.cr3, s.cr4, s.efer);
}
