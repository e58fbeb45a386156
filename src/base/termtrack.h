/*
 * Watches a stream of terminal output for the modes that it leaves switched on, and knows the bytes
 * that switch them off again. Only what was really switched is undone: sending everything would
 * move the cursor or the screen of a terminal that nobody touched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

enum { TERMTRACK_PARAMS = 16 };

struct termtrack {
	uint32_t on; /* a bit for each row of the table in termtrack.c */
	uint8_t state;
	char private; /* '?', '>', '!', ... or 0 */
	bool space;   /* an intermediate byte ' ' was seen */
	uint8_t nparams;
	unsigned params[TERMTRACK_PARAMS];
};

/* True when what termtrack_undo() gives has changed. */
bool termtrack_feed(struct termtrack *t, const char *bytes, size_t n);
/* Appends the bytes that bring the terminal back to where it was, attributes and character set
 * always. */
void termtrack_undo(const struct termtrack *t, struct str *out);
