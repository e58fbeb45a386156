/*
 * A virtual CPU and its thread, which does nothing but KVM_RUN and looking addresses up.
 *
 * To get its attention: set what it is to see (machine's stopping or paused), then vcpu_kick(). The
 * kick sets immediate_exit, so that a KVM_RUN about to begin returns at once, and sends a signal,
 * so that one under way does; the thread clears immediate_exit before it looks at the flags.
 */
#pragma once

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

struct machine;

struct vcpu {
	struct machine *m;
	unsigned index;
	uint32_t id;	     /* KVM's number of it */
	int fd;		     /* -1 = none */
	struct kvm_run *run; /* NULL = not mapped */
	pthread_t thread;
	bool started;	/* the thread exists */
	unsigned again; /* its own: KVM_RUN ended so often in a row because it cannot run yet */
};

/* All vCPUs of the machine, ready to run but for the first one's entry. */
int vcpus_init(struct machine *m, struct err *e);
int vcpus_start(struct machine *m, struct err *e);
void vcpu_kick(struct vcpu *v);
void vcpus_kick(struct machine *m);
/* Waits for all threads, that have been told to stop, at most ms; false: one did not hear. */
bool vcpus_join(struct machine *m, unsigned ms);
void vcpus_release(struct machine *m);
