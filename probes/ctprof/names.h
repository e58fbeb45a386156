/*
 * Names that survive a restart: `kworker/3:1` and `kworker/7:0` are one thing to whoever asks what
 * the machine did. Digits and hexadecimal words become placeholders, separators stay (spec section
 * 5); cgroup paths lose the instance of a systemd template besides (6.2).
 */
#pragma once

#include <stddef.h>

#include "src/base/str.h"

/* Appends the token pattern of n bytes. */
void name_pattern(const char *name, size_t n, struct str *out);
/* Appends the key of a cgroup path: template instances first, then the token pattern. */
void name_cgroup_key(const char *path, struct str *out);

/*
 * The same, and more becomes one (--strong-normalize): UUIDs as a whole, whatever digits they are
 * made of; words of 8 or more hexadecimal digits, with a letter before them too; digits inside any
 * word.
 */
void name_pattern_strong(const char *name, size_t n, struct str *out);
void name_cgroup_key_strong(const char *path, struct str *out);
