/*
 * Libraries that are opened on first use, since most runs need none of them and loading costs more
 * than the rest of a start. The one file that owns a library lists what it calls (variables go the
 * same way):
 *
 *	#define CALLS(X) X(elf_begin) X(elf_end)
 *	LAZYLIB_CALLS(CALLS);
 *	static const struct lazylib lib = {.file = "libelf.so.1", .name = "libelf", ...};
 *	struct calls c;
 *	int rc = lazylib_open(&lib, &c, e);
 */
#pragma once

#include <stddef.h>

#include "src/base/err.h"
#include "src/base/mem.h"

struct lazylib_symbol {
	const char *name;
	size_t offset; /* of its pointer in the struct of calls */
};

struct lazylib {
	const char *file;	     /* as the linker knows it: "libarchive.so.13" */
	const char *other;	     /* by another name elsewhere; NULL = none */
	const char *name;	     /* as people do */
	const char *purpose;	     /* "unpacking": begins the sentence when it is missing */
	const char *debian, *fedora; /* the packages that have it */
	const struct lazylib_symbol *symbols;
	size_t nsymbols;
} __attribute__((designated_init));

/* Fills the struct of calls. -ENOENT: not installed, -ENOSYS: too old; with what to install. */
int lazylib_open(const struct lazylib *l, void *calls, struct err *e);

#define LAZYLIB_POINTER(call) __typeof__(call) *call;
#define LAZYLIB_ROW(call)     {.name = #call, .offset = offsetof(struct calls, call)},
/* Declares `struct calls` with a typed pointer a call, and the table of their names. */
#define LAZYLIB_CALLS(LIST)                                                                        \
	struct calls {                                                                             \
		LIST(LAZYLIB_POINTER)                                                              \
	};                                                                                         \
	static const struct lazylib_symbol symbols[] = {LIST(LAZYLIB_ROW)}
