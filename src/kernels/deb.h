/*
 * The outer shape of a Debian package (deb(5)): an ar archive of `debian-binary`, `control.tar.*`
 * and `data.tar.*`, in this order. Only where the members lie is found out here.
 */
#pragma once

#include <stdint.h>

#include "src/base/err.h"

struct deb_member {
	uint64_t offset, size;
};

struct deb {
	struct deb_member control, data;
};

/* `name` is what errors call the file. */
int deb_open(int fd, const char *name, struct deb *out, struct err *e);
