/*
 * ACPI power management (spec 3.8, 4.2): the fixed registers that the FADT names. The machine is in
 * ACPI mode from the start; a write of S5 to PM1_CNT turns it off; the timer, which it does not
 * name, counts 3.579545 MHz in 24 bits.
 */
#pragma once

#include "vmm/dev/power.h"
#include "vmm/kvm/bus.h"

enum {
	PM_PORT = 0x600,
	PM_PORTS = 0x0c, /* size of the range */
	PM1_EVENT = 0x0, /* 4 bytes: status, then enable */
	PM1_ENABLE = 0x2,
	PM1_CONTROL = 0x4, /* 2 bytes */
	PM_TIMER = 0x8,	   /* 4 bytes */
	PM_S5 = 5,	   /* SLP_TYP for `\_S5` of the DSDT */
	PM_SCI = 9,	   /* interrupt, never raised */
};

struct pm;

struct pm *pm_new(const struct power *power); /* copied */
void pm_free(struct pm *p);
/* For bus_add(): the device is the struct pm. */
extern const struct bus_ops pm_bus;
