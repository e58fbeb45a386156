#include "vmm/kvm/exit.h"

#include <errno.h>
#include <string.h>

#include "src/base/clock.h"
#include "vmm/kvm/arch.h"
#include "vmm/kvm/machine.h"

void exit_count(struct vcpu *v, enum engine_exit why)
{
	atomic_fetch_add_explicit(&v->m->q->report->exits[why], 1, memory_order_relaxed);
}

/* The first device that a guest touches is a kernel's at work: a loader touches none. */
static void note_kernel(struct vcpu *v)
{
	_Atomic uint64_t *at = &v->m->q->report->at[ENGINE_KERNEL];

	if (!atomic_load_explicit(at, memory_order_relaxed))
		atomic_store_explicit(at, clock_mono_ns(), memory_order_relaxed);
}

/* The machine's end, with where the CPU stands. */
static bool fail(struct vcpu *v, const char *what)
{
	cleanup_str struct str where = STR_INIT;
	struct err e = ERR_INIT;

	arch_explain(v, &where);
	err_set(&e, EIO, "%s on CPU %u: %s", what, v->index, str_get(&where));
	machine_fail(v->m, &e);
	return false;
}

bool exit_run_failed(struct vcpu *v, int code)
{
	cleanup_free char *what = xasprintf("KVM cannot run the guest (%s)", strerror(code));

	return fail(v, what);
}

static bool memory(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	unsigned size =
		run->mmio.len <= sizeof(run->mmio.data) ? run->mmio.len : sizeof(run->mmio.data);

	note_kernel(v);
	if (run->mmio.is_write)
		bus_write(&v->m->memory, run->mmio.phys_addr, run->mmio.data, size);
	else
		bus_read(&v->m->memory, run->mmio.phys_addr, run->mmio.data, size);
	return true;
}

static bool system_event(struct vcpu *v)
{
	switch (v->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		machine_end(v->m, MACHINE_OFF);
		return false;
	case KVM_SYSTEM_EVENT_RESET:
		machine_end(v->m, MACHINE_RESET);
		return false;
	default:
		return fail(v, "the guest reported a crash");
	}
}

static bool internal_error(struct vcpu *v)
{
	static const char *const names[] = {
		[KVM_INTERNAL_ERROR_EMULATION] = "KVM cannot emulate an instruction of the guest",
		[KVM_INTERNAL_ERROR_SIMUL_EX] = "exceptions of the guest piled up",
		[KVM_INTERNAL_ERROR_DELIVERY_EV] = "an event could not be delivered to the guest",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] =
			"the CPU left the guest for a reason that KVM does not know",
	};
	uint32_t sub = v->run->internal.suberror;
	const char *name = sub < ARRAY_LEN(names) ? names[sub] : NULL;

	return fail(v, name ? name : "KVM met an internal error");
}

static bool fail_entry(struct vcpu *v)
{
	cleanup_free char *what = xasprintf("the CPU refused to enter the guest (hardware reason "
					    "0x%llx)",
		(unsigned long long)v->run->fail_entry.hardware_entry_failure_reason);

	return fail(v, what);
}

static bool other(struct vcpu *v)
{
	cleanup_free char *what = NULL;

	if (arch_exit(v))
		return true;
	what = xasprintf("KVM gave a reason that is not known here (%u)", v->run->exit_reason);
	return fail(v, what);
}

bool exit_handle(struct vcpu *v)
{
	switch (v->run->exit_reason) {
	case KVM_EXIT_IO:
		exit_count(v, ENGINE_EXIT_IO);
		note_kernel(v);
		return arch_ports(v) || fail(v, "KVM gave an impossible port access");
	case KVM_EXIT_MMIO:
		exit_count(v, ENGINE_EXIT_MMIO);
		return memory(v);
	case KVM_EXIT_HLT:
		exit_count(v, ENGINE_EXIT_HLT);
		return true;
	case KVM_EXIT_INTR:
		exit_count(v, ENGINE_EXIT_INTR);
		return true;
	case KVM_EXIT_SHUTDOWN:
		exit_count(v, ENGINE_EXIT_SHUTDOWN);
		return fail(v, "the guest crashed (triple fault)");
	case KVM_EXIT_SYSTEM_EVENT:
		exit_count(v, ENGINE_EXIT_SYSTEM);
		return system_event(v);
	case KVM_EXIT_INTERNAL_ERROR:
		exit_count(v, ENGINE_EXIT_OTHER);
		return internal_error(v);
	case KVM_EXIT_FAIL_ENTRY:
		exit_count(v, ENGINE_EXIT_OTHER);
		return fail_entry(v);
	default:
		return other(v);
	}
}
