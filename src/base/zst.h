/*
 * zstd as a stream, in both directions, over a file descriptor that is borrowed. Reading takes any
 * number of frames one after the other and never gives more bytes than it was told; writing makes
 * one frame with a checksum. Errors say what is wrong and where; the caller names the file. libzstd
 * is opened on first use (dlopen): where it is missing, *_new() fails and names the package.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"

/* Level 3: the one that gives most for its time. */
enum { ZST_LEVEL = 3 };

struct zst_in;

/* At most max bytes come out; one more is -EFBIG. */
struct zst_in *zst_in_new(int fd, uint64_t max, struct err *e);
/* Bytes put into buf, 0 at the end of the last frame, -errno. */
ssize_t zst_in_read(struct zst_in *z, void *buf, size_t n, struct err *e);
void zst_in_free(struct zst_in *z);

struct zst_out;

struct zst_out *zst_out_new(int fd, int level, struct err *e);
int zst_out_write(struct zst_out *z, const void *bytes, size_t n, struct err *e);
/* Ends the frame and writes what is left. The file is complete only after this. */
int zst_out_end(struct zst_out *z, struct err *e);
void zst_out_free(struct zst_out *z);
