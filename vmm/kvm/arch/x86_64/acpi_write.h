/* Bytes of ACPI tables: little-endian numbers, headers, checksums. Of the tables' files alone. */
#pragma once

#include "vmm/kvm/arch/x86_64/acpi.h"

void acpi_u8(struct str *out, uint8_t v);
void acpi_u16(struct str *out, uint16_t v);
void acpi_u32(struct str *out, uint32_t v);
void acpi_u64(struct str *out, uint64_t v);
void acpi_zeros(struct str *out, size_t n);

/* A table: its header at `begin`, then whatever is appended; end() fills in length and checksum. */
size_t acpi_table_begin(struct str *out, const char signature[4], uint8_t revision);
void acpi_table_end(struct str *out, size_t begin);
/* The byte that makes the sum of n bytes 0, given that it is 0 now. */
uint8_t acpi_checksum(const struct str *out, size_t at, size_t n);

/* The tables that are not all header; each appends itself. */
void acpi_dsdt(const struct acpi_request *q, struct str *out);
void acpi_madt(const struct acpi_request *q, struct str *out);
void acpi_srat(const struct acpi_request *q, struct str *out);
void acpi_slit(const struct acpi_request *q, struct str *out);
void acpi_hmat(const struct acpi_request *q, struct str *out);
