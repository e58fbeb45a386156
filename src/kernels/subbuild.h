/*
 * Building a kernel that a guest asks for: by `ktstr kernel build`, as a person would, in a process
 * of its own that takes its own share of the host. What it says is passed on.
 */
#pragma once

#include "src/base/err.h"
#include "src/kernels/kernels.h"

/* How a build says how far it is to whoever started it: a line of this, "DONE TOTAL WHAT". Once
 * nobody reads it any more the build puts away what is half done, and ends. */
#define SUBBUILD_PROGRESS "progress "

/* Runs PROGRAM kernel build --kernel ID (NULL: the latest stable release); *image (owned) is the
 * path of what it built or found. 0, -ECANCELED, -EIO with its last words. */
int subbuild(const char *program, const char *id, const struct kernel_report *report, char **image,
	struct err *e);
