/*
 * Source archives are foreign input that is written to disk: they are unpacked by a process of its
 * own (the hidden `ktstr __untar`), which can reach nothing but the folder it fills, and every
 * member's path is checked besides.
 */
#pragma once

#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/kernels/kernels.h"

/* Unpacks a tar archive (any compression) into the folder. `name` is what people call it; `program`
 * our own binary (NULL = /proc/self/exe). 0, -ECANCELED, or -errno. */
int untar(const char *program, int archive_fd, const char *name, const char *folder,
	const struct kernel_report *report, struct err *e);

/*
 * The other process: reads the archive on `archive_fd`, fills the current folder, and says on
 * `status_fd` how far it is (bytes of the archive, a decimal line each) and at last, after '!',
 * what went wrong. Exit status.
 */
int untar_main(int archive_fd, int status_fd);
