/*
 * Everything that one program or library makes the dynamic linker load, level by level, and then
 * what these objects say that they open themselves (spec/vmm 1.6). Only looks; what becomes of the
 * result is libs.c's business.
 */
#pragma once

#include "src/base/map.h"
#include "vmm/payload/dlopens.h"
#include "vmm/payload/elf.h"
#include "vmm/payload/search.h"

enum closure_kind {
	CLOSURE_NOT_ELF,
	CLOSURE_FOREIGN, /* for a machine that the guest is not */
	CLOSURE_STATIC,	 /* needs nothing */
	CLOSURE_SHARED,	 /* a library: needs others, has no interpreter */
	CLOSURE_PROGRAM, /* dynamic, with an interpreter */
};

/* A file that was read once, whoever needs it. */
struct closure_file {
	enum closure_kind kind;
	struct obj_dynamic dyn; /* of the last three kinds */
	struct dlopens opens;	/* of these also */
};

/* What was read so far, by canonical path. */
struct closure_cache {
	struct map files; /* -> struct closure_file, owned */
};
void closure_cache_release(struct closure_cache *c);
/* NULL with a sentence. */
const struct closure_file *closure_file(struct closure_cache *c, const char *real, struct err *e);

/* One object that is loaded. */
struct closure_object {
	struct search_object so;
	const struct dlopens *opens;
	char *real;		   /* canonical path */
	char *origin;		   /* so.origin is this */
	struct search_found found; /* path NULL: the program itself */
};

struct closure {
	VEC(struct closure_object *) objects; /* in the order of loading, the program first */
	struct strv missing;		      /* sonames */
	struct map names; /* sonames; the value is not NULL when loaded or missing */
	struct strv interpreter_dirs;
};

/* `real` is the canonical path of a dynamic file. Missing libraries are no failure here; those that
 * are opened are left out unless they are there with all they need. The result borrows from the
 * cache and is to be released also after a failure. */
int closure_walk(const struct search_env *env, struct closure_cache *cache, const char *real,
	struct closure *out, struct err *e);
void closure_release(struct closure *c);
