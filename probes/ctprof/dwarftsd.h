/* The two members of jemalloc's thread-specific struct, from a file's DWARF. libdw, opened on first
 * use. */
#pragma once

#include <stdint.h>

/* 0 and the offsets in struct tsd_s; -ENOENT: no such struct there; -ENOSYS: no libdw; -errno. */
int dwarf_tsd(int fd, uint64_t *allocated, uint64_t *deallocated);
