/*
 * A helper program that runs beside us: its output gathered, a callback ticking while it works, and
 * its whole process group ended when the callback says so or we die.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct command {
	const char *const *argv;
	const char *cwd; /* NULL = ours */
	/* Called about ten times a second; true = stop. May be NULL. */
	bool (*tick)(void *user);
	void *user;
};

/* The exit status (128+N for a signal), -ECANCELED, or -errno when it could not be started.
 * Messages come untranslated. At most 16 MiB of stdout and 64 KiB of stderr are kept. */
int command_run(const struct command *c, struct str *out, struct str *errs, struct err *e);
