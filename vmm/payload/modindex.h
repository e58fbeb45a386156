/*
 * What a kernel's module tree (X/lib/modules/RELEASE) has: files by module name, found in one walk
 * over the names alone, and the modules that are built into the kernel (modules.builtin). Names are
 * compared with '-' and '_' equal, as the kernel does.
 */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/base/map.h"
#include "src/base/str.h"

struct modindex {
	char *dir;
	struct map files;   /* name -> path relative to dir, owned */
	struct map builtin; /* names */
};

/* dir == NULL is an empty tree. */
int modindex_open(const char *dir, struct modindex *out, struct err *e);
void modindex_release(struct modindex *x);
/* Path relative to the tree; NULL = not there. Borrowed. */
const char *modindex_file(const struct modindex *x, const char *name);
bool modindex_is_builtin(const struct modindex *x, const char *name);
/* A name that is near to this one, NULL = none. Borrowed. */
const char *modindex_nearest(const struct modindex *x, const char *name);

/* "drivers/virtio/virtio-pci.ko.xz" -> "virtio_pci"; NULL when it is no module's file. Heap. */
char *module_name(const char *path);
