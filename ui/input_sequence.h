/* Escape sequences of xterm and its family as keys, without any state: inside of ui/input.c. */
#pragma once

#include <stddef.h>

#include "ui/keys.h"

enum { INPUT_SEQUENCE_MAX = 64 }; /* bytes; anything longer is not a key */

/* What a try at the beginning of some bytes gave. */
enum match {
	MATCH_NONE,  /* not such a sequence */
	MATCH_MORE,  /* perhaps, with more bytes */
	MATCH_KEY,   /* a key, of *len bytes */
	MATCH_SKIP,  /* something known that is no key, of *len bytes */
	MATCH_PASTE, /* a paste begins behind these *len bytes */
};

/* s[0] is Esc and s[1] is '[' (CSI) or 'O' (SS3); n bytes are there, 2 or more. */
enum match match_csi(const char *s, size_t n, struct ui_key *out, size_t *len);
enum match match_ss3(const char *s, size_t n, struct ui_key *out, size_t *len);
