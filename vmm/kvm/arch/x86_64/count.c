/* The loop that the probe times, in 32-bit ring 0 without paging. */
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/layout.h"

enum { CODE_AT = 0x1000, CR0_PE = 1 << 0 };

/* ecx counts down, then the CPU halts, which ends KVM_RUN without an interrupt chip. */
static const unsigned char code[] = {
	0x49,	    /* dec ecx */
	0x75, 0xfd, /* jnz back to dec */
	0xf4,	    /* hlt */
};

const uint32_t arch_count_end = KVM_EXIT_HLT;

void arch_count_prepare(int vm, void *memory)
{
	memcpy((char *)memory + CODE_AT, code, sizeof(code));
	/* needed by Intel CPUs that cannot run unpaged code natively, refused by others */
	ioctl(vm, KVM_SET_TSS_ADDR, (unsigned long)TSS_AT);
}

static void flat_segments(struct kvm_sregs *s)
{
	struct kvm_segment flat = {.limit = 0xffffffff,
		.type = 3,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
		.selector = 0x10};

	s->ds = s->es = s->fs = s->gs = s->ss = s->cs = flat;
	s->cs.type = 11;
	s->cs.selector = 8;
	s->cr0 |= CR0_PE;
}

int arch_count_from(int vcpu, uint32_t rounds)
{
	const struct kvm_regs r = {.rip = CODE_AT, .rcx = rounds, .rflags = 2};
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		return -1;
	flat_segments(&s);
	return ioctl(vcpu, KVM_SET_SREGS, &s) ? -1 : ioctl(vcpu, KVM_SET_REGS, &r);
}

uint32_t arch_count_left(int vcpu)
{
	struct kvm_regs r = {.rcx = 0};

	ioctl(vcpu, KVM_GET_REGS, &r);
	return (uint32_t)r.rcx;
}
