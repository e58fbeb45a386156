/* CPUs, their interrupt controllers (MADT), and which node CPUs and memory belong to (SRAT). */
#include "vmm/kvm/arch/x86_64/acpi_write.h"
#include "vmm/kvm/arch/x86_64/apicid.h"

enum { ENABLED = 1 };

/* ---- MADT (ACPI 6.5, 5.2.12) ------------------------------------------------------------------
 */

static void local_apic(struct str *out, unsigned uid, uint32_t id)
{
	enum { LOCAL_APIC = 0, LOCAL_X2APIC = 9 };

	if (id <= APIC_ID_MAX_8BIT) {
		acpi_u8(out, LOCAL_APIC);
		acpi_u8(out, 8);
		acpi_u8(out, (uint8_t)uid);
		acpi_u8(out, (uint8_t)id);
		acpi_u32(out, ENABLED);
		return;
	}
	acpi_u8(out, LOCAL_X2APIC);
	acpi_u8(out, 16);
	acpi_u16(out, 0);
	acpi_u32(out, id);
	acpi_u32(out, ENABLED);
	acpi_u32(out, uid);
}

static void io_apic(struct str *out)
{
	acpi_u8(out, 1);
	acpi_u8(out, 12);
	acpi_u8(out, 0); /* id */
	acpi_u8(out, 0);
	acpi_u32(out, ACPI_IOAPIC_BASE);
	acpi_u32(out, 0); /* its first line */
}

static void override(struct str *out, uint8_t irq, uint32_t gsi, uint16_t flags)
{
	acpi_u8(out, 2);
	acpi_u8(out, 10);
	acpi_u8(out, 0); /* ISA */
	acpi_u8(out, irq);
	acpi_u32(out, gsi);
	acpi_u16(out, flags);
}

/* LINT1 of all CPUs is the NMI. */
static void nmi(struct str *out, bool x2apic)
{
	enum { LOCAL_NMI = 4, X2APIC_NMI = 10, ALL = 0xff };

	acpi_u8(out, LOCAL_NMI);
	acpi_u8(out, 6);
	acpi_u8(out, ALL);
	acpi_u16(out, 0);
	acpi_u8(out, 1);
	if (!x2apic)
		return;
	acpi_u8(out, X2APIC_NMI);
	acpi_u8(out, 12);
	acpi_u16(out, 0);
	acpi_u32(out, UINT32_MAX);
	acpi_u8(out, 1);
	acpi_zeros(out, 3);
}

void acpi_madt(const struct acpi_request *q, struct str *out)
{
	enum { ACTIVE_HIGH_LEVEL = 0xd };
	const struct apic_layout a = apic_layout_of(q->topology);
	size_t begin = acpi_table_begin(out, "APIC", 3);
	struct vm_place p;

	acpi_u32(out, ACPI_LAPIC_BASE);
	acpi_u32(out, 0); /* no PCAT_COMPAT: there is no 8259 */
	vm_topology_foreach(&p, q->topology) local_apic(out, p.cpu, apic_id_of(&a, &p));
	io_apic(out);
	override(out, 0, 2, 0);
	/* Unsaid it would be active low, and a line that is never raised would count as raised. */
	override(out, ACPI_SCI, ACPI_SCI, ACTIVE_HIGH_LEVEL);
	nmi(out, a.max_id > APIC_ID_MAX_8BIT);
	acpi_table_end(out, begin);
}

/* ---- SRAT (5.2.16) ----------------------------------------------------------------------------
 */

static void cpu_affinity(struct str *out, unsigned node, uint32_t id)
{
	acpi_u8(out, 2); /* by x2APIC id, which holds the short ones too */
	acpi_u8(out, 24);
	acpi_u16(out, 0);
	acpi_u32(out, node);
	acpi_u32(out, id);
	acpi_u32(out, ENABLED);
	acpi_u32(out, 0); /* clock domain */
	acpi_u32(out, 0);
}

static void memory_affinity(struct str *out, const struct acpi_memory *m)
{
	acpi_u8(out, 1);
	acpi_u8(out, 40);
	acpi_u32(out, m->node);
	acpi_u16(out, 0);
	acpi_u64(out, m->base);
	acpi_u64(out, m->size);
	acpi_u32(out, 0);
	acpi_u32(out, ENABLED);
	acpi_u64(out, 0);
}

void acpi_srat(const struct acpi_request *q, struct str *out)
{
	const struct apic_layout a = apic_layout_of(q->topology);
	size_t begin = acpi_table_begin(out, "SRAT", 3);
	struct vm_place p;

	acpi_u32(out, 1); /* as the specification wants it */
	acpi_u64(out, 0);
	vm_topology_foreach(&p, q->topology) cpu_affinity(out, p.node, apic_id_of(&a, &p));
	for (size_t i = 0; i < q->nmemory; i++)
		memory_affinity(out, &q->memory[i]);
	acpi_table_end(out, begin);
}
