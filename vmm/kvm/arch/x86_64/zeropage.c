#include "vmm/kvm/arch/x86_64/zeropage.h"

#include <string.h>

#include "vmm/kvm/arch/x86_64/acpi.h"
#include "vmm/kvm/arch/x86_64/layout.h"

/* Offsets of boot.rst and zero-page.rst. */
enum {
	RSDP_ADDR = 0x070,	   /* u64 */
	EXT_RAMDISK_IMAGE = 0x0c0, /* u32, as the next */
	EXT_RAMDISK_SIZE = 0x0c4,
	E820_ENTRIES = 0x1e8, /* u8 */
	BOOT_FLAG = 0x1fe,    /* u16 */
	HEADER = 0x202,
	VERSION = 0x206,	/* u16 */
	TYPE_OF_LOADER = 0x210, /* u8 */
	RAMDISK_IMAGE = 0x218,	/* u32, as the next */
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	INITRD_ADDR_MAX = 0x22c,
	KERNEL_ALIGNMENT = 0x230,
	CMDLINE_SIZE = 0x238,
	SETUP_DATA = 0x250, /* u64 */
	E820_TABLE = 0x2d0,
	E820_ENTRY = 20,
	E820_MAX = 128,

	E820_RAM = 1,
	E820_RESERVED = 2,
	LOADER_UNNAMED = 0xff,
	PROTOCOL = 0x20f,   /* 2.15 */
	MAGIC = 0x53726448, /* "HdrS" */
};

static void put(unsigned char *p, uint64_t v, unsigned width)
{
	for (; width--; v >>= 8)
		*p++ = (unsigned char)v;
}

static void e820(unsigned char *page, uint64_t at, uint64_t size, uint32_t type)
{
	unsigned n = page[E820_ENTRIES];
	unsigned char *entry = page + E820_TABLE + n * E820_ENTRY;

	if (n == E820_MAX || !size)
		return;
	put(entry, at, 8);
	put(entry + 8, size, 8);
	put(entry + 16, type, 4);
	page[E820_ENTRIES]++;
}

/* The firmware's part of the first MiB is left out of the memory that lies there. */
static void memory_map(unsigned char *page, const struct ram *ram)
{
	e820(page, 0, LOW_END, E820_RAM);
	e820(page, LOW_END, HIGH_START - LOW_END, E820_RESERVED);
	for (unsigned i = 0; i < ram->n; i++) {
		uint64_t at = ram->range[i].gpa, size = ram->range[i].size;
		uint64_t skip = at < HIGH_START ? HIGH_START - at : 0;

		if (size > skip)
			e820(page, at + skip, size - skip, E820_RAM);
	}
}

static void own_header(unsigned char *page)
{
	put(page + BOOT_FLAG, 0xaa55, 2);
	put(page + HEADER, MAGIC, 4);
	put(page + VERSION, PROTOCOL, 2);
	put(page + KERNEL_ALIGNMENT, 0x1000000, 4);
}

void zero_page_make(const struct zero_page_request *q, unsigned char page[ZERO_PAGE_SIZE])
{
	memset(page, 0, ZERO_PAGE_SIZE);
	if (q->plan->header_size)
		memcpy(page + SETUP_HEADER_AT, q->plan->header, q->plan->header_size);
	else
		own_header(page);
	page[TYPE_OF_LOADER] = LOADER_UNNAMED;
	put(page + RSDP_ADDR, ACPI_BASE, 8);
	put(page + CMD_LINE_PTR, CMDLINE_AT, 4);
	put(page + CMDLINE_SIZE, q->plan->cmdline_max, 4);
	put(page + INITRD_ADDR_MAX, q->plan->initrd_max, 4);
	put(page + RAMDISK_IMAGE, q->initrd_at & UINT32_MAX, 4);
	put(page + EXT_RAMDISK_IMAGE, q->initrd_at >> 32, 4);
	put(page + RAMDISK_SIZE, q->initrd_size & UINT32_MAX, 4);
	put(page + EXT_RAMDISK_SIZE, q->initrd_size >> 32, 4);
	put(page + SETUP_DATA, q->setup_data, 8);
	memory_map(page, q->ram);
}
