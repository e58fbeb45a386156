/*
 * make(1) in a kernel tree: its output line by line, the object at work and its share as progress,
 * its last words when it fails.
 */
#pragma once

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"

struct make_run {
	const char *tree;
	const char *const *args; /* targets and variables, NULL-terminated */
	const char *what;	 /* for progress and errors: "building the kernel" */
	uint64_t expected;	 /* objects that a whole such run makes; 0 = not known */
	uint64_t already;	 /* of them, made by runs that were interrupted */
	bool verbose;		 /* every line is a note */
	const struct kernel_report *report;
};

/* 0; -ECANCELED; -EIO when make failed, with the end of what it said in the notes. *objects (may be
 * NULL) is how many it made. */
int make_run(const struct make_run *m, uint64_t *objects, struct err *e);
