/*
 * What an architecture brings to the monitor: vmm/kvm/arch/MACHINE/ implements this, and nothing
 * outside it knows registers, ports or firmware tables.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "vmm/kvm/devices.h"
#include "vmm/kvm/ram.h"
#include "vmm/vmctl.h"

struct machine;
struct vcpu;

/* Where no memory lies. */
extern const struct ram_hole arch_hole;
/* Windows and lines of virtio devices. */
uint64_t arch_virtio_base(enum device_kind kind);
unsigned arch_virtio_gsi(enum device_kind kind);

/* What can be refused before a guest is prepared: this KVM cannot have such a machine. Cheap. */
int arch_check(const struct vm_topology *t, struct err *e);

/* What performance mode asks for and this KVM cannot do, as sentences. */
void arch_lacks(const struct vm_placement *p, struct strv *notes);

/* Whether an unpacked kernel can be started directly. Foreign bytes. */
bool arch_kernel_startable(const void *elf, size_t n);

/* In the order in which they are called. */
/* The interrupt chip and whatever else has to be there before the first vCPU. */
int arch_machine_init(struct machine *m, struct err *e);
/* KVM's number of the vCPU. */
uint32_t arch_vcpu_id(const struct machine *m, unsigned index);
/* Features and registers of a vCPU as after a reset. */
int arch_vcpu_init(struct vcpu *v, struct err *e);
/* Consoles, power, and other devices at fixed places. */
int arch_devices_init(struct machine *m, struct err *e);
/* Kernel, initramfs, command line and tables into memory; the first vCPU's registers. */
int arch_boot(struct machine *m, struct err *e);

/* On the vCPU's thread: an exit that is neither memory nor ports; false = not ours. */
bool arch_exit(struct vcpu *v);
/* On the vCPU's thread: a port exit; false = it makes no sense. */
bool arch_ports(struct vcpu *v);
/* Where the vCPU stands, in a few words with its registers. On its thread. */
void arch_explain(struct vcpu *v, struct str *out);

/* On the loop's thread. */
void arch_nmi(struct machine *m);
void arch_sysrq(struct machine *m, unsigned char key);
/* What devices still hold goes out, for at most ms; no vCPU runs any more. */
void arch_drain(struct machine *m, unsigned ms);
void arch_release(struct machine *m);

/*
 * For the probe, on a machine of its own with one CPU and memory at 0: a loop that counts down and
 * then leaves KVM_RUN by itself, with this reason.
 */
extern const uint32_t arch_count_end;
/* Before the memory (at least 8 KiB) is given to the machine. */
void arch_count_prepare(int vm, void *memory);
/* The CPU at the loop's start; -1 with errno. */
int arch_count_from(int vcpu, uint32_t rounds);
/* Of a loop that was interrupted. */
uint32_t arch_count_left(int vcpu);
