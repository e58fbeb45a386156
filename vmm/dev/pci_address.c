#include "vmm/dev/pci_address.h"

/* Enabled, bus, device, function, register; the other bits are always 0. */
#define ADDRESS_BITS 0x80fffffcU

/* In any other width the ports are no part of the mechanism. */
static uint64_t read_port(void *dev, uint64_t at, unsigned size)
{
	if (at != 0 || size != 4)
		return UINT64_MAX;
	return __atomic_load_n((const uint32_t *)dev, __ATOMIC_RELAXED);
}

static void write_port(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	if (at == 0 && size == 4)
		__atomic_store_n((uint32_t *)dev, (uint32_t)v & ADDRESS_BITS, __ATOMIC_RELAXED);
}

const struct bus_ops pci_address_bus = {.read = read_port, .write = write_port};
