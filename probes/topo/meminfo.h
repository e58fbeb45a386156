/* MemTotal and MemFree, as /proc/meminfo and the nodes' meminfo spell them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/sysroot.h"

/* Bytes. False unless both were given. */
bool meminfo_parse(const char *text, uint64_t *total, uint64_t *unused);
bool meminfo_read(const struct sysroot *r, const char *path, uint64_t *total, uint64_t *unused);
