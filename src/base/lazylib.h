/*
 * Libraries that are opened on first use, since most runs need none of them and loading costs more
 * than the rest of a start. The one file that owns a library lists what it calls (variables go the
 * same way):
 *
 *	#define CALLS(X) X(elf_begin) X(elf_end)
 *	LAZYLIB_CALLS(CALLS);
 *	LAZYLIB_FILES("elf", "libelf.so.1");
 *	static const struct lazylib lib = {.files = files, .name = "libelf", ...};
 *	struct calls c;
 *	int rc = lazylib_open(&lib, &c, e);
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/mem.h"

struct lazylib_symbol {
	const char *name;
	size_t offset; /* of its pointer in the struct of calls */
};

struct lazylib {
	const char *const *files;    /* LAZYLIB_FILES: the first that is there is opened */
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

/*
 * Declares the table of the names by which the linker knows the library, and writes them into the
 * binary for packagers, and for ourselves when the program goes into a guest: nothing else there
 * says that it wants them. The note is that of "ELF dlopen metadata" (uapi-group.org). Names as
 * they are written in C are its JSON too; `feature` is a word for people.
 */
#define LAZYLIB_FILES(feature, ...) LAZYLIB_FILES_("recommended", feature, __VA_ARGS__)
/* The same of one that a guest does without: it, or what it needs in turn, is large. */
#define LAZYLIB_LARGE_FILES(feature, ...) LAZYLIB_FILES_("suggested", feature, __VA_ARGS__)
#define LAZYLIB_FILES_(priority, feature, ...)                                                     \
	LAZYLIB_NOTE("[{\"feature\":\"" feature "\",\"priority\":\"" priority                      \
		     "\",\"soname\":[" #__VA_ARGS__ "]}]");                                        \
	static const char *const files[] = {__VA_ARGS__, NULL}

/* Notes lie side by side: the alignment is said so that the compiler leaves no room between them,
 * and clang's sanitizer, other than gcc's, would put some there. */
#ifdef __clang__
#define LAZYLIB_BARE __attribute__((no_sanitize("address")))
#else
#define LAZYLIB_BARE
#endif
#define LAZYLIB_NOTE(text)                                                                         \
	static const struct {                                                                      \
		uint32_t name_size, text_size, type;                                               \
		char name[4], json[sizeof(text)];                                                  \
	} dlopen_note LAZYLIB_BARE __attribute__((used, section(".note.dlopen"), aligned(4))) = {  \
		.name_size = 4,                                                                    \
		.text_size = sizeof(text),                                                         \
		.type = 0x407c0c0a,                                                                \
		.name = "FDO",                                                                     \
		.json = text,                                                                      \
	}
