/*
 * The command line of qemu-system-x86_64 for one guest: pure, so that every shape of machine can be
 * looked at without starting one.
 */
#pragma once

#include <stdbool.h>

#include "src/base/str.h"
#include "vmm/engine.h"

/* What is known of the QEMU that is installed. */
struct qemu_facts {
	const char *program; /* its path */
	const char *bios; /* qboot's image, which starts faster than the default; NULL = default */
	bool sandbox;	  /* it was built with seccomp */
	bool topoext;	  /* under KVM: the host is an AMD whose threads need that flag to show */
	const char *cpu;  /* under emulation: the model to show instead of ours (KTSTR_QEMU_CPU, for
			     guests that run guests); NULL = ours. Borrowed */
	bool zen1; /* under KVM: an AMD whose LLCs Linux guesses (family 17h, models 0 to 1fh) */
};

/* Descriptors keep their numbers in QEMU: argv names those of the request. */
void qemu_argv(const struct engine_request *q, const struct qemu_facts *f, struct strv *out);
/* What QEMU cannot build although the rules of a topology allow it. Cheap; also done at the start.
 */
int qemu_check_topology(const struct vm_topology *t, struct err *e);
