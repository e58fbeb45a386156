/* What the parts of this architecture share about one machine. */
#pragma once

#include <stdint.h>

#include "vmm/dev/i8042.h"
#include "vmm/dev/pm.h"
#include "vmm/dev/serial.h"
#include "vmm/kvm/arch/x86_64/apicid.h"
#include "vmm/kvm/arch/x86_64/cpuid.h"
#include "vmm/kvm/irq.h"

struct ioapic;
struct machine;

struct arch {
	struct apic_layout ids;
	struct cpuid_table cpuid; /* of the vCPU last set up */
	bool split;		  /* local APICs in the kernel, the IOAPIC here */
	struct ioapic *ioapic;	  /* only when split */
	struct irq_line com1_irq, com2_irq;
	struct serial *com1, *com2;
	struct i8042 *i8042;
	struct pm *pm;
	uint32_t pci_address;
};

/* irqchip.c */
int irqchip_create(struct machine *m, struct err *e);
/* What of it is a device of ours. */
int irqchip_add(struct machine *m, struct err *e);

/* platform.c */
int platform_init(struct machine *m, struct err *e);
void platform_release(struct machine *m);
