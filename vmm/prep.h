/*
 * Everything between the configuration and the engine's start that may take long: choosing the
 * acceleration, resolving (or fetching) the kernel, packing the payload. It runs on a thread of its
 * own, so that the child keeps hearing its client; what it has to say comes through a mailbox.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "vmm/engine.h"
#include "vmm/host.h"
#include "vmm/payload/payload.h"
#include "vmm/share.h"

struct prep;

/* What the guest will be started from. */
struct prep_result {
	struct accel_choice accel;
	const struct engine *engine;
	struct vm_kernel kernel;
	struct payload payload;
	int kernel_fd; /* the kernel out of its image, -1 = start the image; owned */
	bool virtio;
	bool late_cpus; /* see engine_starts_cpus_late() */
	uint32_t memory_mib;
	char *cmdline;			/* owned */
	struct reservation reservation; /* its locks are the placement's */
	struct vm_placement placement;
};

struct prep_message {
	enum { PREP_NOTE, PREP_PROGRESS, PREP_STAGE } kind;
	char *text; /* NOTE, PROGRESS */
	uint64_t done, total;
	enum vm_stage stage;
	struct prep_message *next;
};

/* Starts the thread. The configuration must outlive it. */
struct prep *prep_start(const struct vm_config *c, const struct vm_host_ops *ops, struct err *e);
/* Readable when there is a message, or the end. */
int prep_fd(const struct prep *p);
/* The messages so far, oldest first, freed by prep_messages_free(); *finished once there will be no
 * more and prep_end() does not block. */
struct prep_message *prep_messages(struct prep *p, bool *finished);
void prep_messages_free(struct prep_message *m);
/* Asks it to stop at the next opportunity. */
void prep_cancel(struct prep *p);
/* Waits for the thread, hands over the result and frees p. 0, or -errno with the sentence. */
int prep_end(struct prep *p, struct prep_result *out, struct err *e);
void prep_result_release(struct prep_result *r);
