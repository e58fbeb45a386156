/* Which acceleration a guest gets, and why: measured, not guessed. */
#include "vmm/engine.h"

#include <errno.h>
#include <stdio.h>

#include "src/base/clock.h"
#include "vmm/kvm/probe.h"

/* --accel kvm where there is none: the sentences of spec/vmm 1.2. */
static int refuse(const struct kvm_probe *p, const char *device, struct err *e)
{
	switch (p->verdict) {
	case KVM_MISSING:
		err_set(e, ENOENT,
			"%s not found. KVM requires:\n"
			"  - a CPU with hardware virtualisation (Intel VT-x or AMD-V), switched on "
			"in the "
			"firmware\n"
			"  - inside a virtual machine: nested virtualisation, switched on by its "
			"host\n"
			"  - the kernel module kvm_intel or kvm_amd (modprobe kvm_intel)",
			device);
		break;
	case KVM_NO_PERMISSION:
		err_set(e, EACCES, "%s: permission denied.", device);
		err_hint(e, "join the group that owns it: sudo usermod -aG kvm $USER, then log in "
			    "again");
		break;
	default:
		err_set(e, EIO, "%s does not work: %s", device, p->detail);
		break;
	}
	return err_hint(
		e, "--accel tcg emulates the CPU instead, fit for function, not for timing");
}

/* What was asked for is not measured here: a slow KVM is a KVM, and whoever insists has it. */
static int take(const char *device, enum vm_accel asked, struct accel_choice *out, struct err *e)
{
	static const char *const names[] = {
		[VM_ACCEL_KVM] = "kvm",
		[VM_ACCEL_TCG] = "tcg",
		[VM_ACCEL_QEMU_KVM] = "qemu-kvm",
	};
	struct kvm_probe p;

	*out = (struct accel_choice){.accel = asked};
	snprintf(out->why, sizeof(out->why), "asked for with --accel %s", names[asked]);
	if (asked == VM_ACCEL_TCG)
		return 0;
	kvm_probe_presence(device, &p);
	return p.verdict == KVM_USABLE ? 0 : refuse(&p, device, e);
}

int engine_choose_accel_from(
	const char *device, enum vm_accel asked, struct accel_choice *out, struct err *e)
{
	struct kvm_probe p;

	if (asked != VM_ACCEL_AUTO)
		return take(device, asked, out, e);
	kvm_probe(device, &p);
	out->accel = p.verdict == KVM_USABLE ? VM_ACCEL_KVM : VM_ACCEL_TCG;
	kvm_probe_explain(&p, device, out->why, sizeof(out->why));
	return 0;
}

int engine_choose_accel(enum vm_accel asked, struct accel_choice *out, struct err *e)
{
	return engine_choose_accel_from(KVM_DEVICE, asked, out, e);
}

bool engine_doubts_accel(const char *device, enum vm_accel asked, struct str *why)
{
	struct kvm_probe p;
	char line[256];

	if (asked != VM_ACCEL_KVM && asked != VM_ACCEL_QEMU_KVM)
		return false;
	kvm_probe(device, &p);
	if (p.verdict == KVM_USABLE)
		return false;
	kvm_probe_explain(&p, device, line, sizeof(line));
	str_printf(why, "%s: --accel tcg emulates the CPU instead", line);
	return true;
}
