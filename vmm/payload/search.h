/*
 * Finds the file that the dynamic linker would load for a name (spec/vmm 1.6, and the linker's own
 * rules where that leaves gaps: RPATH of the whole loading chain, DF_1_NODEFLIB, candidates of
 * another class or machine passed over). Folders for special CPUs (glibc-hwcaps) are not looked
 * into: the guest may have fewer capabilities than this machine.
 */
#pragma once

#include <stdbool.h>

#include "vmm/payload/elf.h"
#include "vmm/payload/ldcache.h"

/* Where to look besides what the objects themselves say. */
struct search_env {
	const char *library_path; /* LD_LIBRARY_PATH; NULL = not set */
	struct ldcache cache;
	const char *const *dirs; /* standard folders, NULL-terminated */
};
/* This machine's. */
void search_env_init(struct search_env *env);
void search_env_release(struct search_env *env);

/* One loaded object, as far as the search needs it. All borrowed. */
struct search_object {
	const struct search_object *loader; /* who needs it; NULL = the program */
	const struct obj_dynamic *dyn;
	const char *origin; /* $ORIGIN: the folder it was found in */
};

enum search_via {
	SEARCH_PATH, /* the name holds a slash */
	SEARCH_RPATH,
	SEARCH_LIBRARY_PATH,
	SEARCH_RUNPATH,
	SEARCH_INTERPRETER, /* beside a non-standard interpreter */
	SEARCH_CACHE,
	SEARCH_STANDARD,
};

struct search_found {
	char *path; /* owned: the folder made canonical, and the name */
	enum search_via via;
	/* For RPATH and RUNPATH: who said so, and the element that led here with $ORIGIN still in
	 * it (owned). */
	const struct search_object *said_by;
	char *element;
};
void search_found_release(struct search_found *f);

/* `interpreter_dirs`: folders of step 4, may be NULL. True when found. */
bool search_library(const struct search_env *env, const struct search_object *from,
	const struct strv *interpreter_dirs, const char *soname, struct search_found *out);

/*
 * Appends the folders that one element of a search path stands for: $ORIGIN, $LIB and $PLATFORM
 * expanded for an object of this kind ($LIB may stand for several).
 */
void search_expand(const char *element, const char *origin, struct obj_kind kind, struct strv *out);
