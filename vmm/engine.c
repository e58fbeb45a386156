/* Which engine, and the names of what engines report. */
#include "vmm/engine.h"

#include "src/base/mem.h"

const struct engine *engine_of(enum vm_accel accel)
{
	return accel == VM_ACCEL_KVM ? &engine_kvm : &engine_qemu;
}

const char *engine_exit_name(enum engine_exit x)
{
	static const char *const names[ENGINE_EXITS] = {
		[ENGINE_EXIT_IO] = "io",
		[ENGINE_EXIT_MMIO] = "mmio",
		[ENGINE_EXIT_HLT] = "hlt",
		[ENGINE_EXIT_INTR] = "intr",
		[ENGINE_EXIT_IOAPIC_EOI] = "ioapic_eoi",
		[ENGINE_EXIT_SYSTEM] = "system",
		[ENGINE_EXIT_SHUTDOWN] = "shutdown",
		[ENGINE_EXIT_OTHER] = "other",
	};

	return (unsigned)x < ARRAY_LEN(names) ? names[x] : "unknown";
}
