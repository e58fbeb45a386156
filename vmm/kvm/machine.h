/*
 * One machine: what KVM has of it, its memory, its buses, its CPUs, its devices; and how it ends.
 *
 * Put together by one thread, then constant but for what is said otherwise: the loop's thread works
 * for devices and listens to the host, each vCPU's thread runs its CPU and looks addresses up.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/base/loop.h"
#include "vmm/engine.h"
#include "vmm/kvm/bus.h"
#include "vmm/kvm/devices.h"
#include "vmm/kvm/gmem.h"
#include "vmm/kvm/ram.h"

struct vcpu;
struct arch;

enum machine_end {
	MACHINE_RUNS,
	MACHINE_RESET,	/* the guest rebooted */
	MACHINE_OFF,	/* it switched itself off */
	MACHINE_FAILED, /* `failure` says how */
	MACHINE_TOLD,	/* the host wants no more of it */
};

struct machine {
	const struct engine_request *q;
	struct loop *loop;
	int kvm, vm;
	size_t run_size; /* of a vCPU's mapped state */
	struct ram ram;
	struct gmem mem;
	struct bus ports, memory;
	struct devices dev;
	struct arch *arch; /* owned by the architecture's part */
	struct vcpu *vcpus;
	unsigned nvcpus;
	bool confined; /* threads give up what they do not need */

	int wake; /* eventfd: the loop looks at what is below */
	_Atomic enum machine_end end;
	_Atomic bool stopping; /* vCPUs leave their threads */
	_Atomic bool paused;   /* vCPUs wait */
	_Atomic unsigned parked;
	pthread_mutex_t lock; /* guards `failure` before `end` is set, and goes with `resumed` */
	pthread_cond_t resumed;
	struct err failure;
};

/* Everything up to the first KVM_RUN. On failure machine_release() is still to be called. */
int machine_build(struct machine *m, const struct engine_request *q, struct err *e);
/* Threads for all vCPUs; from then on the machine runs. */
int machine_start(struct machine *m, struct err *e);
/* vCPUs leave, devices put out what they hold. False: a vCPU does not hear, and still uses all of
 * the machine. */
bool machine_stop(struct machine *m);
/* Stops what runs, frees what there is; a process that ends need not. */
void machine_release(struct machine *m);

/* Any thread. The first reason counts. */
void machine_end(struct machine *m, enum machine_end how);
/* As an end that needs explaining; `e` is copied. */
void machine_fail(struct machine *m, const struct err *e);
/* Any thread: the loop is to look. */
void machine_wake(struct machine *m);

/* The loop is woken once all vCPUs have heard, and now. */
void machine_pause(struct machine *m);
void machine_resume(struct machine *m);
/* Whether all vCPUs have heard of the pause. */
bool machine_is_parked(const struct machine *m);
