/* The interrupt controller of large machines: what a guest writes, and the routes that come of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "vmm/dev/ioapic.h"

struct seen {
	struct ioapic_route routes[IOAPIC_PINS_MAX];
	unsigned changes;
};

static void changed(void *user, const struct ioapic_route *routes)
{
	struct seen *s = user;

	memcpy(s->routes, routes, sizeof(s->routes));
	s->changes++;
}

static void write_reg(struct ioapic *a, unsigned reg, uint32_t v)
{
	ioapic_bus.write(a, 0, 4, reg);
	ioapic_bus.write(a, 0x10, 4, v);
}

static uint32_t read_reg(struct ioapic *a, unsigned reg)
{
	ioapic_bus.write(a, 0, 4, reg);
	return (uint32_t)ioapic_bus.read(a, 0x10, 4);
}

static void after_a_reset(void **state)
{
	struct seen s = {.changes = 0};
	struct ioapic *a = ioapic_new(changed, &s);

	(void)state;
	assert_int_equal(read_reg(a, 1), 0x170020);
	for (unsigned pin = 0; pin < IOAPIC_PINS_MAX; pin++) {
		assert_int_equal(read_reg(a, 0x10 + 2 * pin), 1 << 16);
		assert_int_equal(read_reg(a, 0x11 + 2 * pin), 0);
	}
	write_reg(a, 0, 0x0f000000);
	assert_int_equal(read_reg(a, 0), 0x0f000000);
	assert_int_equal(s.changes, 0);
	ioapic_free(a);
}

static void a_line_becomes_a_message(void **state)
{
	struct seen s = {.changes = 0};
	struct ioapic *a = ioapic_new(changed, &s);

	(void)state;
	/* masked: of no interest yet */
	write_reg(a, 0x10 + 2 * 16 + 1, 0x12000000);
	assert_int_equal(s.changes, 0);
	write_reg(a, 0x10 + 2 * 16, 0x0031);
	assert_int_equal(s.changes, 1);
	assert_true(s.routes[16].on);
	assert_int_equal(s.routes[16].address_lo, 0xfee12000);
	assert_int_equal(s.routes[16].address_hi, 0);
	assert_int_equal(s.routes[16].data, 0x31);
	assert_false(s.routes[0].on);
	/* CPU 300: bits 8 to 14 of the destination stand in bits 49 to 55 */
	write_reg(a, 0x10 + 2 * 16 + 1, 300U % 256 << 24 | 300U / 256 << 17);
	assert_int_equal(s.routes[16].address_lo, 0xfee00000 | 44 << 12);
	assert_int_equal(s.routes[16].address_hi, 256);
	/* the same again is no change */
	write_reg(a, 0x10 + 2 * 16, 0x0031);
	assert_int_equal(s.changes, 2);
	write_reg(a, 0x10 + 2 * 16, 0x10031);
	assert_false(s.routes[16].on);
	ioapic_free(a);
}

static void what_is_read_only_stays(void **state)
{
	struct seen s = {.changes = 0};
	struct ioapic *a = ioapic_new(changed, &s);

	(void)state;
	write_reg(a, 0x12, 0xffffffff);
	assert_int_equal(read_reg(a, 0x12), 0xffffffff & ~(1U << 12 | 1U << 14));
	ioapic_eoi(a, 0xff);
	assert_int_equal(read_reg(a, 0x12), 0xffffffff & ~(1U << 12 | 1U << 14));
	ioapic_free(a);
}

/* Any access of any size at any place, as a hostile guest makes them. */
static void anything_goes(void **state)
{
	struct seen s = {.changes = 0};
	struct ioapic *a = ioapic_new(changed, &s);
	uint64_t x = 88172645463325252ULL;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned size = 1U << (x & 3);
		uint64_t at = x >> 8 & 0xfff;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (i & 1)
			ioapic_bus.write(a, x & 4 ? at & 0x10 : at, size, x);
		else
			ioapic_bus.read(a, at, size);
	}
	for (unsigned i = 0; i < IOAPIC_PINS_MAX; i++)
		assert_int_equal(s.routes[i].address_lo & 0xfff00000, 0xfee00000);
	ioapic_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_reset),
		cmocka_unit_test(a_line_becomes_a_message),
		cmocka_unit_test(what_is_read_only_stays),
		cmocka_unit_test(anything_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
