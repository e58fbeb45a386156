/*
 * Unpacked kernels, kept by the content of the image that they come from (ROOT/.unpacked). A link
 * named by an image's inode, size and times spares reading the image to find its content's name.
 * Everything is put there by one rename; files are never written to afterwards, and whoever has one
 * open may go on reading it when another process takes it away.
 */
#pragma once

#include <stdint.h>

#define KERNEL_STORE_FOLDER ".unpacked"

/* Kept at most; what was not used for longest gives way. */
enum { KERNEL_STORE_FILES = 8, KERNEL_STORE_LINKS = 64 };
#define KERNEL_STORE_BYTES (1ULL << 30)

/* The unpacked kernel of the image that `image` has open, for reading; -1 = none is kept. */
int kernel_store_open(const char *root, int image);
/* Keeps what `unpacked` holds; where that is not possible nothing is kept, and that is all. */
void kernel_store_keep(const char *root, int image, int unpacked);
