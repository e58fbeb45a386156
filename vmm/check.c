/* What guests need of this machine. */
#include "vmm/kvm/probe.h"
#include "vmm/payload/payload.h"
#include "vmm/qemu/facts.h"
#include "vmm/vmctl.h"

enum vm_kvm_state vm_check_kvm(struct str *why)
{
	static const enum vm_kvm_state states[] = {
		[KVM_USABLE] = VM_KVM_USABLE,
		[KVM_TOO_SLOW] = VM_KVM_TOO_SLOW,
		[KVM_MISSING] = VM_KVM_MISSING,
		[KVM_NO_PERMISSION] = VM_KVM_DENIED,
		[KVM_BROKEN] = VM_KVM_BROKEN,
	};
	struct kvm_probe p;
	char line[256];

	kvm_probe(KVM_DEVICE, &p);
	kvm_probe_explain(&p, KVM_DEVICE, line, sizeof(line));
	str_add(why, line);
	return states[p.verdict];
}

char *vm_check_qemu(struct err *e)
{
	return qemu_program(e);
}

char *vm_check_busybox(struct err *e)
{
	return payload_busybox(e);
}
