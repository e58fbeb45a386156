/*
 * A vmlinux for readers of symbols and types: what takes space and is not read is left out, and
 * addresses and section numbers stay as they were (spec/host 4.9).
 */
#pragma once

#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

/*
 * Appends the stripped file. Kept: symbols and their names, `.bss`, `.BTF`, `.rodata`. Code and
 * data keep their headers without their bytes; relocations become empty; all else goes. Of a file
 * that has no symbols only relocations, `.comment` and what is for debuggers goes. -EINVAL: it is
 * no 64-bit little-endian ELF file.
 */
int strip_vmlinux(const unsigned char *elf, size_t n, struct str *out, struct err *e);
