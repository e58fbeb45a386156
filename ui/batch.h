/* The dashboard's frames without a terminal: as text, or as one JSON object a line. */
#pragma once

#include "src/base/str.h"
#include "ui/session.h"

struct batch_options {
	struct session_options session;
	const struct strv *panes; /* ids; the first is focused, one alone has the screen, and the
				     JSON of the frames holds these; empty = all */
	uint32_t frames;
	bool json;
	const char *keys;     /* a file (ui/script.h), NULL = none */
	uint64_t patience_ns; /* for a `wait` of the keys, and for all to come to rest */
	/* Takes each frame's text; false ends it (nobody reads any more). */
	bool (*write)(void *user, const struct str *text);
	void *user;
};

/* 0; what a pane's failed() said (a positive exit status); -errno. A sentence with all but 0. */
int batch_run(const struct batch_options *o, struct err *e);
