/* Devices at the places where a PC has them. */
#include <errno.h>
#include <linux/kvm.h>

#include "vmm/dev/ioapic.h"
#include "vmm/dev/pci_address.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/arch/x86_64/arch.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/vcpu.h"

static void on_power(void *user, enum power_event event)
{
	machine_end(user, event == POWER_OFF ? MACHINE_OFF : MACHINE_RESET);
}

static int add_serial(struct machine *m, struct serial **s, struct irq_line *line,
	enum serial_kind kind, int fd, struct err *e)
{
	bool first = kind == SERIAL_LOG;
	int rc = devices_line(m, line, first ? SERIAL_COM1_IRQ : SERIAL_COM2_IRQ, e);

	if (rc)
		return rc;
	*s = serial_new(kind, fd, m->loop, line, e);
	if (!*s)
		return e && e->code ? -e->code : -ENOMEM;
	return bus_add(
		&m->ports, first ? SERIAL_COM1 : SERIAL_COM2, SERIAL_PORTS, &serial_bus, *s, e);
}

static int add_power(struct machine *m, struct err *e)
{
	const struct power power = {.request = on_power, .user = m};
	struct arch *a = m->arch;
	int rc;

	a->i8042 = i8042_new(&power);
	a->pm = pm_new(&power);
	rc = bus_add(&m->ports, I8042_DATA, 1, &i8042_data_bus, a->i8042, e);
	if (!rc)
		rc = bus_add(&m->ports, I8042_COMMAND, 1, &i8042_command_bus, a->i8042, e);
	return rc ? rc : bus_add(&m->ports, PM_PORT, PM_PORTS, &pm_bus, a->pm, e);
}

/* COM2 is there for guests without virtio alone: each port that a kernel finds costs it time. */
int arch_devices_init(struct machine *m, struct err *e)
{
	struct arch *a = m->arch;
	int rc = add_serial(m, &a->com1, &a->com1_irq, SERIAL_LOG, m->q->log_fd, e);

	if (!rc && !m->q->virtio)
		rc = add_serial(m, &a->com2, &a->com2_irq, SERIAL_STREAM, m->q->bulk_fd, e);
	if (!rc)
		rc = irqchip_add(m, e);
	if (!rc)
		rc = bus_add(&m->ports, PCI_ADDRESS, PCI_ADDRESS_PORTS, &pci_address_bus,
			&a->pci_address, e);
	return rc ? rc : add_power(m, e);
}

bool arch_ports(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	size_t size = v->m->run_size;

	if (run->io.data_offset > size)
		return false;
	return bus_ports(&v->m->ports, run->io.port, run->io.direction == KVM_EXIT_IO_IN,
		run->io.size, run->io.count, (char *)run + run->io.data_offset,
		size - run->io.data_offset);
}

void arch_sysrq(struct machine *m, unsigned char key)
{
	serial_sysrq(m->arch->com1, key);
}

void arch_drain(struct machine *m, unsigned ms)
{
	if (!m->arch)
		return;
	if (m->arch->com1)
		serial_drain(m->arch->com1, ms);
	if (m->arch->com2)
		serial_drain(m->arch->com2, ms);
}

void platform_release(struct machine *m)
{
	struct arch *a = m->arch;

	if (a->com1)
		serial_free(a->com1);
	if (a->com2)
		serial_free(a->com2);
	if (a->i8042)
		i8042_free(a->i8042);
	if (a->pm)
		pm_free(a->pm);
	if (a->ioapic)
		ioapic_free(a->ioapic);
	if (a->com1_irq.fd >= 0)
		irq_line_release(&a->com1_irq);
	if (a->com2_irq.fd >= 0)
		irq_line_release(&a->com2_irq);
}
