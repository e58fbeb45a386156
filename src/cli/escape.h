/*
 * The escape key of an interactive guest: Ctrl-A, then x or X, ends it. Anything else after Ctrl-A
 * goes to the guest together with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct escape {
	bool armed; /* a Ctrl-A waits for what follows */
};

/* Filters n keys into out (room for n + 1); *kept is their number. True when the guest is to end:
 * what follows the escape is dropped. */
bool escape_feed(struct escape *s, const char *keys, size_t n, char *out, size_t *kept);
