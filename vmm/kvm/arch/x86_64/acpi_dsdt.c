/* The DSDT: what devices there are, as AML (ACPI 6.5, chapter 20). */
#include "vmm/kvm/arch/x86_64/acpi_write.h"

enum aml {
	NAME = 0x08,
	BYTE = 0x0A,
	STRING = 0x0D,
	SCOPE = 0x10,
	BUFFER = 0x11,
	PACKAGE = 0x12,
	EXTENDED = 0x5B,
	EXTENDED_DEVICE = 0x82,
};

/* A length that counts its own bytes, and the body: one byte up to 63 in all, else the low four
 * bits and one to three bytes more. */
static void wrap(struct str *out, const struct str *body)
{
	unsigned more = body->len + 1 < 64 ? 0 : body->len + 2 < 1 << 12 ? 1 : 2;
	size_t n = body->len + 1 + more;

	if (!more)
		acpi_u8(out, (uint8_t)n);
	else
		acpi_u8(out, (uint8_t)(more << 6 | (n & 0xf)));
	for (unsigned i = 0; i < more; i++)
		acpi_u8(out, (uint8_t)(n >> (4 + 8 * i)));
	str_append(out, str_get(body), body->len);
}

static void name(struct str *out, const char *four)
{
	acpi_u8(out, NAME);
	str_append(out, four, 4);
}

/* In the shortest form: 0 and 1 are opcodes of their own. */
static void integer(struct str *out, uint8_t v)
{
	if (v > 1)
		acpi_u8(out, BYTE);
	acpi_u8(out, v);
}

/* A resource template: a window of memory and an interrupt of its own (6.4.3.4, 6.4.3.6). */
static void resources(const struct acpi_virtio *v, struct str *out)
{
	enum { MEMORY = 0x86, INTERRUPT = 0x89, END = 0x79, WRITABLE = 1, CONSUMER_EDGE_HIGH = 3 };
	cleanup_str struct str body = STR_INIT, list = STR_INIT;

	acpi_u8(&list, MEMORY);
	acpi_u16(&list, 9);
	acpi_u8(&list, WRITABLE);
	acpi_u32(&list, v->base);
	acpi_u32(&list, v->size);
	acpi_u8(&list, INTERRUPT);
	acpi_u16(&list, 6);
	acpi_u8(&list, CONSUMER_EDGE_HIGH);
	acpi_u8(&list, 1);
	acpi_u32(&list, v->gsi);
	acpi_u8(&list, END);
	acpi_u8(&list, 0); /* no checksum */
	integer(&body, (uint8_t)list.len);
	str_append(&body, list.s, list.len);
	name(out, "_CRS");
	acpi_u8(out, BUFFER);
	wrap(out, &body);
}

/* Drivers know the windows of virtio-mmio by the name LNRO0005. */
static void virtio(const struct acpi_virtio *v, unsigned number, struct str *out)
{
	cleanup_str struct str body = STR_INIT;

	str_printf(&body, "V%03u", number);
	name(&body, "_HID");
	acpi_u8(&body, STRING);
	str_append(&body, "LNRO0005", 9);
	name(&body, "_UID");
	integer(&body, (uint8_t)number);
	name(&body, "_CCA"); /* its memory accesses are coherent */
	integer(&body, 1);
	resources(v, &body);
	acpi_u8(out, EXTENDED);
	acpi_u8(out, EXTENDED_DEVICE);
	wrap(out, &body);
}

/* What is written into the control register to power off. */
static void sleep_states(struct str *out)
{
	cleanup_str struct str body = STR_INIT;

	acpi_u8(&body, 4);
	integer(&body, ACPI_SLEEP_OFF);
	acpi_zeros(&body, 3);
	name(out, "_S5_");
	acpi_u8(out, PACKAGE);
	wrap(out, &body);
}

void acpi_dsdt(const struct acpi_request *q, struct str *out)
{
	size_t begin = acpi_table_begin(out, "DSDT", 2);
	cleanup_str struct str scope = STR_INIT;

	sleep_states(out);
	str_append(&scope, "_SB_", 4);
	for (size_t i = 0; i < q->nvirtio; i++)
		virtio(&q->virtio[i], (unsigned)i, &scope);
	if (q->nvirtio) {
		acpi_u8(out, SCOPE);
		wrap(out, &scope);
	}
	acpi_table_end(out, begin);
}
