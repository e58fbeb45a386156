/*
 * Shared libraries of the programs in the guest: what they need, transitively, and where it has to
 * lie so that the guest's dynamic linker finds it without an ld.so.cache (spec/vmm 1.6).
 */
#pragma once

#include <stdbool.h>

#include "vmm/payload/closure.h"
#include "vmm/payload/payload.h"
#include "vmm/payload/tree.h"

struct libs;

/* `env` and `notes` are borrowed; notes may be NULL. */
struct libs *libs_new(const struct search_env *env, const struct payload_note *notes);
void libs_free(struct libs *l);

/*
 * Adds what one file needs; a file of a foreign kind needs nothing. `guest` is its path in the
 * guest (relative to the root), from which its $ORIGIN follows. Fails with "<host>: missing shared
 * libraries: a, b" (-ENOENT); nothing is added then. `kind` may be NULL.
 */
int libs_add(struct libs *l, const char *host, const char *guest, enum closure_kind *kind,
	struct err *e);
/*
 * A program that the guest must have at this absolute path, with what it needs: the interpreter of
 * a script. `also` is a further guest path that is to lead to it, or NULL.
 */
int libs_add_at(struct libs *l, const char *path, const char *also, struct err *e);
/* A library that programs open by name (dlopen), with what it needs; false when it is not here. */
bool libs_add_named(struct libs *l, const char *soname);
/* Whether a library whose name starts with this was added. */
bool libs_uses(const struct libs *l, const char *prefix);

/* Puts everything that was added into the tree. To be called once, after the include files are
 * there. */
int libs_place(struct libs *l, struct tree *t, struct err *e);
