/*
 * A vm_config on its way to the child process: records `key=value` that end in NUL, so that paths,
 * commands and environment values arrive byte for byte whatever they hold.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "vmm/vmctl.h"

/* More than Linux lets one program's arguments and environment be together. */
enum { VM_CONFIG_BYTES_MAX = 8 * 1024 * 1024 };

/* What the child works from. The strings of `c` point into `bytes`. */
struct vm_setup {
	struct vm_config c;
	uint64_t started_ns; /* CLOCK_MONOTONIC of vm_start(): stages are timed from there */
	char *bytes;	     /* owned */
};

void vm_config_encode(const struct vm_config *c, uint64_t started_ns, struct str *out);
/* 0, or -EINVAL with a sentence: unknown or repeated keys, numbers out of range, missing NUL. */
int vm_config_decode(const char *bytes, size_t n, struct vm_setup *out, struct err *e);
void vm_setup_release(struct vm_setup *s);
