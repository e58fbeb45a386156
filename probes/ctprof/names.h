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
