#include "vmm/kvm/arch/x86_64/acpi_write.h"

static void number(struct str *out, uint64_t v, unsigned bytes)
{
	char le[8];

	for (unsigned i = 0; i < bytes; i++)
		le[i] = (char)(v >> (8 * i));
	str_append(out, le, bytes);
}

void acpi_u8(struct str *out, uint8_t v)
{
	number(out, v, 1);
}

void acpi_u16(struct str *out, uint16_t v)
{
	number(out, v, 2);
}

void acpi_u32(struct str *out, uint32_t v)
{
	number(out, v, 4);
}

void acpi_u64(struct str *out, uint64_t v)
{
	number(out, v, 8);
}

void acpi_zeros(struct str *out, size_t n)
{
	str_repeat(out, 0, n);
}

uint8_t acpi_checksum(const struct str *out, size_t at, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + (uint8_t)out->s[at + i]);
	return (uint8_t)-sum;
}

/* ACPI 6.5, 5.2.6: 36 bytes. */
size_t acpi_table_begin(struct str *out, const char signature[4], uint8_t revision)
{
	size_t begin = out->len;

	str_append(out, signature, 4);
	acpi_u32(out, 0); /* length */
	acpi_u8(out, revision);
	acpi_u8(out, 0); /* checksum */
	str_append(out, "KTSTR", 6);
	str_append(out, "KTSR", 4);
	str_append(out, signature, 4);
	acpi_u32(out, 1);
	str_append(out, "KTSR", 4);
	acpi_u32(out, 1);
	return begin;
}

void acpi_table_end(struct str *out, size_t begin)
{
	enum { LENGTH = 4, CHECKSUM = 9 };
	size_t n = out->len - begin;

	for (unsigned i = 0; i < 4; i++)
		out->s[begin + LENGTH + i] = (char)(n >> (8 * i));
	out->s[begin + CHECKSUM] = (char)acpi_checksum(out, begin, n);
}
