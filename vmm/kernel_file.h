/*
 * The kernel inside a self-extracting image, unpacked once on the host: what takes 50 ms here takes
 * an emulated CPU 400 ms, and seconds where it was xz.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether an engine can start this ELF file. Its bytes may say anything. */
typedef bool kernel_startable_fn(const void *elf, size_t n);

/* A file with the ELF kernel of this image, to be closed by the caller, read only; kept in the
 * folder `cache` (NULL = nowhere) and taken from there the next time. -1 where that is no gain or
 * not possible: no such image, an unknown compression, libarchive not installed, or an engine that
 * cannot start it. */
int kernel_file_unpacked(const char *image, const char *cache, kernel_startable_fn *startable);
