/*
 * Files: whole reads with a bound, complete writes, and the one way in which this program creates a
 * file that must not be lost: a temporary name beside the target, fsync, rename.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Appends everything up to end of file; -EFBIG when there is more than max bytes. 0 or -errno. */
int file_read_fd(int fd, size_t max, struct str *out);
/* Whole file; the error names the path. */
int file_read(const char *path, size_t max, struct str *out, struct err *e);
/* Writes all of it, whatever write(2) does in one go. 0 or -errno. */
int file_write_fd(int fd, const void *bytes, size_t n);
/* Creates or replaces path atomically with these bytes (temporary name, fsync, rename). */
int file_replace(const char *path, const void *bytes, size_t n, mode_t mode, struct err *e);
/* mkdir -p. */
int file_mkdirs(const char *path, mode_t mode, struct err *e);
/* rm -rf, does not follow links; missing is fine. */
int file_remove_tree(const char *path, struct err *e);
/* fsync of a file or directory by name. */
int file_sync(const char *path, struct err *e);
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* "a/b", without doubling the slash; heap. */
char *file_join(const char *dir, const char *name);
/* The last component; borrowed, points into path. */
const char *file_base(const char *path);
/* What is before the last component, "." when that is nothing; heap. */
char *file_dir(const char *path);
/* An anonymous, close-on-exec memory file; -errno. */
int file_memfd(const char *name);
