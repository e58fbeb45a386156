/* The speed probe on this machine's own KVM: its verdict follows from its figures, and it is quick.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/base/clock.h"
#include "tests/lib/skip.h"
#include "vmm/engine.h"
#include "vmm/kvm/probe.h"

static bool can_open(void)
{
	int fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void the_verdict_follows_from_the_figures(void **state)
{
	struct kvm_probe p;
	uint64_t start = clock_mono_ns();

	(void)state;
	if (!can_open())
		skip_because("no KVM");
	kvm_probe(KVM_DEVICE, &p);
	/* the measurement itself ends by its own alarm after 30 ms; the rest is the kernel making
	 * and unmaking a machine, on a host that may be busy */
	assert_true(clock_mono_ns() - start < 5 * NS_PER_SEC);
	if (p.verdict == KVM_USABLE)
		assert_true(p.rounds > 0 && p.rounds * 1000 / (p.ns + 1) > 10);
	else if (p.verdict == KVM_TOO_SLOW)
		assert_true(p.rounds * 1000 / (p.ns + 1) <= 20);
	else
		assert_true(p.verdict == KVM_BROKEN && p.detail[0]);
}

/* The alarm is taken back: no signal stays pending, the mask is what it was, no descriptor is left.
 */
static void nothing_is_left_behind(void **state)
{
	sigset_t before, after, pending;
	struct kvm_probe p;
	int first, second;

	(void)state;
	first = dup(0);
	close(first);
	sigprocmask(SIG_SETMASK, NULL, &before);
	for (int i = 0; i < 3; i++)
		kvm_probe(KVM_DEVICE, &p);
	sigprocmask(SIG_SETMASK, NULL, &after);
	sigpending(&pending);
	second = dup(0);
	close(second);
	assert_int_equal(first, second);
	for (int sig = 1; sig < NSIG; sig++) {
		assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
		assert_int_not_equal(sigismember(&pending, sig), 1);
	}
}

static void the_choice_says_why(void **state)
{
	struct accel_choice c;

	(void)state;
	assert_int_equal(engine_choose_accel(VM_ACCEL_AUTO, &c, NULL), 0);
	assert_true(c.accel == VM_ACCEL_KVM || c.accel == VM_ACCEL_TCG);
	assert_non_null(strstr(c.why, KVM_DEVICE));
	assert_null(strchr(c.why, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_follows_from_the_figures),
		cmocka_unit_test(nothing_is_left_behind),
		cmocka_unit_test(the_choice_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
