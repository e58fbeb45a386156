/* Which module tree belongs to a kernel image. */
#pragma once

#include <stdbool.h>

#include "src/base/err.h"
#include "src/kernels/place.h"

/* Whether a folder is a module tree: it lists built-in modules, or holds a module at some depth. */
bool modtree_holds_modules(const char *dir);

/*
 * The tree of `image` (release may be NULL), in this order: lib/modules/RELEASE beside the image (a
 * cache entry); for X/boot/vmlinuz-V, X/lib/modules/V; the image's own folder
 * (/lib/modules/V/vmlinuz); X of X/arch/x86/boot/bzImage, a build tree; /lib/modules/RELEASE. Heap,
 * or NULL where none is.
 */
char *modtree_find(const struct place *p, const char *image, const char *release);

/* --modules DIR: the tree itself, or a folder with RELEASE or lib/modules/RELEASE in it. NULL with
 * a sentence. */
char *modtree_named(const struct place *p, const char *dir, const char *release, struct err *e);
