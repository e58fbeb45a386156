/* One guest of `ktstr kernel bisect`: `ktstr shell` as a person would call it. */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct bisect_guest {
	const char *kernel;	    /* its identifier */
	const struct strv *words;   /* further ones for `ktstr shell` */
	const struct strv *command; /* to run in the guest; one word is a line for its shell */
};

/*
 * Builds the kernel where it has to, boots it and runs the command; what both say goes to stderr.
 * The exit status, and whether it is the command's own. -ECANCELED once SIGINT, SIGTERM or SIGHUP
 * came, when the guest has ended; -errno.
 */
int bisect_guest_run(const struct bisect_guest *g, bool *started, struct err *e);
