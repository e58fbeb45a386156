/*
 * What the monitor's process may still do once its machine is built. The guest is taken to be
 * hostile: should it break into the monitor, it finds a process without files to open, programs to
 * run, privileges to gain or memory to make executable.
 *
 * Order: everything is opened; confine_process() while there is one thread; threads are started and
 * wait until the loop's own thread has been confined; then each begins with confine_thread().
 *
 * KTSTR_NO_SANDBOX (not empty) leaves all of it out, for debuggers; the host says so to the user.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

#define CONFINE_OFF "KTSTR_NO_SANDBOX"

enum confine_class {
	CONFINE_VCPU, /* KVM_RUN, registers of devices, waking the loop */
	CONFINE_LOOP, /* devices' queues, the host's sockets, the disk's file */
	CONFINE_CLASSES,
};

struct confine_limits {
	uint64_t file_bytes; /* no file can be made larger; 0 = none can be written */
	unsigned threads;    /* that are still to be started */
};

/* Whether the user switched it off. */
bool confine_is_off(void);
/* For the process and all threads that it starts from now on: 0, or -errno with a sentence. A
 * kernel without landlock does without. */
int confine_process(const struct confine_limits *l, struct err *e);
/* For the calling thread: another system call than those of its class ends the process (SIGSYS). */
int confine_thread(enum confine_class c, struct err *e);
