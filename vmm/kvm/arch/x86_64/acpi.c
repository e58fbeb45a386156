#include "vmm/kvm/arch/x86_64/acpi.h"

#include <errno.h>
#include <string.h>

#include "src/base/mem.h"
#include "vmm/kvm/arch/x86_64/acpi_write.h"

enum { RSDP_SIZE = 36, FACS_SIZE = 64, FADT_SIZE = 276, GAS_SIZE = 12 };

/* Where a table is in guest memory. */
static uint32_t address(size_t base, size_t at)
{
	return (uint32_t)(ACPI_BASE + at - base);
}

static void align(struct str *out, size_t base, size_t to)
{
	while ((out->len - base) % to)
		acpi_u8(out, 0);
}

/* ACPI 6.5, 5.2.5.3. */
static void rsdp(struct str *out, size_t base, uint64_t xsdt)
{
	struct str head = STR_INIT;

	str_append(&head, "RSD PTR ", 8);
	acpi_u8(&head, 0); /* checksum of the first 20 bytes */
	str_append(&head, "KTSTR", 6);
	acpi_u8(&head, 2);
	acpi_u32(&head, 0); /* no RSDT: whoever reads 64-bit tables does not need it */
	acpi_u32(&head, RSDP_SIZE);
	acpi_u64(&head, xsdt);
	acpi_u8(&head, 0); /* checksum of all */
	acpi_zeros(&head, 3);
	head.s[8] = (char)acpi_checksum(&head, 0, 20);
	head.s[32] = (char)acpi_checksum(&head, 0, RSDP_SIZE);
	memcpy(out->s + base, head.s, RSDP_SIZE);
	str_release(&head);
}

static void facs(struct str *out)
{
	str_append(out, "FACS", 4);
	acpi_u32(out, FACS_SIZE);
	acpi_zeros(out, 24);
	acpi_u8(out, 2);
	acpi_zeros(out, FACS_SIZE - 33);
}

/* 5.2.9: the fixed registers, how to reset, and what a PC would have and this has not. */
static void fadt(struct str *out, uint32_t facs_at, uint32_t dsdt_at)
{
	enum { NO_C_STATE = 0xfff, NO_VGA = 1 << 2, NO_RTC = 1 << 5 };
	enum {
		WBINVD = 1 << 0,
		C1 = 1 << 2,
		NO_BUTTONS = 3 << 4,
		NO_RTC_WAKE = 1 << 6,
		RESETS = 1 << 10
	};
	enum { IO_SPACE = 1, BYTE_ACCESS = 1 };
	size_t begin = acpi_table_begin(out, "FACP", 6);

	acpi_u32(out, facs_at);
	acpi_u32(out, dsdt_at);
	acpi_u16(out, 0);
	acpi_u16(out, ACPI_SCI);
	acpi_zeros(out, 8); /* no SMI_CMD: always in ACPI mode */
	acpi_u32(out, ACPI_PM1_EVENT);
	acpi_u32(out, 0);
	acpi_u32(out, ACPI_PM1_CONTROL);
	acpi_zeros(out, 5 * 4); /* PM1b, PM2, timer, general purpose events */
	acpi_u8(out, 4);
	acpi_u8(out, 2);
	acpi_zeros(out, 6);
	acpi_u16(out, NO_C_STATE);
	acpi_u16(out, NO_C_STATE);
	acpi_zeros(out, 9);
	acpi_u16(out, NO_VGA | NO_RTC);
	acpi_u8(out, 0);
	acpi_u32(out, WBINVD | C1 | NO_BUTTONS | NO_RTC_WAKE | RESETS);
	acpi_u8(out, IO_SPACE);
	acpi_u8(out, 8);
	acpi_u8(out, 0);
	acpi_u8(out, BYTE_ACCESS);
	acpi_u64(out, ACPI_RESET_PORT);
	acpi_u8(out, ACPI_RESET_VALUE);
	acpi_u16(out, 0);
	acpi_u8(out, 5); /* of version 6.5 */
	acpi_u64(out, 0);
	acpi_u64(out, dsdt_at);
	acpi_zeros(out, 10 * GAS_SIZE); /* the wide forms of what is said above */
	acpi_u64(out, 0);
	acpi_table_end(out, begin);
}

struct listed {
	uint32_t at[8];
	size_t n;
};

static void note(struct listed *l, struct str *out, size_t base)
{
	align(out, base, 8);
	l->at[l->n++] = address(base, out->len);
}

static void tables(const struct acpi_request *q, struct str *out, size_t base, struct listed *l)
{
	uint32_t facs_at, dsdt_at;

	align(out, base, 64);
	facs_at = address(base, out->len);
	facs(out);
	dsdt_at = address(base, out->len);
	acpi_dsdt(q, out);
	note(l, out, base);
	fadt(out, facs_at, dsdt_at);
	note(l, out, base);
	acpi_madt(q, out);
	if (q->topology->nodes < 2)
		return;
	note(l, out, base);
	acpi_srat(q, out);
	note(l, out, base);
	acpi_slit(q, out);
	note(l, out, base);
	acpi_hmat(q, out);
}

int acpi_build(const struct acpi_request *q, struct str *out, struct err *e)
{
	struct listed l = {.n = 0};
	size_t base = out->len, xsdt, size;

	if (q->nvirtio > ACPI_VIRTIO_MAX)
		return err_set(e, ENOSPC, "the guest has %zu devices, and there are lines for %d",
			q->nvirtio, ACPI_VIRTIO_MAX);
	acpi_zeros(out, RSDP_SIZE); /* first, since that is where firmware would look for it */
	tables(q, out, base, &l);
	align(out, base, 8);
	xsdt = acpi_table_begin(out, "XSDT", 1);
	for (size_t i = 0; i < l.n; i++)
		acpi_u64(out, l.at[i]);
	acpi_table_end(out, xsdt);
	rsdp(out, base, address(base, xsdt));
	size = out->len - base;
	if (size > ACPI_END - ACPI_BASE)
		return err_set(e, ENOSPC,
			"the guest's firmware tables take %zu KiB, and there is room for %d",
			size >> 10, (ACPI_END - ACPI_BASE) >> 10);
	return 0;
}
