/*
 * Addresses to devices: one bus for ports, one for memory. Ranges are added while the machine is
 * put together; bus_seal() ends that, and from then on the table is constant, so that any number of
 * vCPU threads look things up without a lock. A device locks for itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

/* `offset` is counted from the start of the range, `size` is 1, 2, 4 or 8 and the access lies in
 * the range as a whole. Values are the low `size` bytes. */
struct bus_ops {
	uint64_t (*read)(void *dev, uint64_t offset, unsigned size);
	void (*write)(void *dev, uint64_t offset, unsigned size, uint64_t value);
};

enum { BUS_RANGES_MAX = 64 };

struct bus_range {
	uint64_t base, size;
	const struct bus_ops *ops;
	void *dev; /* borrowed */
};

struct bus {
	struct bus_range range[BUS_RANGES_MAX]; /* ascending, disjoint */
	unsigned n;
	bool sealed;
};

/* -EINVAL: empty, wraps around, overlaps another one, or the bus is sealed; -ENOSPC. */
int bus_add(struct bus *b, uint64_t base, uint64_t size, const struct bus_ops *ops, void *dev,
	struct err *e);
void bus_seal(struct bus *b);

/*
 * One access of a guest. What nobody claims, and what no device can answer (a size that is no power
 * of two, an access across the end of a range), reads as all ones and is forgotten when written.
 * `data` holds `size` bytes, at most 8, little-endian; all of them are filled by a read.
 */
void bus_read(const struct bus *b, uint64_t addr, void *data, unsigned size);
void bus_write(const struct bus *b, uint64_t addr, const void *data, unsigned size);

/*
 * A port exit: `count` accesses of `size` bytes to the same port (string instructions make many).
 * `room` is how many bytes may be touched at `data` (to the end of the mapped kvm_run); false, and
 * nothing is done, when size * count is more.
 */
bool bus_ports(const struct bus *b, uint16_t port, bool in, unsigned size, uint32_t count,
	void *data, size_t room);
