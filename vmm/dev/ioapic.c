#include "vmm/dev/ioapic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/mem.h"

/* The window's registers, and those behind it. */
enum {
	SELECT = 0x00,
	WINDOW = 0x10,
	EOI = 0x40,

	REG_ID = 0x00,
	REG_VERSION = 0x01,
	REG_ARBITRATION = 0x02,
	REG_TABLE = 0x10, /* two a line: low half, high half */

	VERSION = 0x20 | (IOAPIC_PINS_MAX - 1) << 16,
	ID_SHIFT = 24,
};

/* Bits of a line's entry. */
#define DELIVERY    (7ULL << 8)
#define LOGICAL	    (1ULL << 11)
#define STATUS	    (1ULL << 12)
#define REMOTE_IRR  (1ULL << 14)
#define LEVEL	    (1ULL << 15)
#define MASKED	    (1ULL << 16)
#define READ_ONLY   (STATUS | REMOTE_IRR)
#define EXT_ID_MASK 0x7fU /* bits 49 to 55: bits 8 to 14 of the destination */

struct ioapic {
	pthread_mutex_t lock;
	void (*changed)(void *user, const struct ioapic_route *routes);
	void *user;
	uint32_t select, id;
	uint64_t line[IOAPIC_PINS_MAX];
};

/* As a guest that knows KVM's extended destinations writes them (MSI_EXT_DEST_ID). */
static struct ioapic_route route_of(uint64_t line)
{
	uint32_t low = (uint32_t)(line >> 56), high = (uint32_t)(line >> 49) & EXT_ID_MASK;

	return (struct ioapic_route){
		.on = !(line & MASKED),
		.level = (line & LEVEL) != 0,
		.address_lo = 0xfee00000U | low << 12 | (line & LOGICAL ? 1U << 2 : 0),
		.address_hi = high << 8,
		.data = (uint32_t)(line & (0xff | DELIVERY | LEVEL)),
	};
}

static void tell(struct ioapic *a)
{
	struct ioapic_route routes[IOAPIC_PINS_MAX];

	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++)
		routes[i] = route_of(a->line[i]);
	a->changed(a->user, routes);
}

static uint32_t read_register(const struct ioapic *a)
{
	unsigned line = (a->select - REG_TABLE) / 2;

	if (a->select == REG_ID || a->select == REG_ARBITRATION)
		return a->id << ID_SHIFT;
	if (a->select == REG_VERSION)
		return VERSION;
	if (a->select < REG_TABLE || line >= IOAPIC_PINS_MAX)
		return UINT32_MAX;
	return (uint32_t)(a->line[line] >> (a->select & 1 ? 32 : 0));
}

static void write_register(struct ioapic *a, uint32_t v)
{
	unsigned line = (a->select - REG_TABLE) / 2;
	uint64_t before, after;

	if (a->select == REG_ID)
		a->id = v >> ID_SHIFT & 0xf;
	if (a->select < REG_TABLE || line >= IOAPIC_PINS_MAX)
		return;
	before = a->line[line];
	if (a->select & 1)
		after = (before & UINT32_MAX) | (uint64_t)v << 32;
	else
		after = (before & ~(uint64_t)UINT32_MAX) | (v & ~(uint32_t)READ_ONLY) |
			(before & READ_ONLY);
	/* a line that becomes edge-triggered waits for no end of interrupt */
	if (!(after & LEVEL))
		after &= ~REMOTE_IRR;
	a->line[line] = after;
	if (after != before && !(before & after & MASKED))
		tell(a);
}

static uint64_t bus_read_(void *dev, uint64_t at, unsigned size)
{
	struct ioapic *a = dev;
	uint64_t v = UINT64_MAX;

	if (size != 4)
		return v;
	pthread_mutex_lock(&a->lock);
	if (at == SELECT)
		v = a->select;
	else if (at == WINDOW)
		v = read_register(a);
	pthread_mutex_unlock(&a->lock);
	return v;
}

static void bus_write_(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	struct ioapic *a = dev;

	if (size != 4)
		return;
	pthread_mutex_lock(&a->lock);
	if (at == SELECT)
		a->select = (uint8_t)v;
	else if (at == WINDOW)
		write_register(a, (uint32_t)v);
	pthread_mutex_unlock(&a->lock);
	if (at == EOI)
		ioapic_eoi(a, (uint8_t)v);
}

const struct bus_ops ioapic_bus = {.read = bus_read_, .write = bus_write_};

void ioapic_eoi(struct ioapic *a, uint8_t vector)
{
	pthread_mutex_lock(&a->lock);
	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++)
		if ((a->line[i] & LEVEL) && (uint8_t)a->line[i] == vector)
			a->line[i] &= ~REMOTE_IRR;
	pthread_mutex_unlock(&a->lock);
}

struct ioapic *ioapic_new(
	void (*changed)(void *user, const struct ioapic_route *routes), void *user)
{
	struct ioapic *a = xcalloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	a->changed = changed;
	a->user = user;
	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++)
		a->line[i] = MASKED;
	return a;
}

void ioapic_free(struct ioapic *a)
{
	pthread_mutex_destroy(&a->lock);
	free(a);
}
