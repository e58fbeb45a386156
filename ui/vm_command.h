/*
 * A command that runs in a guest beside its interactive shell: what it said so far, line by line,
 * and how it ended. Belongs to the guest's pane; the box that shows it is a dialog.
 */
#pragma once

#include "src/base/str.h"
#include "vmm/vmctl.h"

enum {
	VM_COMMAND_LINES = 10000, /* the newest are kept */
	VM_COMMAND_LINE = 4096,	  /* bytes of one; longer ones are broken */
};

struct vm_command {
	char *command; /* owned; NULL = none so far */
	struct strv lines;
	struct str open; /* the line that has no end yet */
	size_t dropped;	 /* lines that are not kept any more */
	bool running;
	int status;
	struct str refused; /* why it could not run */
};

/* Asks the guest to run it: 0 or -errno. What was there of an earlier one is forgotten. */
int vm_command_start(struct vm_command *r, struct vm *vm, const char *command);
/* RUN_STDOUT, RUN_STDERR, RUN_EXIT. */
void vm_command_event(struct vm_command *r, const struct vm_event *ev);
/* The guest is gone. */
void vm_command_over(struct vm_command *r);
void vm_command_release(struct vm_command *r);
