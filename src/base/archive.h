/*
 * Reading archives and compressed files through libarchive, which is opened on first use
 * (dlopen): a program run that unpacks nothing does not load it, and where it is missing the error
 * names the package. Formats: ar (Debian packages), cpio (RPM packages), tar; filters: gzip, lz4,
 * xz, lzma, zstd, bzip2. Every source is treated as hostile: paths are checked, raw output is
 * bounded by the caller.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct arc;

enum arc_type { ARC_FILE, ARC_DIR, ARC_SYMLINK, ARC_HARDLINK, ARC_OTHER };

struct arc_entry {
	const char *path; /* relative, "./" and "/" at its start taken off; never has a ".." */
	const char *link; /* target of a symbolic link as stored, of a hard link checked like path;
			     else NULL */
	enum arc_type type;
	mode_t mode;   /* permission bits */
	uint64_t size; /* bytes of a regular file; 0 when the archive does not say */
	int64_t mtime; /* seconds since the epoch, 0 = not stored */
};

/* Whether libarchive is there, to be asked before much is downloaded that it would have to unpack.
 */
int arc_available(struct err *e);
/* `name` is what errors call the file. The descriptor is borrowed and read from where it stands. */
struct arc *arc_open_fd(int fd, const char *name, struct err *e);
/* The current entry of `outer` as an archive of its own (data.tar.xz in a .deb). Read it to its end
 * or close it before `outer` is touched again. */
struct arc *arc_open_nested(struct arc *outer, const char *name, struct err *e);
void arc_close(struct arc *a);

/* 1 = filled in (strings live until the next call), 0 = end, -errno. */
int arc_next(struct arc *a, struct arc_entry *out, struct err *e);
/* Bytes of the current entry: number read, 0 at its end, -errno. */
ssize_t arc_read(struct arc *a, void *buf, size_t n, struct err *e);
/* What arc_read() has not yet delivered of the current entry, to a descriptor; -EFBIG beyond max.
 */
int arc_copy(struct arc *a, int to, uint64_t max, struct err *e);

/* One compressed (or plain) file, decompressed and appended; -EFBIG beyond max. */
int arc_decompress(int fd, const char *name, size_t max, struct str *out, struct err *e);
/* The same, written to a descriptor: for what is too big to be held twice. */
int arc_decompress_to(int fd, const char *name, int to, uint64_t max, struct err *e);
