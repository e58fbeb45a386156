/* The two formats of package files, Debian's and RPM's: what they say of themselves, and their
 * files. */
#pragma once

#include <sys/stat.h>

#include "src/base/archive.h"
#include "src/base/err.h"
#include "src/kernels/deb822.h"

struct package_file {
	int fd;
	struct stat st;
	struct arc *outer; /* NULL in an RPM */
	struct arc *files; /* once package_file_open() was called */
};

/* Reads name, version and architecture; `out` is to be released. */
int package_file_describe(const char *path, struct deb822 *out, struct stat *st, struct err *e);
/* Opens it at the first of its files; close it in any case. */
int package_file_open(const char *path, struct package_file *f, struct err *e);
void package_file_close(struct package_file *f);
