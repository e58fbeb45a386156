/*
 * Progress of something long on stderr: a bar that is redrawn on a terminal; plain lines elsewhere,
 * at the start, at every tenth, never within a second and never more than ten seconds apart. What
 * takes longer than a second has its rate and the time left on its bar. It only writes text into a
 * buffer, from a clock that is handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/str.h"

enum progress_kind { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BAR };

struct progress {
	enum progress_kind kind;
	int width; /* columns of the terminal */
	struct str what;
	const char *unit;     /* what is counted ("objects", of one without the s); NULL = bytes */
	uint64_t done, total; /* total 0 = unknown */
	bool drawn;	      /* BAR: there is one on the screen */
	unsigned tenth;	      /* LINES: last one reported */
	uint64_t said_ns;     /* when something was last written */
	uint64_t rated_ns;    /* when the rate was last looked at, and what was done then */
	uint64_t rated_done;
	double rate; /* BAR: a second, of late; 0 = not known yet */
};

/* Of "PHASE: DETAIL" lines name the phase only. */
void progress_update(struct progress *p, uint64_t now_ns, const char *what, uint64_t done,
	uint64_t total, struct str *out);
/* What a phase of src/kernels counts: "objects" while a kernel is built, NULL = bytes. */
const char *progress_unit(const char *what);
/* A phase without numbers ("booting"), shown on a terminal only; it ends the one before. */
void progress_status(struct progress *p, const char *what, struct str *out);
/* Call now and then: says something when ten seconds of a phase passed in silence. */
void progress_tick(struct progress *p, uint64_t now_ns, struct str *out);
/* Takes the bar away, before other text is written; the next update draws it again. */
void progress_clear(struct progress *p, struct str *out);
/* The phase is over. */
void progress_end(struct progress *p, struct str *out);
void progress_release(struct progress *p);
