/*
 * From a terminal's bytes to key events: UTF-8, control characters, xterm's CSI and SS3 sequences
 * with modifiers, SGR and X10 mouse reports, bracketed paste, and whatever else terminfo knows. No
 * I/O and no waiting: when the bytes so far may still become something longer, input_pending() says
 * so, and whoever runs the loop calls input_flush() after a moment.
 *
 * Source: xterm's ctlseqs; the `modifyOtherKeys`/CSI u forms where they are unambiguous.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ui/keys.h"

enum {
	INPUT_ESC_MS = 25,	   /* how long a lone Esc may be the start of a sequence */
	INPUT_PASTE_MAX = 1 << 20, /* a longer paste comes in pieces of this size */
};

struct input;

struct input *input_new(void);
void input_free(struct input *in);
/* A sequence that this terminal sends for a key, from terminfo. Goes before the built-in ones. */
void input_learn(struct input *in, const char *sequence, enum ui_fn fn, unsigned mods);
void input_feed(struct input *in, const void *bytes, size_t n);
/* The next key; false when no whole one is there. `text` of a paste is valid until the next call.
 */
bool input_next(struct input *in, struct ui_key *out);
/* Bytes wait that may be the beginning of a sequence. */
bool input_pending(const struct input *in);
/* They are not: the next input_next() takes the first of them as a key of its own. */
void input_flush(struct input *in);
/* Bytes taken so far. */
size_t input_taken(const struct input *in);
