/* Exits of a vCPU as KVM writes them, or would if it were broken: what reaches the buses, and how
 * the machine ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "vmm/kvm/exit.h"
#include "vmm/kvm/machine.h"
#include "vmm/kvm/vcpu.h"

enum { BASE = 0x1000, PORT = 0x80, RUN_SIZE = 4096 };

/* One machine with one CPU and a device that notes the last access. */
struct rig {
	struct machine m;
	struct vcpu v;
	struct engine_report report;
	struct engine_request q;
	unsigned accesses, size;
	uint64_t value;
	union {
		struct kvm_run run;
		unsigned char bytes[RUN_SIZE];
	} mapped;
};

static uint64_t on_read(void *dev, uint64_t at, unsigned size)
{
	struct rig *r = dev;

	(void)at;
	r->accesses++;
	r->size = size;
	return 0x1122334455667788;
}

static void on_write(void *dev, uint64_t at, unsigned size, uint64_t value)
{
	struct rig *r = dev;

	(void)at;
	r->accesses++;
	r->size = size;
	r->value = value;
}

static const struct bus_ops ops = {.read = on_read, .write = on_write};

static struct kvm_run *set_up(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->q.report = &r->report;
	r->m.q = &r->q;
	r->m.vcpus = &r->v;
	r->m.nvcpus = 1;
	r->m.run_size = RUN_SIZE;
	r->m.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(r->m.wake >= 0);
	pthread_mutex_init(&r->m.lock, NULL);
	r->v = (struct vcpu){.m = &r->m, .fd = -1, .run = &r->mapped.run};
	assert_int_equal(bus_add(&r->m.memory, BASE, 64, &ops, r, NULL), 0);
	assert_int_equal(bus_add(&r->m.ports, PORT, 4, &ops, r, NULL), 0);
	bus_seal(&r->m.memory);
	bus_seal(&r->m.ports);
	return &r->mapped.run;
}

static void tear_down(struct rig *r)
{
	close(r->m.wake);
	pthread_mutex_destroy(&r->m.lock);
}

/* The mapped state has room for eight bytes of an access to memory, whatever length stands there.
 */
static void a_length_beyond_the_buffer(void **state)
{
	static const uint32_t lengths[] = {9, 16, 200, UINT32_MAX};
	static struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		for (unsigned writes = 0; writes < 2; writes++) {
			struct kvm_run *run = set_up(&r);

			run->exit_reason = KVM_EXIT_MMIO;
			run->mmio.phys_addr = BASE;
			run->mmio.len = lengths[i];
			run->mmio.is_write = (uint8_t)writes;
			memset(run->mmio.data, 0x5a, 8);
			assert_true(exit_handle(&r.v));
			assert_int_equal(r.accesses, 1);
			assert_int_equal(r.size, 8);
			if (writes)
				assert_int_equal(r.value, 0x5a5a5a5a5a5a5a5a);
			assert_int_equal(run->mmio.len, lengths[i]);
			assert_int_equal(run->mmio.is_write, writes);
			assert_int_equal(r.report.exits[ENGINE_EXIT_MMIO], 1);
			tear_down(&r);
		}
}

/* Port data that would lie outside of the mapped state: nothing is touched, the machine fails. */
static void port_data_elsewhere(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t count;
		uint8_t size;
	} wrong[] = {
		{RUN_SIZE + 1, 1, 1},
		{RUN_SIZE, 1, 1},
		{RUN_SIZE - 3, 1, 4},
		{RUN_SIZE - 8, 9, 1},
		{2048, UINT32_MAX, 4},
		{UINT64_MAX, 1, 1},
	};
	static struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct kvm_run *run = set_up(&r);

		run->exit_reason = KVM_EXIT_IO;
		run->io.port = PORT;
		run->io.direction = KVM_EXIT_IO_IN;
		run->io.size = wrong[i].size;
		run->io.count = wrong[i].count;
		run->io.data_offset = wrong[i].offset;
		assert_false(exit_handle(&r.v));
		assert_int_equal(r.accesses, 0);
		assert_int_equal(r.m.end, MACHINE_FAILED);
		assert_non_null(strstr(r.m.failure.msg, "impossible port access"));
		tear_down(&r);
	}
}

static void expect_end(uint32_t reason, uint32_t detail, enum machine_end end, const char *says)
{
	static struct rig r;
	struct kvm_run *run = set_up(&r);

	run->exit_reason = reason;
	if (reason == KVM_EXIT_SYSTEM_EVENT)
		run->system_event.type = detail;
	else if (reason == KVM_EXIT_INTERNAL_ERROR)
		run->internal.suberror = detail;
	else
		run->fail_entry.hardware_entry_failure_reason = detail;
	assert_false(exit_handle(&r.v));
	assert_int_equal(r.m.end, end);
	if (says && !strstr(r.m.failure.msg, says))
		fail_msg("'%s' does not say '%s'", r.m.failure.msg, says);
	tear_down(&r);
}

static void each_end_has_its_name(void **state)
{
	(void)state;
	expect_end(KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SHUTDOWN, MACHINE_OFF, NULL);
	expect_end(KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_RESET, MACHINE_RESET, NULL);
	expect_end(
		KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_CRASH, MACHINE_FAILED, "reported a crash");
	expect_end(KVM_EXIT_SYSTEM_EVENT, 99, MACHINE_FAILED, "reported a crash");
	expect_end(KVM_EXIT_SHUTDOWN, 0, MACHINE_FAILED, "triple fault");
	expect_end(KVM_EXIT_INTERNAL_ERROR, KVM_INTERNAL_ERROR_EMULATION, MACHINE_FAILED,
		"cannot emulate an instruction");
	expect_end(KVM_EXIT_INTERNAL_ERROR, 1000, MACHINE_FAILED, "internal error");
	expect_end(KVM_EXIT_FAIL_ENTRY, 0x21, MACHINE_FAILED, "hardware reason 0x21");
	expect_end(4711, 0, MACHINE_FAILED, "not known here (4711)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_beyond_the_buffer),
		cmocka_unit_test(port_data_elsewhere),
		cmocka_unit_test(each_end_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
