/*
 * Kernel images: the self-extracting bzImage (Documentation/arch/x86/boot.rst) and the ELF file
 * inside it. Pure: from the first bytes of a file to what has to be loaded where; they may say
 * anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

enum {
	LOADER_HEAD = 64 * 1024, /* bytes from the start of the file that are looked at */
	LOADER_SEGMENTS = 16,
	SETUP_HEADER_AT = 0x1f1, /* in a bzImage and in the zero page */
	SETUP_HEADER_MAX = 0x290 - SETUP_HEADER_AT,
};

struct loader_segment {
	uint64_t offset, file_size; /* in the file */
	uint64_t gpa, size;	    /* in memory; what the file does not have is zero */
};

struct loader_plan {
	struct loader_segment segment[LOADER_SEGMENTS]; /* in the file's order, disjoint */
	unsigned n;
	uint64_t start, end; /* memory that the kernel takes before it looks around */
	uint64_t entry;	     /* 64-bit */
	uint64_t initrd_max; /* last address that an initramfs may have */
	/* a bzImage's own header, to be handed back to it; 0 bytes for ELF */
	unsigned char header[SETUP_HEADER_MAX];
	size_t header_size;
	uint32_t cmdline_max; /* bytes without the NUL */
};

/* `head` holds the first n bytes of a file of file_size. -ENOEXEC with a sentence that says what is
 * wrong with `name`. */
int loader_plan(const void *head, size_t n, uint64_t file_size, const char *name,
	struct loader_plan *out, struct err *e);
/* Where an initramfs of `size` bytes lies in memory that is in one piece up to `ram_end`: as high
 * as possible, at a huge page's start, so that nothing lies behind it in one. -ENOMEM: more memory
 * would do; -E2BIG: none would. */
int loader_initrd(
	const struct loader_plan *p, uint64_t ram_end, uint64_t size, uint64_t *at, struct err *e);
