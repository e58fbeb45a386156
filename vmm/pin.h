/* Between the files of the child process: performance mode's hand on the threads of an engine, from
 * outside, since that needs nothing of the engine. */
#pragma once

#include <sys/types.h>

#include "src/base/str.h"
#include "vmm/vmctl.h"

/*
 * Pins the threads of a process whose names say that they are vCPUs (`names`: a scanf format with
 * one %u) and gives them their priority; puts the others on the service CPU. 0, with sentences
 * about what was refused; -EAGAIN when not all vCPUs have a thread yet: nothing was done.
 */
int pin_threads(pid_t pid, const char *names, const struct vm_placement *p, struct strv *notes);
