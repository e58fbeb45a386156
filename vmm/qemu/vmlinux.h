/* The kernel inside a compressed image, where QEMU can start that directly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A file with the ELF kernel of this bzImage, -1 when it has none that can be started; kept in the
 * folder `cache`, NULL = not. */
int qemu_vmlinux(const char *image, const char *cache);
/* Whether an ELF file has the note that QEMU looks for. Hostile bytes are fine. */
bool qemu_has_pvh_entry(const void *elf, size_t n);
