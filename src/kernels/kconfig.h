/*
 * Kernel configurations: the fragment that every kernel of ours gets, the bases it is put on, and
 * what is read from a `.config` (spec/host 4.5, 4.15, 4.17).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* What a tree without a `.config` starts from. */
enum kconfig_base {
	KCONFIG_SLIM, /* `make tinyconfig` and what a scheduler's guest needs: minutes to build */
	KCONFIG_DEFCONFIG, /* `make defconfig` */
	KCONFIG_BASES,
};
const char *kconfig_base_name(enum kconfig_base b);   /* "slim", "defconfig" */
const char *kconfig_base_target(enum kconfig_base b); /* of make: "tinyconfig", "defconfig" */

/* The fragment, behind the base's own options; NUL-terminated, static. */
const char *kconfig_fragment(void);
const char *kconfig_base_options(enum kconfig_base b);

enum { KCONFIG_HASH = 8 };
/* CRC-32 of some bytes as eight hex digits. */
void kconfig_crc(const char *bytes, size_t n, char out[KCONFIG_HASH + 1]);
/* Of what a kernel on this base is configured with: the `kcH` of its cache key. That of defconfig
 * covers the fragment alone, as the public tool's does. */
void kconfig_hash(enum kconfig_base b, char out[KCONFIG_HASH + 1]);

/* The base whose hash this is; KCONFIG_BASES: none's. */
enum kconfig_base kconfig_base_of(const char *hash);

/* One line `CONFIG_X=V` or `# CONFIG_X is not set`; borrowed. */
struct kconfig_line {
	const char *text, *symbol, *value; /* value: "n" for one that is not set */
	size_t len, symbol_len, value_len;
};
/* The next such line at or after *at, which moves on behind it; false at the end. */
bool kconfig_next(const char *text, size_t *at, struct kconfig_line *out);

/* Lines of `wanted` that `config` does not hold literally, in order. */
void kconfig_missing(const char *config, const char *wanted, struct strv *out);
/* A sentence for each symbol that `extra` sets otherwise than `fragment` does. */
void kconfig_overrides(const char *fragment, const char *extra, struct strv *out);
/* Whether a finished configuration has what no kernel of ours can do without; else a sentence that
 * lists what is missing and what it hangs on. */
int kconfig_validate(const char *config, struct err *e);
