/*
 * Interrupt chips. All in the kernel where ids have eight bits; else the kernel has the CPUs' own
 * controllers, ids have 32 bits, and the lines' controller is vmm/dev/ioapic.c
 * (spec/vmm 3.5, 3.10).
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/dev/ioapic.h"
#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/arch/x86_64/layout.h"
#include "vmm/kvm/machine.h"

/*
 * KVM's whole chip has a PC's two old 8259s, which nothing here is wired to. Linux looks for them
 * by writing a mask and reading it back (probe_8259A() in arch/x86/kernel/i8259.c); the first read
 * of a chip that was told to poll gives the number of an interrupt instead. Without them Linux does
 * not clear each line of the IOAPIC before it needs one: 384 accesses, each an exit.
 */
static int hide_pic(struct machine *m, struct err *e)
{
	struct kvm_irqchip chip = {.chip_id = KVM_IRQCHIP_PIC_MASTER};

	if (ioctl(m->vm, KVM_GET_IRQCHIP, &chip))
		return err_sys(e, errno, "KVM does not give the state of its interrupt chip");
	chip.chip.pic.poll = 1;
	if (ioctl(m->vm, KVM_SET_IRQCHIP, &chip))
		return err_sys(e, errno, "KVM does not take the state of its interrupt chip");
	return 0;
}

static int create_whole(struct machine *m, struct err *e)
{
	/* where the PC's speaker would be is nothing */
	const struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};

	if (ioctl(m->vm, KVM_CREATE_IRQCHIP, 0))
		return err_sys(e, errno, "KVM cannot create an interrupt chip");
	/* Kernels that can do without a PIT do not touch it; older ones calibrate with it. */
	if (ioctl(m->vm, KVM_CREATE_PIT2, &pit))
		return err_sys(e, errno, "KVM cannot create a timer chip");
	return hide_pic(m, e);
}

static int enable(struct machine *m, uint32_t cap, uint64_t arg)
{
	struct kvm_enable_cap q = {.cap = cap, .args[0] = arg};

	return ioctl(m->vm, KVM_ENABLE_CAP, &q) ? -errno : 0;
}

static int create_split(struct machine *m, struct err *e)
{
	int rc = enable(m, KVM_CAP_SPLIT_IRQCHIP, IOAPIC_PINS_MAX);

	if (!rc)
		rc = enable(m, KVM_CAP_X2APIC_API,
			KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK);
	return rc ? err_sys(e, rc, "this KVM has no interrupt ids above %d, and the guest needs %u",
			    APIC_ID_MAX_8BIT, m->arch->ids.max_id)
		  : 0;
}

int irqchip_create(struct machine *m, struct err *e)
{
	m->arch->split = m->arch->ids.max_id > APIC_ID_MAX_8BIT;
	return m->arch->split ? create_split(m, e) : create_whole(m, e);
}

/* The whole table at once: a line that is masked has no route. */
static void set_routes(void *user, const struct ioapic_route *routes)
{
	struct machine *m = user;
	cleanup_free struct kvm_irq_routing *table =
		xcalloc(1, sizeof(*table) + IOAPIC_PINS_MAX * sizeof(table->entries[0]));
	struct err e = ERR_INIT;

	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++) {
		struct kvm_irq_routing_entry *r = &table->entries[table->nr];

		if (!routes[i].on)
			continue;
		*r = (struct kvm_irq_routing_entry){.gsi = i, .type = KVM_IRQ_ROUTING_MSI};
		r->u.msi.address_lo = routes[i].address_lo;
		r->u.msi.address_hi = routes[i].address_hi;
		r->u.msi.data = routes[i].data;
		table->nr++;
	}
	if (ioctl(m->vm, KVM_SET_GSI_ROUTING, table)) {
		err_sys(&e, errno, "KVM does not take the routes of the guest's interrupts");
		machine_fail(m, &e);
	}
}

int irqchip_add(struct machine *m, struct err *e)
{
	if (!m->arch->split)
		return 0;
	m->arch->ioapic = ioapic_new(set_routes, m);
	return bus_add(&m->memory, ACPI_IOAPIC_BASE, IOAPIC_SIZE, &ioapic_bus, m->arch->ioapic, e);
}
