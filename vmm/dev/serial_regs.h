/*
 * The registers of a 16550A and the rings behind them, without threads or descriptors: what
 * vmm/dev/serial.c locks. Functions that return bool say whether the interrupt line is to be
 * raised.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SERIAL_TX_SIZE = 256 * 1024, /* held until the other end reads */
	SERIAL_RX_SIZE = 512,
	SERIAL_FEED = 256, /* bytes put before the guest at a time */
	SERIAL_FIFO = 16,  /* what a driver sends without asking */
	SERIAL_BREAK = 0x100,
};

struct serial_regs {
	bool lossy; /* the transmitter is never busy; the oldest bytes give way */
	unsigned char ier, fcr, lcr, mcr, scr, dll, dlm;
	bool thri;	   /* the transmitter has become empty, and the driver does not know */
	unsigned char *tx; /* owned ring */
	size_t tx_at, tx_len;
	uint16_t rx[SERIAL_RX_SIZE]; /* bytes, or SERIAL_BREAK */
	size_t rx_at, rx_len;
	uint64_t lost, lost_told; /* bytes of tx */
};

void serial_regs_init(struct serial_regs *r, bool lossy);
void serial_regs_release(struct serial_regs *r);
/* Ports 0 to 7. */
unsigned char serial_regs_read(struct serial_regs *r, unsigned port);
bool serial_regs_write(struct serial_regs *r, unsigned port, unsigned char v);
/* A byte or a break from outside; what does not fit is forgotten. */
bool serial_regs_receive(struct serial_regs *r, uint16_t v);
/* Takes up to n bytes out of the transmitter. */
size_t serial_regs_fetch(struct serial_regs *r, unsigned char *to, size_t n);
/* After a fetch: whether a transmitter that was busy is free again. */
bool serial_regs_drained(struct serial_regs *r);
