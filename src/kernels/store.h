/*
 * Writing to the kernel cache: everything is made in `.tmp-LABEL-PID` beside the entries and takes
 * its place by one rename, so that a reader never meets half an entry and a process that dies at
 * any point leaves at most a staging folder, which the next writer sweeps.
 */
#pragma once

#include <stdint.h>

#include "src/base/err.h"
#include "src/kernels/kernels.h"

struct kstore {
	char *root; /* absolute */
	char *dir;  /* the staging folder, absolute */
	int lock;   /* held on the staging folder while we live */
};

/* Whether entries can be made below the root, which need not be there; nothing is left behind. */
int kstore_check(const char *root, struct err *e);
/* Creates the root where needed, sweeps what dead processes left, makes the staging folder. */
int kstore_begin(const char *root, const char *label, struct kstore *out, struct err *e);
/* Makes the tree `made` (in the staging folder) the entry `folder`/`name`, durably; an entry of
 * that name is exchanged and removed. `folder` is relative to the root, "" = the root itself. */
int kstore_commit(const struct kstore *s, const char *made, const char *folder, const char *name,
	struct err *e);
/* Removes the staging folder with all that is still in it. */
void kstore_end(struct kstore *s);

/* Passes rc on; for a full disk it adds which one that is, and the way out. */
int kstore_explain_space(const struct kstore *s, int rc, struct err *e);
