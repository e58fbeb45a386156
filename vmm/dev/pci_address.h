/*
 * The address port of PCI's configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2), by which
 * Linux finds out that there is a bus. No device is on it: what an address names reads as all ones,
 * as every port does that nobody claims. Without the port Linux complains on its console.
 */
#pragma once

#include <stdint.h>

#include "vmm/kvm/bus.h"

enum { PCI_ADDRESS = 0xcf8, PCI_ADDRESS_PORTS = 4 };

/* For bus_add(): the device is a uint32_t, 0 at first, which vCPUs' threads read and write. */
extern const struct bus_ops pci_address_bus;
