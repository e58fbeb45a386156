/*
 * The firmware tables of a guest: RSDP, XSDT, FADT, DSDT, MADT, and where there are nodes SRAT,
 * SLIT and HMAT, laid out in one piece for ACPI_BASE (spec/vmm 3.8). Pure: from a description to
 * bytes.
 *
 * What the tables promise of the machine, and the monitor keeps: an IOAPIC with 24 lines, ISA IRQ 0
 * on line 2; event and control registers at ACPI_PM1_EVENT and ACPI_PM1_CONTROL (already in ACPI
 * mode; sleep type 5 powers off); a keyboard controller that resets when ACPI_RESET_VALUE is
 * written to ACPI_RESET_PORT; no 8259, no PM timer, no RTC, no VGA.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "vmm/topology.h"

enum {
	ACPI_BASE = 0xE0000, /* the RSDP; where the blob goes */
	ACPI_END = 0x100000,
	ACPI_IOAPIC_BASE = 0xFEC00000,
	ACPI_LAPIC_BASE = 0xFEE00000,
	ACPI_PM1_EVENT = 0x600,	  /* 4 bytes: status, enable */
	ACPI_PM1_CONTROL = 0x604, /* 2 bytes */
	ACPI_SCI = 9,
	ACPI_SLEEP_OFF = 5,   /* SLP_TYP that powers off */
	ACPI_VIRTIO_MAX = 16, /* as many lines as an IOAPIC of 24 leaves beside the ISA's */
	ACPI_RESET_PORT = 0x64,
	ACPI_RESET_VALUE = 0xFE,
};

/* A range of RAM; a node may have several. */
struct acpi_memory {
	uint64_t base, size;
	unsigned node;
};

/* A virtio-mmio window, an edge-triggered line each. */
struct acpi_virtio {
	uint32_t base, size;
	unsigned gsi;
};

struct acpi_request {
	const struct vm_topology *topology;
	const struct acpi_memory *memory;
	size_t nmemory;
	const struct acpi_virtio *virtio;
	size_t nvirtio;
};

/* Appends the tables. -ENOSPC with a sentence: too many devices, or they would reach beyond
 * ACPI_END. */
int acpi_build(const struct acpi_request *q, struct str *out, struct err *e);
