/* Where things lie in the guest's first 4 GiB (spec/vmm 3.1). */
#pragma once

enum {
	MPTABLE_AT = 0x10, /* in the first KiB, where it is looked for first */
	GDT_AT = 0x500,
	ZERO_PAGE_AT = 0x7000, /* struct boot_params */
	STACK_AT = 0x8ff0,
	PML4_AT = 0x9000,
	PDPT_AT = 0xa000,
	PD_AT = 0xb000,	       /* the first GiB, mapped to itself */
	RNG_SEED_AT = 0x1f000, /* a struct setup_data */
	CMDLINE_AT = 0x20000,
	CMDLINE_ROOM = 0x10000,
	LOW_END = 0x9fc00, /* of usable memory below 1 MiB */
	HIGH_START = 0x100000,
};

#define HOLE_START   0xc0000000ULL /* device windows */
#define HOLE_END     0x100000000ULL
#define VIRTIO_BASE  0xc0000000ULL
#define IDENTITY_MAP 0xfffbc000ULL /* a page that old Intel CPUs need */
#define TSS_AT	     0xfffbd000ULL /* three more */

enum {
	VIRTIO_GSI = 16, /* the first line that is no ISA interrupt */
	IOAPIC_PINS = 24,
};
