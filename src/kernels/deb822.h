/*
 * Debian's control stanzas (deb822(5)) as `apt-cache show` prints them and packages carry them:
 * only single-line fields are looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/str.h"

/* What a stanza says of one binary package; strings owned. */
struct deb822 {
	char *package, *version, *architecture, *depends; /* "" when absent */
	uint64_t size;					  /* bytes of the .deb; 0 = not said */
};

/* Reads the next stanza with a Package field from *at (a NUL-terminated text), moves *at behind it;
 * false at the end. */
bool deb822_next(const char **at, struct deb822 *out);
void deb822_release(struct deb822 *s);
/* The package names of a Depends field, alternatives included, versions and architectures cut off.
 */
void deb822_depends(const char *depends, struct strv *out);
