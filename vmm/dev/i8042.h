/*
 * The keyboard controller: the machine's reset line, and as much of the rest as lets Linux find a
 * controller without a mouse and go on at once (spec 4.2).
 */
#pragma once

#include "vmm/dev/power.h"
#include "vmm/kvm/bus.h"

enum { I8042_DATA = 0x60, I8042_COMMAND = 0x64 };

struct i8042;

struct i8042 *i8042_new(const struct power *power); /* copied */
void i8042_free(struct i8042 *k);
/* For bus_add(): two ranges of one port each, the device being the struct i8042. */
extern const struct bus_ops i8042_data_bus, i8042_command_bus;
