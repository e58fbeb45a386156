/* Scripts over the ports: serial lines of both kinds, keyboard controller, power management.
 * Whatever was done to a line, a driver that then sets it up gets its text through. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/dev/i8042.h"
#include "vmm/dev/ioapic.h"
#include "vmm/dev/pm.h"
#include "vmm/dev/serial.h"
#include "vmm/dev/serial_regs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* BURSTS: in one script, so that the fuzzer tries many scripts and not one for a second. */
enum { BURST = 4096, BURSTS = 8, SELECT = 0x00, WINDOW = 0x10 };

#define IOAPIC_AT 0xfec00000ULL

struct rig {
	struct loop *loop;
	struct irq_line irq;
	struct bus bus, memory;
	struct serial *serial[2];
	struct ioapic *ioapic;
	struct i8042 *k;
	struct pm *pm;
	int host[2], guest[2];
	unsigned events, bursts;
};

static void need(bool good)
{
	if (!good)
		abort();
}

static void on_power(void *user, enum power_event event)
{
	(void)event;
	++*(unsigned *)user;
}

static void on_routes(void *user, const struct ioapic_route *routes)
{
	(void)user;
	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++)
		need(!routes[i].on || routes[i].address_lo >> 20 == 0xfee);
}

static void set_up(struct rig *r)
{
	static const uint16_t port[] = {SERIAL_COM1, SERIAL_COM2};
	const struct power power = {.request = on_power, .user = &r->events};

	memset(r, 0, sizeof(*r));
	r->loop = loop_new(NULL);
	need(r->loop && !irq_line_init(&r->irq, NULL));
	for (unsigned i = 0; i < 2; i++) {
		int s[2];

		need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
		r->host[i] = s[0];
		r->guest[i] = s[1];
		r->serial[i] =
			serial_new(i ? SERIAL_STREAM : SERIAL_LOG, s[1], r->loop, &r->irq, NULL);
		need(r->serial[i] &&
			!bus_add(&r->bus, port[i], SERIAL_PORTS, &serial_bus, r->serial[i], NULL));
	}
	r->k = i8042_new(&power);
	r->pm = pm_new(&power);
	r->ioapic = ioapic_new(on_routes, r);
	need(!bus_add(&r->memory, IOAPIC_AT, IOAPIC_SIZE, &ioapic_bus, r->ioapic, NULL));
	need(!bus_add(&r->bus, I8042_DATA, 1, &i8042_data_bus, r->k, NULL));
	need(!bus_add(&r->bus, I8042_COMMAND, 1, &i8042_command_bus, r->k, NULL));
	need(!bus_add(&r->bus, PM_PORT, PM_PORTS, &pm_bus, r->pm, NULL));
}

static void tear_down(struct rig *r)
{
	for (unsigned i = 0; i < 2; i++) {
		serial_free(r->serial[i]);
		close(r->host[i]);
		close(r->guest[i]);
	}
	i8042_free(r->k);
	pm_free(r->pm);
	ioapic_free(r->ioapic);
	loop_free(r->loop);
	irq_line_release(&r->irq);
}

static uint16_t port_of(unsigned byte)
{
	static const uint16_t bases[] = {SERIAL_COM1, SERIAL_COM2, I8042_DATA, PM_PORT};

	return (uint16_t)(bases[byte >> 4 & 3] + (byte & 15));
}

/* One register by its number, or a wild access to the window. */
static void interrupts(struct rig *r, const uint8_t *b)
{
	uint32_t index = b[1], v = b[2] * 0x01010101U;
	uint64_t any = v;

	if (b[0] & 8) {
		bus_write(&r->memory, IOAPIC_AT + SELECT, &index, 4);
		bus_write(&r->memory, IOAPIC_AT + WINDOW, &v, 4);
		bus_read(&r->memory, IOAPIC_AT + WINDOW, &v, 4);
	} else if (b[0] & 16) {
		ioapic_eoi(r->ioapic, b[2]);
	} else {
		bus_write(&r->memory, IOAPIC_AT + b[1], &any, 1U << (b[0] >> 6));
		bus_read(&r->memory, IOAPIC_AT + b[1] * 16U, &any, 1U << (b[0] >> 6));
	}
}

/* Three bytes a step: what and how wide, where, with what. */
static void step(struct rig *r, const uint8_t *b)
{
	static unsigned char page[BURST];
	unsigned size = 1U << (b[0] >> 6 & 1) << (b[0] >> 5 & 1);

	switch (b[0] % 8) {
	case 1:
		interrupts(r, b);
		break;
	case 0:
	case 2:
		memset(page, b[2], size);
		need(bus_ports(&r->bus, port_of(b[1]), false, size, 1, page, sizeof(page)));
		break;
	case 3:
	case 4:
		need(bus_ports(&r->bus, port_of(b[1]), true, size, 1, page, sizeof(page)));
		break;
	case 5:
		if (r->bursts++ >= BURSTS)
			break;
		memset(page, b[2], sizeof(page));
		need(bus_ports(
			&r->bus, port_of(b[1]), b[0] & 8, size, BURST / size, page, sizeof(page)));
		break;
	case 6:
		if (b[0] & 8)
			serial_sysrq(r->serial[b[1] & 1], b[2]);
		else
			(void)!send(
				r->host[b[1] & 1], page, b[2] * 16U, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	default:
		need(!loop_turn(r->loop, 0, NULL));
		if (b[0] & 8)
			(void)!recv(r->host[b[1] & 1], page, sizeof(page), MSG_DONTWAIT);
		break;
	}
}

static void drain(struct rig *r, unsigned i)
{
	static unsigned char buf[65536];
	ssize_t n;

	do {
		serial_drain(r->serial[i], 0);
		n = recv(r->host[i], buf, sizeof(buf), MSG_DONTWAIT);
	} while (n > 0);
}

/* After anything: a driver that sets the line up gets its text through. */
static void line_works(struct rig *r, unsigned i)
{
	static const uint8_t setup[][2] = {{3, 0x80}, {3, 3}, {4, 0}, {2, 7}};
	uint16_t base = i ? SERIAL_COM2 : SERIAL_COM1;
	char got[8] = "";
	uint8_t v = 0;

	drain(r, i);
	for (unsigned k = 0; k < 4; k++)
		bus_write(&r->bus, base + setup[k][0], &setup[k][1], 1);
	bus_read(&r->bus, base + 5, &v, 1);
	need((v & 0x61) == 0x60);
	for (const char *p = "alive"; *p; p++)
		bus_write(&r->bus, base, p, 1);
	serial_drain(r->serial[i], 0);
	need(recv(r->host[i], got, sizeof(got), MSG_DONTWAIT) == 5 && !strcmp(got, "alive"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rig r;

	set_up(&r);
	for (size_t i = 0; i + 3 <= n && i < 3 * 300; i += 3)
		step(&r, bytes + i);
	line_works(&r, 0);
	line_works(&r, 1);
	tear_down(&r);
	return 0;
}
