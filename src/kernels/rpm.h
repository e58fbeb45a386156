/*
 * The head of an RPM package (rpm.org, "RPM v4 package format"): a lead of 96 bytes, a header of
 * signatures, a header that describes the package, and behind them a compressed cpio archive.
 * Nothing in it is believed; signatures are not checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/kernels/deb822.h"

enum { RPM_HEAD_MAX = 32 << 20 }; /* bytes of a package that hold its head; kernels' are some MB */

/* Whether a file begins so. */
bool rpm_begins(const unsigned char *bytes, size_t n);
/* Name, "VERSION-RELEASE" and architecture (in Debian's words: amd64, all; others as they are), and
 * where the archive starts. -EBADMSG with what is wrong; `out` is then empty. */
int rpm_parse(
	const unsigned char *head, size_t n, struct deb822 *out, uint64_t *payload, struct err *e);
