/*
 * The I/O interrupt controller (82093AA, version 0x20) of machines whose local controllers are
 * KVM's alone: with more CPUs than eight bits can name. Each line of it that is not masked is a
 * route of KVM's, so that an eventfd still raises it without us; the guest's writes change the
 * routes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/kvm/bus.h"

enum { IOAPIC_PINS_MAX = 24, IOAPIC_SIZE = 0x1000 };

/* Where a line goes: the message that a device would write. */
struct ioapic_route {
	bool on; /* not masked */
	bool level;
	uint32_t address_lo, address_hi, data;
};

struct ioapic;

/* `changed` is called on a vCPU's thread, never two at a time, with all IOAPIC_PINS_MAX routes. */
struct ioapic *ioapic_new(
	void (*changed)(void *user, const struct ioapic_route *routes), void *user);
void ioapic_free(struct ioapic *a);
/* For bus_add(): the device is the struct ioapic, the size IOAPIC_SIZE. */
extern const struct bus_ops ioapic_bus;
/* The guest has handled an interrupt of this vector: level-triggered lines may come again. */
void ioapic_eoi(struct ioapic *a, uint8_t vector);
