#include "vmm/dev/serial_regs.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };

enum {
	IER_RX = 1,
	IER_THR = 2,
	IER_LINE = 4,
	IER_ALL = 0x0f,
	IIR_NONE = 1,
	IIR_THR = 2,
	IIR_RX = 4,
	IIR_LINE = 6,
	IIR_FIFOS = 0xc0,
	FCR_ENABLE = 1,
	FCR_CLEAR_RX = 2,
	FCR_CLEAR_TX = 4,
	LCR_DLAB = 0x80,
	MCR_DTR = 1,
	MCR_RTS = 2,
	MCR_OUT1 = 4,
	MCR_OUT2 = 8,
	MCR_LOOP = 0x10,
	MCR_ALL = 0x1f,
	LSR_READY = 1,
	LSR_BREAK = 0x10,
	LSR_EMPTY = 0x60, /* THRE and TEMT */
	MSR_CTS = 0x10,
	MSR_DSR = 0x20,
	MSR_RI = 0x40,
	MSR_DCD = 0x80,
};

void serial_regs_init(struct serial_regs *r, bool lossy)
{
	*r = (struct serial_regs){.lossy = lossy, .dll = 1}; /* 115200 baud */
	r->tx = xmalloc(SERIAL_TX_SIZE);
}

void serial_regs_release(struct serial_regs *r)
{
	free(r->tx);
	r->tx = NULL;
}

/* A driver that sees an empty transmitter sends a whole FIFO. */
static bool tx_free(const struct serial_regs *r)
{
	return r->lossy || r->tx_len <= SERIAL_TX_SIZE - SERIAL_FIFO;
}

static bool head_is_break(const struct serial_regs *r)
{
	return r->rx_len && r->rx[r->rx_at] & SERIAL_BREAK;
}

static unsigned char line_status(const struct serial_regs *r)
{
	return (unsigned char)((r->rx_len ? LSR_READY : 0) | (head_is_break(r) ? LSR_BREAK : 0) |
			       (tx_free(r) ? LSR_EMPTY : 0));
}

static unsigned char modem_status(const struct serial_regs *r)
{
	if (!(r->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (unsigned char)((r->mcr & MCR_DTR ? MSR_DSR : 0) | (r->mcr & MCR_RTS ? MSR_CTS : 0) |
			       (r->mcr & MCR_OUT1 ? MSR_RI : 0) |
			       (r->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* The most urgent reason to interrupt. Reading it is the driver's answer to an empty transmitter.
 */
static unsigned char interrupt_id(struct serial_regs *r)
{
	unsigned char fifos = r->fcr & FCR_ENABLE ? IIR_FIFOS : 0;

	if (r->ier & IER_LINE && head_is_break(r))
		return fifos | IIR_LINE;
	if (r->ier & IER_RX && r->rx_len)
		return fifos | IIR_RX;
	if (r->ier & IER_THR && r->thri) {
		r->thri = false;
		return fifos | IIR_THR;
	}
	return fifos | IIR_NONE;
}

static unsigned char take(struct serial_regs *r)
{
	unsigned char v;

	if (!r->rx_len)
		return 0;
	v = (unsigned char)r->rx[r->rx_at]; /* a break reads as 0 */
	r->rx_at = (r->rx_at + 1) % SERIAL_RX_SIZE;
	r->rx_len--;
	return v;
}

unsigned char serial_regs_read(struct serial_regs *r, unsigned port)
{
	switch (port) {
	case REG_DATA:
		return r->lcr & LCR_DLAB ? r->dll : take(r);
	case REG_IER:
		return r->lcr & LCR_DLAB ? r->dlm : r->ier;
	case REG_IIR_FCR:
		return interrupt_id(r);
	case REG_LCR:
		return r->lcr;
	case REG_MCR:
		return r->mcr;
	case REG_LSR:
		return line_status(r);
	case REG_MSR:
		return modem_status(r);
	case REG_SCR:
		return r->scr;
	default:
		return 0xff;
	}
}

static void put(struct serial_regs *r, unsigned char v)
{
	if (r->tx_len == SERIAL_TX_SIZE) {
		r->lost++;
		if (!r->lossy)
			return;
		r->tx_at = (r->tx_at + 1) % SERIAL_TX_SIZE;
		r->tx_len--;
	}
	r->tx[(r->tx_at + r->tx_len++) % SERIAL_TX_SIZE] = v;
}

static bool transmit(struct serial_regs *r, unsigned char v)
{
	if (r->mcr & MCR_LOOP)
		return serial_regs_receive(r, v);
	put(r, v);
	r->thri = tx_free(r);
	return r->thri && r->ier & IER_THR;
}

static bool enable(struct serial_regs *r, unsigned char v)
{
	unsigned char added = v & IER_ALL & (unsigned char)~r->ier;

	r->ier = v & IER_ALL;
	/* the driver tests that asking for it while it is so interrupts at once */
	if (added & IER_THR && tx_free(r))
		r->thri = true;
	return (added & IER_THR && r->thri) || (added & (IER_RX | IER_LINE) && r->rx_len);
}

static void control_fifos(struct serial_regs *r, unsigned char v)
{
	r->fcr = v;
	if (v & FCR_CLEAR_RX)
		r->rx_len = 0;
	/* FCR_CLEAR_TX: on the wire already, as far as the guest can tell */
}

bool serial_regs_write(struct serial_regs *r, unsigned port, unsigned char v)
{
	bool dlab = r->lcr & LCR_DLAB;

	switch (port) {
	case REG_DATA:
		if (!dlab)
			return transmit(r, v);
		r->dll = v;
		break;
	case REG_IER:
		if (!dlab)
			return enable(r, v);
		r->dlm = v;
		break;
	case REG_IIR_FCR:
		control_fifos(r, v);
		break;
	case REG_LCR:
		r->lcr = v;
		break;
	case REG_MCR:
		r->mcr = v & MCR_ALL;
		break;
	case REG_SCR:
		r->scr = v;
		break;
	default:
		break; /* the states of line and modem are read only */
	}
	return false;
}

bool serial_regs_receive(struct serial_regs *r, uint16_t v)
{
	if (r->rx_len == SERIAL_RX_SIZE)
		return false;
	r->rx[(r->rx_at + r->rx_len++) % SERIAL_RX_SIZE] = v;
	return r->ier & (IER_RX | (v & SERIAL_BREAK ? IER_LINE : 0));
}

size_t serial_regs_fetch(struct serial_regs *r, unsigned char *to, size_t n)
{
	size_t done = 0;

	while (done < n && r->tx_len) {
		size_t some = SERIAL_TX_SIZE - r->tx_at;

		if (some > r->tx_len)
			some = r->tx_len;
		if (some > n - done)
			some = n - done;
		memcpy(to + done, r->tx + r->tx_at, some);
		r->tx_at = (r->tx_at + some) % SERIAL_TX_SIZE;
		r->tx_len -= some;
		done += some;
	}
	return done;
}

bool serial_regs_drained(struct serial_regs *r)
{
	if (r->lossy || r->thri || !(r->ier & IER_THR) || r->tx_len > SERIAL_TX_SIZE / 2)
		return false;
	r->thri = true;
	return true;
}
