/*
 * What the payload wants to know of ELF files: the needs of dynamic programs and libraries, and
 * sections of kernel modules. Read through libelf, which is opened on first use (dlopen); where it
 * is missing the error names the package. Files may be hostile: every size is bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* What an object must agree in with the objects it is loaded beside. */
struct obj_kind {
	uint8_t class;	  /* ELFCLASS32, ELFCLASS64; 0 = not known */
	uint16_t machine; /* EM_X86_64, ... */
};
bool obj_same_kind(struct obj_kind a, struct obj_kind b);
/* A look at the first bytes, without the library: 1 = a little-endian ELF file, 0 = something else,
 * -errno. */
int obj_peek(int fd, struct obj_kind *out);

struct obj;

/* `name` is what errors call it. The descriptor or the bytes are borrowed until obj_close(). */
struct obj *obj_open_fd(int fd, const char *name, struct err *e);
struct obj *obj_open_bytes(const void *bytes, size_t n, const char *name, struct err *e);
void obj_close(struct obj *o);

/* Of the program headers and the dynamic section; strings owned. */
struct obj_dynamic {
	struct obj_kind kind;
	bool dynamic;  /* there is a dynamic section */
	bool nodeflib; /* DF_1_NODEFLIB: no ld.so.cache, no standard folders */
	char *interp;  /* PT_INTERP, NULL = none */
	char *rpath, *runpath;
	struct strv needed;
};
int obj_dynamic(struct obj *o, struct obj_dynamic *out, struct err *e);
void obj_dynamic_release(struct obj_dynamic *d);

/* A segment of notes (PT_NOTE). */
struct obj_notes {
	const char *bytes; /* borrowed until obj_close() */
	size_t n, align;
};
/* The next one after `*at` (0 at first) that lies in the file and has at most `max` bytes; false
 * after the last. */
bool obj_notes(struct obj *o, size_t *at, size_t max, struct obj_notes *out);

/* Whether it is a relocatable object (ET_REL), as kernel modules are. */
bool obj_relocatable(struct obj *o, struct obj_kind *kind);
/* Bytes of the first section of this name, appended: 1, or 0 when there is none; -E2BIG when it has
 * more than 1 MiB. */
int obj_section(struct obj *o, const char *section, struct str *out, struct err *e);
