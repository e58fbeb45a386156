#include "vmm/kvm/arch/x86_64/mptable.h"

#include <stddef.h>
#include <string.h>

#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/layout.h"

enum { POINTER = 16, HEADER = 44, VERSION = 4 };

static void put(unsigned char *p, uint32_t v, unsigned width)
{
	for (; width--; v >>= 8)
		*p++ = (unsigned char)v;
}

static void text(unsigned char *p, const char *s)
{
	while (*s)
		*p++ = (unsigned char)*s++;
}

static unsigned char rest(const unsigned char *p, size_t n)
{
	unsigned char sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (unsigned char)(sum + p[i]);
	return (unsigned char)-sum;
}

void mptable_make(unsigned char bytes[MPTABLE_SIZE])
{
	unsigned char *table = bytes + POINTER;

	memset(bytes, 0, MPTABLE_SIZE);
	/* 4.1: the pointer, a paragraph long, and no default configuration */
	text(bytes, "_MP_");
	put(bytes + 4, MPTABLE_AT + POINTER, 4);
	bytes[8] = 1;
	bytes[9] = VERSION;
	bytes[10] = rest(bytes, POINTER);
	/* 4.2: the header, with no entries behind it */
	text(table, "PCMP");
	put(table + 4, HEADER, 2);
	table[6] = VERSION;
	text(table + 8, "KTSTR   ");
	text(table + 16, "            ");
	put(table + 36, ACPI_LAPIC_BASE, 4);
	table[7] = rest(table, HEADER);
}
