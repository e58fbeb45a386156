/* Guest memory, buses, and the small devices of the ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "vmm/dev/i8042.h"
#include "vmm/dev/pci_address.h"
#include "vmm/dev/pm.h"
#include "vmm/kvm/gmem.h"

static void test_memory_ends_where_it_ends(void **state)
{
	static unsigned char low[64], next[64], high[32];
	struct gmem m = {0};
	uint64_t got;

	(void)state;
	assert_null(gmem_at(&m, 0, 1));
	assert_int_equal(gmem_add(&m, 0x1000, 64, low, NULL), 0);
	assert_int_equal(gmem_add(&m, 0x1040, 64, next, NULL), 0);
	assert_int_equal(gmem_add(&m, UINT64_MAX - 31, 32, high, NULL), 0);
	assert_ptr_equal(gmem_at(&m, 0x1000, 64), low);
	assert_ptr_equal(gmem_at(&m, 0x103f, 1), low + 63);
	assert_ptr_equal(gmem_at(&m, 0x1040, 64), next);
	assert_ptr_equal(gmem_at(&m, UINT64_MAX, 1), high + 31);
	assert_null(gmem_at(&m, 0xfff, 1));
	assert_null(gmem_at(&m, 0x103f, 2));
	assert_null(gmem_at(&m, 0x1000, 0));
	assert_null(gmem_at(&m, 0x1080, 1));
	assert_null(gmem_at(&m, UINT64_MAX, 2));
	assert_null(gmem_at(&m, UINT64_MAX - 31, 33));
	assert_null(gmem_at(&m, 0x1001, UINT64_MAX));
	assert_ptr_equal(gmem_piece(&m, 0x103f, 2, &got), low + 63);
	assert_int_equal(got, 1);
	assert_null(gmem_piece(&m, 0x1080, 2, &got));
	assert_int_equal(got, 0);
	assert_false(gmem_write(&m, 0x103f, "ab", 2));
	assert_int_equal(low[63], 0);
	assert_true(gmem_write(&m, 0x1002, "ab", 2));
	assert_memory_equal(low + 2, "ab", 2);
}

static void test_regions_that_cannot_be(void **state)
{
	static unsigned char ram[64];
	struct gmem m = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(gmem_add(&m, 0x1000, 64, ram, &e), 0);
	assert_true(gmem_add(&m, 0x1000, 64, ram, &e) < 0);
	assert_true(gmem_add(&m, 0x103f, 64, ram, &e) < 0);
	assert_true(gmem_add(&m, 0, 64, ram, &e) < 0);
	assert_true(gmem_add(&m, 0x2000, 0, ram, &e) < 0);
	assert_true(gmem_add(&m, UINT64_MAX, 2, ram, &e) < 0);
	assert_int_equal(m.n, 1);
	for (unsigned i = 1; i < GMEM_REGIONS_MAX; i++)
		assert_int_equal(gmem_add(&m, 0x10000ULL * i, 64, ram, &e), 0);
	assert_true(gmem_add(&m, 1ULL << 40, 64, ram, &e) < 0);
}

struct cell {
	uint64_t at, value;
	unsigned size, reads, writes;
};

static uint64_t cell_read(void *dev, uint64_t at, unsigned size)
{
	struct cell *c = dev;

	c->at = at;
	c->size = size;
	c->reads++;
	return 0x1122334455667788;
}

static void cell_write(void *dev, uint64_t at, unsigned size, uint64_t v)
{
	struct cell *c = dev;

	c->at = at;
	c->size = size;
	c->value = v;
	c->writes++;
}

static const struct bus_ops cell_ops = {.read = cell_read, .write = cell_write};

static void test_ranges_that_cannot_be(void **state)
{
	struct bus b = {0};
	struct cell c = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(bus_add(&b, 0x100, 16, &cell_ops, &c, &e), 0);
	assert_int_equal(bus_add(&b, 0x80, 16, &cell_ops, &c, &e), 0);
	assert_int_equal(bus_add(&b, 0x110, 16, &cell_ops, &c, &e), 0);
	assert_true(bus_add(&b, 0x10f, 1, &cell_ops, &c, &e) < 0);
	assert_true(bus_add(&b, 0x100, 1, &cell_ops, &c, &e) < 0);
	assert_true(bus_add(&b, 0x90, 0x71, &cell_ops, &c, &e) < 0);
	assert_true(bus_add(&b, 0, UINT64_MAX, &cell_ops, &c, &e) < 0);
	assert_true(bus_add(&b, 0x500, 0, &cell_ops, &c, &e) < 0);
	assert_true(bus_add(&b, UINT64_MAX, 2, &cell_ops, &c, &e) < 0);
	assert_int_equal(bus_add(&b, 0x90, 0x70, &cell_ops, &c, &e), 0);
	for (unsigned i = 0; i < BUS_RANGES_MAX - 4; i++)
		assert_int_equal(bus_add(&b, 0x1000 + i, 1, &cell_ops, &c, &e), 0);
	assert_true(bus_add(&b, 0x5000, 1, &cell_ops, &c, &e) < 0);
	b.n--;
	bus_seal(&b);
	assert_true(bus_add(&b, 0x5000, 1, &cell_ops, &c, &e) < 0);
}

static void test_accesses_go_to_their_device(void **state)
{
	struct cell c = {0};
	struct bus b = {0};
	uint64_t v = 0;

	(void)state;
	assert_int_equal(bus_add(&b, 0x100, 6, &cell_ops, &c, NULL), 0);
	bus_read(&b, 0x101, &v, 1);
	assert_int_equal(v, 0x88);
	assert_int_equal(c.at, 1);
	bus_read(&b, 0x102, &v, 4);
	assert_int_equal(v, 0x55667788);
	assert_int_equal(c.reads, 2);
	v = 0xaabbccdd;
	bus_write(&b, 0x104, &v, 2);
	assert_int_equal(c.value, 0xccdd);
	assert_int_equal(c.writes, 1);
}

/* All of the answer is filled, and nobody is asked. */
static void test_what_nobody_claims_reads_as_ones(void **state)
{
	static const struct {
		uint64_t at;
		unsigned size;
	} none[] = {{0, 8}, {0xff, 1}, {0xff, 2}, {0x103, 4}, {0x105, 2}, {0x106, 1}, {0x100, 8},
		{0x100, 3}, {0x100, 5}, {0x100, 7}, {UINT64_MAX, 1}, {UINT64_MAX, 8},
		{UINT64_MAX - 3, 8}};
	struct cell c = {0};
	struct bus b = {0};

	(void)state;
	assert_int_equal(bus_add(&b, 0x100, 6, &cell_ops, &c, NULL), 0);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		unsigned char data[9] = {0};

		bus_write(&b, none[i].at, data, none[i].size);
		bus_read(&b, none[i].at, data, none[i].size);
		for (unsigned k = 0; k < sizeof(data); k++)
			assert_int_equal(data[k], k < none[i].size ? 0xff : 0);
	}
	assert_int_equal(c.reads + c.writes, 0);
}

static void test_string_instructions_stay_in_their_page(void **state)
{
	unsigned char data[64] = {0};
	struct cell c = {0};
	struct bus b = {0};

	(void)state;
	assert_int_equal(bus_add(&b, 0x60, 1, &cell_ops, &c, NULL), 0);
	assert_true(bus_ports(&b, 0x60, true, 1, 64, data, sizeof(data)));
	assert_int_equal(c.reads, 64);
	assert_int_equal(data[63], 0x88);
	assert_false(bus_ports(&b, 0x60, true, 1, 65, data, sizeof(data)));
	assert_false(bus_ports(&b, 0x60, true, 2, 33, data, sizeof(data)));
	assert_false(bus_ports(&b, 0x60, false, 4, UINT32_MAX, data, sizeof(data)));
	assert_false(bus_ports(&b, 0x60, false, 4, 1U << 30, data, sizeof(data)));
	assert_false(bus_ports(&b, 0x60, false, 0, 1, data, sizeof(data)));
	assert_false(bus_ports(&b, 0x60, false, 8, 1, data, sizeof(data)));
	assert_int_equal(c.reads, 64);
	assert_int_equal(c.writes, 0);
	assert_true(bus_ports(&b, 0x70, true, 4, 16, data, sizeof(data)));
	assert_int_equal(data[0] & data[63], 0xff);
	assert_true(bus_ports(&b, 0x60, false, 1, 3, data, sizeof(data)));
	assert_int_equal(c.writes, 3);
}

/* ---- keyboard controller, power ----------------------------------------------------------------
 */

static void on_power(void *user, enum power_event event)
{
	((unsigned *)user)[event]++;
}

struct machine {
	unsigned events[2];
	struct i8042 *k;
	struct pm *pm;
	uint32_t pci_address;
	struct bus b;
};

static void make(struct machine *m)
{
	const struct power power = {.request = on_power, .user = m->events};

	*m = (struct machine){.k = i8042_new(&power), .pm = pm_new(&power)};
	assert_int_equal(bus_add(&m->b, I8042_DATA, 1, &i8042_data_bus, m->k, NULL), 0);
	assert_int_equal(bus_add(&m->b, I8042_COMMAND, 1, &i8042_command_bus, m->k, NULL), 0);
	assert_int_equal(bus_add(&m->b, PM_PORT, PM_PORTS, &pm_bus, m->pm, NULL), 0);
	assert_int_equal(bus_add(&m->b, PCI_ADDRESS, PCI_ADDRESS_PORTS, &pci_address_bus,
				 &m->pci_address, NULL),
		0);
}

static void unmake(struct machine *m)
{
	i8042_free(m->k);
	pm_free(m->pm);
}

static void out(struct machine *m, unsigned port, unsigned size, uint32_t v)
{
	bus_write(&m->b, port, &v, size);
}

static unsigned in(struct machine *m, unsigned port, unsigned size)
{
	uint32_t v = 0;

	bus_read(&m->b, port, &v, size);
	return v;
}

static void test_the_reset_line(void **state)
{
	struct machine m;

	(void)state;
	make(&m);
	for (unsigned c = 0; c < 256; c++)
		if (c < 0xf0 || c & 1)
			out(&m, I8042_COMMAND, 1, c);
	out(&m, I8042_COMMAND, 2, 0xfe);
	assert_int_equal(m.events[POWER_RESET], 0);
	out(&m, I8042_COMMAND, 1, 0xfe);
	assert_int_equal(m.events[POWER_RESET], 1);
	out(&m, I8042_COMMAND, 1, 0xd1);
	out(&m, I8042_DATA, 1, 0xfe);
	assert_int_equal(m.events[POWER_RESET], 2);
	out(&m, I8042_DATA, 1, 0xfe); /* not an argument any more */
	assert_int_equal(m.events[POWER_RESET], 2);
	unmake(&m);
}

static unsigned ask(struct machine *m, unsigned command)
{
	out(m, I8042_COMMAND, 1, command);
	return in(m, I8042_COMMAND, 1) & 1 ? in(m, I8042_DATA, 1) : 0x100;
}

static void test_a_controller_is_found(void **state)
{
	struct machine m;

	(void)state;
	make(&m);
	assert_int_equal(in(&m, I8042_COMMAND, 1), 0x14);
	assert_int_equal(ask(&m, 0xaa), 0x55);
	assert_int_equal(ask(&m, 0xab), 0);
	assert_int_equal(ask(&m, 0xa9), 0xff);
	out(&m, I8042_COMMAND, 1, 0x60);
	out(&m, I8042_DATA, 1, 0x74);
	assert_int_equal(ask(&m, 0x20), 0x74);
	out(&m, I8042_COMMAND, 1, 0xd2);
	out(&m, I8042_DATA, 1, 0x12);
	assert_int_equal(in(&m, I8042_DATA, 1), 0x12);
	out(&m, I8042_COMMAND, 1, 0xd3); /* no mouse to answer */
	out(&m, I8042_DATA, 1, 0x12);
	assert_int_equal(in(&m, I8042_COMMAND, 1) & 1, 0);
	out(&m, I8042_DATA, 1, 0xf2);
	assert_int_equal(in(&m, I8042_DATA, 1), 0xfa);
	assert_int_equal(in(&m, I8042_DATA, 1), 0xab);
	assert_int_equal(in(&m, I8042_DATA, 1), 0x83);
	assert_int_equal(in(&m, I8042_DATA, 1), 0);
	for (unsigned i = 0; i < 100000; i++) /* answers that nobody reads do not pile up */
		out(&m, I8042_DATA, 1, 0xff);
	unmake(&m);
}

static void test_power_off(void **state)
{
	struct machine m;

	(void)state;
	make(&m);
	assert_int_equal(in(&m, PM_PORT, 2), 0);
	assert_int_equal(in(&m, PM_PORT + PM1_CONTROL, 2), 1);
	/* what is enabled reads back, or Linux complains of the hardware; nothing ever happens */
	out(&m, PM_PORT + PM1_ENABLE, 2, 0x20);
	assert_int_equal(in(&m, PM_PORT + PM1_ENABLE, 2), 0x20);
	out(&m, PM_PORT, 2, 0xffff);
	assert_int_equal(in(&m, PM_PORT, 2), 0);
	for (uint32_t v = 0; v <= 0xffff; v++)
		if (!(v & 1 << 13) || (v >> 10 & 7) != PM_S5)
			out(&m, PM_PORT + PM1_CONTROL, 2, v);
	out(&m, PM_PORT + PM1_CONTROL, 1, 1 << 13 | PM_S5 << 10);
	out(&m, PM_PORT, 2, 1 << 13 | PM_S5 << 10);
	assert_int_equal(m.events[POWER_OFF], 0);
	out(&m, PM_PORT + PM1_CONTROL, 2, 1 << 13 | PM_S5 << 10);
	assert_int_equal(m.events[POWER_OFF], 1);
	unmake(&m);
}

/* How Linux looks for the bus (pci_check_type1() in arch/x86/pci/direct.c), and what is on it. */
static void test_a_bus_without_devices(void **state)
{
	enum { PCI_DATA = 0xcfc };
	struct machine m;

	(void)state;
	make(&m);
	assert_int_equal(in(&m, PCI_ADDRESS, 4), 0);
	out(&m, PCI_ADDRESS + 3, 1, 1);
	out(&m, PCI_ADDRESS, 4, 0x80000000);
	assert_int_equal(in(&m, PCI_ADDRESS, 4), 0x80000000);
	assert_int_equal(in(&m, PCI_DATA, 4), UINT32_MAX);
	assert_int_equal(in(&m, PCI_DATA + 2, 2), UINT16_MAX);
	out(&m, PCI_DATA, 4, 0);
	out(&m, PCI_ADDRESS, 4, UINT32_MAX);
	assert_int_equal(in(&m, PCI_ADDRESS, 4), 0x80fffffc);
	assert_int_equal(in(&m, PCI_ADDRESS, 2), UINT16_MAX);
	assert_int_equal(in(&m, PCI_ADDRESS + 3, 1), UINT8_MAX);
	unmake(&m);
}

static uint64_t ticks_in(uint64_t ns)
{
	return ns * 3579545 / NS_PER_SEC;
}

/* However long the machine takes between two lines, the counter lies between the clocks around it.
 */
static void test_the_timer_counts(void **state)
{
	struct machine m;
	uint64_t before, after, end;
	unsigned a, b;

	(void)state;
	make(&m);
	before = clock_mono_ns();
	a = in(&m, PM_PORT + PM_TIMER, 4);
	after = clock_mono_ns();
	while (clock_mono_ns() - after < 20 * NS_PER_MS)
		continue;
	end = clock_mono_ns();
	b = in(&m, PM_PORT + PM_TIMER, 4);
	assert_in_range((b - a) & 0xffffff, ticks_in(end - after) - 1,
		ticks_in(clock_mono_ns() - before) + 1);
	assert_int_equal(a >> 24 | b >> 24, 0);
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_ends_where_it_ends),
		cmocka_unit_test(test_regions_that_cannot_be),
		cmocka_unit_test(test_ranges_that_cannot_be),
		cmocka_unit_test(test_accesses_go_to_their_device),
		cmocka_unit_test(test_what_nobody_claims_reads_as_ones),
		cmocka_unit_test(test_string_instructions_stay_in_their_page),
		cmocka_unit_test(test_the_reset_line),
		cmocka_unit_test(test_a_controller_is_found),
		cmocka_unit_test(test_power_off),
		cmocka_unit_test(test_a_bus_without_devices),
		cmocka_unit_test(test_the_timer_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
