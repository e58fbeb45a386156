#include "vmm/kvm/arch/x86_64/mptable.h"

#include "vmm/kvm/arch/x86_64/acpi_write.h"
#include "vmm/kvm/arch/x86_64/layout.h"

enum { POINTER = 16, HEADER = 44, VERSION = 4 };

static void sum_up(struct str *out, size_t begin, size_t at)
{
	out->s[begin + at] = (char)acpi_checksum(out, begin, out->len - begin);
}

/* 4.1: a paragraph long, and no default configuration. */
static void pointer(struct str *out)
{
	size_t begin = out->len;

	str_append(out, "_MP_", 4);
	acpi_u32(out, MPTABLE_AT + POINTER);
	acpi_u8(out, 1);
	acpi_u8(out, VERSION);
	acpi_zeros(out, 6);
	sum_up(out, begin, 10);
}

/* 4.2: the header, with no entries behind it. */
static void table(struct str *out)
{
	size_t begin = out->len;

	str_append(out, "PCMP", 4);
	acpi_u16(out, HEADER);
	acpi_u8(out, VERSION);
	acpi_u8(out, 0);
	str_append(out, "KTSTR               ", 20);
	acpi_zeros(out, 8);
	acpi_u32(out, ACPI_LAPIC_BASE);
	acpi_zeros(out, 4);
	sum_up(out, begin, 7);
}

void mptable_build(struct str *out)
{
	pointer(out);
	table(out);
}
