/*
 * How a guest's end is told: from what was observed to the exit code of the table in ktstr(1) and
 * the sentences for a person. A pure function, so that every row of that table has a test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/str.h"
#include "vmm/vmctl.h"

struct verdict_facts {
	bool exec;	     /* a command was asked for */
	enum vm_stage stage; /* the farthest that was reached */
	bool killed;	     /* the client asked for it */
	bool timed_out;	     /* --exec-timeout */
	uint64_t timeout_ns;
	bool has_status; /* the command's result arrived */
	int status;
	bool ending;		    /* init said that the session ended */
	const char *init_failed;    /* init's own reason why it cannot go on; NULL */
	const char *broken;	    /* how the guest broke the port protocol; NULL */
	const char *difference;	    /* how its topology is not what was asked for; NULL */
	int engine_status;	    /* exit code of the engine, 128+N for a signal */
	bool engine_killed;	    /* by us */
	const char *engine_name;    /* "QEMU" */
	const char *panic, *memory; /* console lines, NULL = none */
	struct strv engine_lines;   /* the engine's complaints, last ones */
	struct strv console_lines;  /* the console's last lines */
};

/* The exit code; the reason is appended to text, one line or several, nothing when all is well. */
int verdict(const struct verdict_facts *f, struct str *text);
/* The same where the process that would have told it is gone, `how` says of what. */
int verdict_of_death(bool exec, enum vm_stage stage, const char *how, struct str *text);
