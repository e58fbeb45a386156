/*
 * What an object says that it opens by itself (dlopen), in notes of the specification "ELF dlopen
 * metadata" (uapi-group.org). A wish, never a need: notes that cannot be read say nothing, and what
 * is only suggested stays behind.
 */
#pragma once

#include "vmm/payload/elf.h"

struct dlopens {
	VEC(struct strv) any; /* of each list the first library that is found */
};

/* Whatever the notes hold, the lists are few and their names neither empty nor endless. */
void dlopens_read(struct obj *o, struct dlopens *out);
void dlopens_release(struct dlopens *d);
