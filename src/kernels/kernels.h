/*
 * Kernel images: from an identifier (path, version, cache key, `distro`, package file) to a
 * bootable image and its module tree. Everything that takes time reports through struct
 * kernel_report and may be stopped by it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* A resolved kernel. All strings are owned. */
struct kernel {
	char *image;   /* path of a bzImage (or vmlinux where the engine takes it) */
	char *release; /* "6.1.0-51-cloud-amd64", from the image; NULL = unknown */
	char *modules; /* folder that holds kernel/, e.g. X/lib/modules/RELEASE; NULL = none found
			*/
	char *origin;  /* one phrase for people: "KTSTR_KERNEL", "cache entry K", "/boot",
			  "distribution package" */
	int lock; /* owned: the descriptor that holds its cache entry's reader lock; 0 = none */
	uint64_t init_size; /* bzImage setup header 0x260: RAM needed while it decompresses; 0 =
			       unknown */
};

/* Progress and remarks, called on the thread that called kernel_resolve(). */
struct kernel_report {
	void *user;
	/* One line for a person, without a newline. */
	void (*note)(void *user, const char *text);
	/* `what` is a short phrase; total == 0 = not known. Returning true cancels (result
	 * -ECANCELED). */
	bool (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
};

/* Which kernel; all of it may be NULL. */
struct kernel_wish {
	const char *id;	     /* NULL: the automatic chain of spec/host 4.2 as amended in 4.4 */
	const char *modules; /* the module tree, instead of the kernel's own */
	const char
		*fetch; /* what the chain fetches at its end, "distro" or "stable"; NULL: what
			   KTSTR_FETCH says, and without it the first of the two that can be had */
};

/* Whoever has the kernel keeps its cache entry from being removed or replaced. */
int kernel_resolve(const struct kernel_wish *wish, const struct kernel_report *report,
	struct kernel *out, struct err *e);
void kernel_release(struct kernel *k);

/* The cache root of spec/host 4.3; heap path, or NULL with a sentence. Nothing is created. */
char *kernel_cache_root(struct err *e);
