/* The system calls of each class of threads, as a seccomp program. */
#pragma once

#include <linux/filter.h>

#include "vmm/kvm/confine.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

enum { CONFINE_PROGRAM_MAX = 512 };

/* Instructions written to out; whatever the class, they fit. */
size_t confine_filter_program(enum confine_class c, struct sock_filter out[CONFINE_PROGRAM_MAX]);
int confine_filter_set(enum confine_class c, struct err *e);
