/* What guests need of this machine. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/disk.h"
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

/* As its engine will have it: QEMU's must be there, our monitor's when it is touched. */
static int check_memory(const struct vm_config *c, struct err *e)
{
	bool ours = c->accel == VM_ACCEL_AUTO || c->accel == VM_ACCEL_KVM;
	size_t size = (size_t)c->memory_mib << 20;
	void *p;

	if (!size)
		return 0;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | (ours ? MAP_NORESERVE : 0), -1, 0);
	if (p == MAP_FAILED)
		return err_sys(e, errno, "--memory-mib %u: this machine has no room for it",
			c->memory_mib);
	munmap(p, size);
	return 0;
}

int vm_check_room(const struct vm_config *c, struct err *e)
{
	int fd = c->disk_bytes ? disk_open(c->disk_bytes, e) : -1;

	if (c->disk_bytes && fd < 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return check_memory(c, e);
}
