/* Why a vCPU came back, and what is done about it. On the vCPU's thread. */
#pragma once

#include <stdbool.h>

#include "vmm/engine.h"
#include "vmm/kvm/vcpu.h"

void exit_count(struct vcpu *v, enum engine_exit why);
/* KVM_RUN returned 0. False: the machine has ended, this CPU runs no more. */
bool exit_handle(struct vcpu *v);
/* KVM_RUN failed for good: the machine's end. False. */
bool exit_run_failed(struct vcpu *v, int code);
