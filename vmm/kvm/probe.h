/*
 * Is there a KVM that can run a kernel? Some hosts offer one that emulates ring 0 instruction by
 * instruction: everything works there, a thousand times too slowly. So it is measured, with a
 * throw-away machine of one CPU that counts down in a loop.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

enum kvm_verdict {
	KVM_USABLE,
	KVM_TOO_SLOW, /* ring 0 is emulated */
	KVM_MISSING,  /* no such device */
	KVM_NO_PERMISSION,
	KVM_BROKEN, /* there, but a machine cannot be made or run: `detail` says why */
};

struct kvm_probe {
	enum kvm_verdict verdict;
	uint64_t rounds; /* of the last and longest run of the loop */
	uint64_t ns;	 /* that it took */
	char detail[160];
};

#define KVM_DEVICE "/dev/kvm"

/* Takes some 20 ms where ring 0 is emulated (100 at most, and 300 more where nothing runs at all),
 * a few where KVM is real. `device` is KVM_DEVICE except in tests.
 */
void kvm_probe(const char *device, struct kvm_probe *out);
/* Only whether the device is there, may be opened and is KVM's: KVM_USABLE, nothing measured. For
 * whoever has decided already. */
void kvm_probe_presence(const char *device, struct kvm_probe *out);
/* What it found, as one line for people. */
void kvm_probe_explain(const struct kvm_probe *p, const char *device, char *why, size_t size);
