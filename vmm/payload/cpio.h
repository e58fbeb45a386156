/*
 * Writer of newc cpio archives as the kernel's initramfs unpacker reads them
 * (Documentation/driver-api/early-userspace/buffer-format.rst): a 110-byte header of hexadecimal
 * fields, name and data each padded to 4 bytes. Directories that an entry lies in are written
 * before it, once, since the kernel drops a file whose directory is missing without a word.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"

struct cpio;

/* What the entries have in common. Everything belongs to root. */
struct cpio_meta {
	const char *path; /* relative to the guest's root */
	mode_t mode;	  /* permission bits */
	int64_t mtime;	  /* seconds since the epoch; what does not fit 32 bits becomes 0 */
};

/* The descriptor is borrowed and written from where it stands. */
struct cpio *cpio_new(int fd);
void cpio_free(struct cpio *c);

/* All of them refuse a path that is not clean (see cpio_check_path()) or was written before. */
int cpio_dir(struct cpio *c, const struct cpio_meta *m, struct err *e);
int cpio_bytes(
	struct cpio *c, const struct cpio_meta *m, const void *bytes, size_t n, struct err *e);
/* `size` bytes of a descriptor, from its start; fewer there is an error. 4 GiB are refused. */
int cpio_file(struct cpio *c, const struct cpio_meta *m, int from, uint64_t size, struct err *e);
int cpio_symlink(struct cpio *c, const struct cpio_meta *m, const char *target, struct err *e);
/* A character device. */
int cpio_chardev(
	struct cpio *c, const struct cpio_meta *m, unsigned major, unsigned minor, struct err *e);
/* The end mark and the padding to 512 bytes; nothing may follow. Returns 0 and the whole size. */
int cpio_finish(struct cpio *c, uint64_t *size, struct err *e);

/* Relative, no empty, "." or ".." component, shorter than PATH_MAX. */
int cpio_check_path(const char *path, struct err *e);
