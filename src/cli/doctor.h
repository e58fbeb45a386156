/*
 * `ktstr doctor`: what this machine has of all that ktstr works with. Each check is a row: one
 * finding, and where something is wrong the command that mends it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"
#include "src/base/sysroot.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN, /* something is missing that has a substitute, or that only some need */
	DOCTOR_FAIL, /* guests cannot be run, or commands fail */
};

/* text: one line; mend: empty where nothing is to be done, or nothing can be. */
struct doctor_finding {
	enum doctor_state state;
	struct str text, mend;
};
void doctor_finding_release(struct doctor_finding *f);

/* What checks that belong together know of each other. */
struct doctor {
	const struct sysroot *root;
	bool kvm_runs; /* found by the first check */
};

struct doctor_check {
	const char *id;	  /* in JSON */
	const char *what; /* for the manual */
	void (*look)(struct doctor *d, struct doctor_finding *f);
} __attribute__((designated_init));

extern const struct doctor_check doctor_checks[]; /* in order; ends with a NULL id */

/* doctor_guests.c */
void doctor_kvm(struct doctor *d, struct doctor_finding *f);
void doctor_permissions(struct doctor *d, struct doctor_finding *f);
void doctor_qemu(struct doctor *d, struct doctor_finding *f);
void doctor_busybox(struct doctor *d, struct doctor_finding *f);
void doctor_kernels(struct doctor *d, struct doctor_finding *f);
void doctor_builds(struct doctor *d, struct doctor_finding *f);
/* doctor_kernel.c */
void doctor_taskstats(struct doctor *d, struct doctor_finding *f);
void doctor_delays(struct doctor *d, struct doctor_finding *f);
void doctor_schedstats(struct doctor *d, struct doctor_finding *f);
void doctor_locks(struct doctor *d, struct doctor_finding *f);
/* "sudo " for whoever is not root. */
const char *doctor_sudo(void);

/* doctor_taskstats.c: 0 = it answers this process, -EPERM = not this user, -ENOENT = the kernel has
 * none, another -errno. */
int doctor_ask_taskstats(void);
