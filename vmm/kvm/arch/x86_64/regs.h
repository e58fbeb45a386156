/* Register values: pure, so that they can be looked at without a CPU. */
#pragma once

#include <linux/kvm.h>
#include <stdint.h>

enum { REGS_MSRS = 2 };
/* What a kernel expects a firmware to have set, the same on all CPUs. */
extern const struct kvm_msr_entry regs_msrs[REGS_MSRS];

enum { REGS_GDT_ENTRIES = 5 };
/* Null, null, 64-bit code, data, task: the selectors are those of the boot protocol. */
extern const uint64_t regs_gdt[REGS_GDT_ENTRIES];

/* 64-bit mode with the first GiB mapped to itself; `s` holds what KVM gave. */
void regs_long_mode(struct kvm_sregs *s);
void regs_x2apic(struct kvm_sregs *s);
/* The first instruction of a kernel, with its zero page. */
struct kvm_regs regs_entry(uint64_t entry, uint64_t zero_page);
/* LINT0 and LINT1 of a local APIC's registers. */
void regs_lapic_pins(char regs[KVM_APIC_REG_SIZE]);
/* Page tables for it: one page each, 8 bytes an entry. */
void regs_page_tables(uint64_t *pml4, uint64_t *pdpt, uint64_t *pd);
