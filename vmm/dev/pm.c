#include "vmm/dev/pm.h"

#include <stdlib.h>

#include "src/base/clock.h"
#include "src/base/mem.h"

enum {
	CONTROL_SCI_ENABLED = 1,
	CONTROL_TYPE_SHIFT = 10,
	CONTROL_TYPE_MASK = 7,
	CONTROL_SLEEP = 1 << 13,
	TIMER_HZ = 3579545,
	TIMER_MASK = 0xffffff,
};

struct pm {
	struct power power;
	unsigned enable; /* atomic; kept for the driver, which reads back what it wrote */
};

static uint64_t ticks(void)
{
	uint64_t ns = clock_mono_ns();

	return (ns / NS_PER_SEC * TIMER_HZ + ns % NS_PER_SEC * TIMER_HZ / NS_PER_SEC) & TIMER_MASK;
}

/* Nothing has happened ever: there are no buttons. */
static uint64_t read_port(void *dev, uint64_t at, unsigned size)
{
	const struct pm *p = dev;

	if (at == PM_TIMER && size == 4)
		return ticks();
	if (at == PM1_CONTROL)
		return CONTROL_SCI_ENABLED;
	if (at == PM1_ENABLE)
		return __atomic_load_n(&p->enable, __ATOMIC_RELAXED);
	return 0;
}

static void write_port(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	struct pm *p = dev;

	if (at == PM1_ENABLE && size == 2)
		__atomic_store_n(&p->enable, (unsigned)v & 0xffff, __ATOMIC_RELAXED);
	if (at != PM1_CONTROL || size < 2 || !(v & CONTROL_SLEEP))
		return;
	if ((v >> CONTROL_TYPE_SHIFT & CONTROL_TYPE_MASK) == PM_S5)
		p->power.request(p->power.user, POWER_OFF);
}

const struct bus_ops pm_bus = {.read = read_port, .write = write_port};

struct pm *pm_new(const struct power *power)
{
	struct pm *p = xcalloc(1, sizeof(*p));

	p->power = *power;
	return p;
}

void pm_free(struct pm *p)
{
	free(p);
}
