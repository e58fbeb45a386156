/* Small, valid ELF files for tests: dynamic objects and kernel modules, without a compiler. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/str.h"

/* What a dynamic object states; NULL and zero: nothing. */
struct elf_make {
	uint16_t machine; /* 0 = EM_X86_64 */
	bool nodeflib;
	const char *interp, *rpath, *runpath;
	const char *needed[8];
	const struct str *notes; /* a PT_NOTE segment of these bytes */
};
/* Appends a note with padding for four bytes; `n` bytes of text, its zero included where it has
 * one. */
void elf_make_note(struct str *out, const char *owner, uint32_t type, const char *text, size_t n);
/* One that says which libraries are opened, as JSON. */
void elf_make_dlopen(struct str *out, const char *json);
/* A 64-bit object, 32-bit when the machine is EM_386. */
void elf_make_dynamic(struct str *out, const struct elf_make *m);
/* A relocatable object with a .modinfo section of these `key=value` strings, NULL-terminated. */
void elf_make_module(struct str *out, const char *const *info);
/* Writes it executable, with its folders. */
void elf_make_file(const char *path, const struct str *bytes);
