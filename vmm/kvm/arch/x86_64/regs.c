#include "vmm/kvm/arch/x86_64/regs.h"

#include <string.h>

#include "vmm/kvm/arch/x86_64/layout.h"

enum {
	MSR_MISC_ENABLE = 0x1a0,
	MSR_MTRR_DEF_TYPE = 0x2ff,

	FAST_STRINGS = 1 << 0,
	MTRR_WRITE_BACK = 6,

	CR0_PE = 1 << 0,
	CR0_ET = 1 << 4,
	CR4_PAE = 1 << 5,
	EFER_LME = 1 << 8,
	EFER_LMA = 1 << 10,

	PRESENT_WRITABLE = 3,
	LARGE = 1 << 7,

	CODE = 0x10,
	DATA = 0x18,
	TASK = 0x20,

	LVT_LINT0 = 0x350,
	LVT_LINT1 = 0x360,
	EXTINT = 7 << 8,
	NMI = 4 << 8,
};
#define CR0_PG (1ULL << 31)

/*
 * Memory types are KVM's business, so the guest's ranges (MTRRs) say "write-back" and are switched
 * off, as its page attributes are (cpuid.c): where either is on, Linux stops all CPUs for each one
 * that starts late (arch/x86/kernel/cpu/cacheinfo.c), which with more vCPUs than CPUs took more
 * than half of the start: 17.3 against 7.3 s for 32 on one.
 */
const struct kvm_msr_entry regs_msrs[REGS_MSRS] = {
	{.index = MSR_MISC_ENABLE, .data = FAST_STRINGS},
	{.index = MSR_MTRR_DEF_TYPE, .data = MTRR_WRITE_BACK},
};

const uint64_t regs_gdt[REGS_GDT_ENTRIES] = {
	[CODE / 8] = 0x00af9b000000ffffULL,
	[DATA / 8] = 0x00cf93000000ffffULL,
	[TASK / 8] = 0x008f8b000000ffffULL,
};

static struct kvm_segment segment(uint16_t selector)
{
	uint64_t d = regs_gdt[selector / 8];

	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = d >> 40 & 15,
		.s = d >> 44 & 1,
		.dpl = d >> 45 & 3,
		.present = d >> 47 & 1,
		.l = d >> 53 & 1,
		.db = d >> 54 & 1,
		.g = d >> 55 & 1,
	};
}

void regs_long_mode(struct kvm_sregs *s)
{
	s->cs = segment(CODE);
	s->ds = s->es = s->fs = s->gs = s->ss = segment(DATA);
	s->tr = segment(TASK);
	s->gdt = (struct kvm_dtable){.base = GDT_AT, .limit = sizeof(regs_gdt) - 1};
	s->idt = (struct kvm_dtable){.base = 0, .limit = 0};
	s->cr0 = CR0_PE | CR0_ET | CR0_PG;
	s->cr3 = PML4_AT;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
}

void regs_x2apic(struct kvm_sregs *s)
{
	enum { ENABLED = 1 << 11, X2APIC = 1 << 10 };

	s->apic_base |= ENABLED | X2APIC;
}

struct kvm_regs regs_entry(uint64_t entry, uint64_t zero_page)
{
	return (struct kvm_regs){
		.rip = entry,
		.rsi = zero_page,
		.rsp = STACK_AT,
		.rbp = STACK_AT,
		.rflags = 2, /* a bit that is always set; interrupts are off */
	};
}

void regs_lapic_pins(char regs[KVM_APIC_REG_SIZE])
{
	const uint32_t lint0 = EXTINT, lint1 = NMI;

	memcpy(regs + LVT_LINT0, &lint0, sizeof(lint0));
	memcpy(regs + LVT_LINT1, &lint1, sizeof(lint1));
}

void regs_page_tables(uint64_t *pml4, uint64_t *pdpt, uint64_t *pd)
{
	pml4[0] = PDPT_AT | PRESENT_WRITABLE;
	pdpt[0] = PD_AT | PRESENT_WRITABLE;
	for (uint64_t i = 0; i < 512; i++)
		pd[i] = i << 21 | LARGE | PRESENT_WRITABLE;
}
