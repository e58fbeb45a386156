/* The speed probe where KVM works: it runs to its end, says that a kernel can be run, and takes
 * milliseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/clock.h"
#include "vmm/engine.h"
#include "vmm/kvm/probe.h"

static void test_kernels_can_be_run(void **state)
{
	struct kvm_probe p;

	(void)state;
	kvm_probe(KVM_DEVICE, &p);
	printf("# %llu rounds of a loop in %llu us\n", (unsigned long long)p.rounds,
		(unsigned long long)(p.ns / 1000));
	assert_int_equal(p.verdict, KVM_USABLE);
	assert_in_range(p.ns, 1, NS_PER_SEC);
}

static void test_auto_takes_it(void **state)
{
	struct accel_choice a;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(engine_choose_accel(VM_ACCEL_AUTO, &a, &e), 0);
	assert_int_equal(a.accel, VM_ACCEL_KVM);
	assert_non_null(strstr(a.why, "runs kernel code at speed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels_can_be_run),
		cmocka_unit_test(test_auto_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
