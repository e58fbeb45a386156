/*
 * A 16550A (spec 4.1). Registers are answered on vCPU threads, bytes travel to and from a socket on
 * the loop thread; a ring lies between the two.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/loop.h"
#include "vmm/kvm/bus.h"
#include "vmm/kvm/irq.h"

enum {
	SERIAL_COM1 = 0x3f8,
	SERIAL_COM1_IRQ = 4,
	SERIAL_COM2 = 0x2f8,
	SERIAL_COM2_IRQ = 3,
	SERIAL_PORTS = 8, /* size of the range */
};

enum serial_kind {
	/* a log: the guest is never held up; when nobody reads, the oldest bytes give way and a
	 * line in the log says how many */
	SERIAL_LOG,
	/* a stream both ways: the transmitter is busy while nobody reads, and says so */
	SERIAL_STREAM,
};

struct serial;

/* `fd` (a socket that does not block) and `irq` are borrowed. */
struct serial *serial_new(enum serial_kind kind, int fd, struct loop *loop,
	const struct irq_line *irq, struct err *e);
void serial_free(struct serial *s);
/* For bus_add(): the device is the struct serial, the size SERIAL_PORTS. */
extern const struct bus_ops serial_bus;

/* A break and then a key: the kernel's sysrq. Any thread. */
void serial_sysrq(struct serial *s, unsigned char key);
/* Writes what is held until it is all written, nobody reads any more, or ms are over: for the end.
 * Loop thread. */
void serial_drain(struct serial *s, unsigned ms);
/* Bytes that were lost because nobody read them (LOG), or because the guest sent them to a
 * transmitter that was busy (STREAM). */
uint64_t serial_lost(struct serial *s);
