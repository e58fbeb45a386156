/* The boot image inside a folder: a kernel build tree, or a cache entry's shape. */
#pragma once

#include "src/base/err.h"

/* arch/x86/boot/bzImage, else bzImage, else vmlinux; heap, or NULL where none is. */
char *tree_image(const char *dir);
/* The sentence for a folder without one, by what the folder is; `name` is what a person called it.
 */
int tree_without_image(const char *dir, const char *name, struct err *e);
