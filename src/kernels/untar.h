/*
 * Reading a (compressed) tar archive that lies inside a file, entry by entry. The one file that
 * knows libarchive, which is opened on first use and asked for tar with gzip, xz and zstd only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"

struct untar;

enum untar_type { UNTAR_FILE, UNTAR_DIR, UNTAR_HARDLINK, UNTAR_OTHER };

/* Borrowed from the reader until the next call. */
struct untar_entry {
	enum untar_type type;
	const char *path;   /* as the archive spells it */
	const char *target; /* of a hard link */
	uint64_t size;	    /* of a file */
};

/* size bytes from offset of fd (borrowed). `name` is what errors call the archive. */
struct untar *untar_open(int fd, uint64_t offset, uint64_t size, const char *name, struct err *e);
void untar_close(struct untar *u);
/* 1 = there is an entry, 0 = the end, -errno. */
int untar_next(struct untar *u, struct untar_entry *out, struct err *e);
/* The next bytes of the entry's contents; 0 = the end, -errno. */
ssize_t untar_read(struct untar *u, void *buf, size_t n, struct err *e);
/* Compressed bytes read so far. */
uint64_t untar_consumed(const struct untar *u);
