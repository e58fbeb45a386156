/*
 * What a kernel image file is: an x86-64 bzImage (the boot protocol's setup header, kernel
 * Documentation/arch/x86/boot.rst) or an uncompressed vmlinux (ELF). Everything else is refused by
 * name. Nothing in the file is believed: every offset is checked against what was read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

enum image_kind { IMAGE_BZIMAGE, IMAGE_VMLINUX };

enum { IMAGE_RELEASE_MAX = 128 };

struct image_info {
	enum image_kind kind;
	char release[IMAGE_RELEASE_MAX]; /* "6.1.0-51-cloud-amd64"; empty = not to be found */
	uint64_t init_size; /* bzImage: RAM needed while it decompresses; 0 = unknown */
};

/* `name` is what errors call it. */
int image_probe_fd(int fd, const char *name, struct image_info *out, struct err *e);
int image_probe(const char *path, struct image_info *out, struct err *e);
/* Copies a release string that is safe as a folder's name; false (and "") for anything else. */
bool image_release_copy(char out[IMAGE_RELEASE_MAX], const char *s, size_t n);
