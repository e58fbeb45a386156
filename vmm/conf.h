/*
 * Reads the records of PROTO_CONF_PATH (their keys: vmm/proto.h), in init and wherever else
 * somebody wants to know what was written. Values are bytes without NUL, so a command or a variable
 * may hold anything else. libc only: init is built from this file.
 */
#pragma once

#include <stddef.h>

/* One record; borrowed from the buffer. `value` ends with a NUL where the buffer does. */
struct conf_record {
	const char *key, *value;
	size_t key_len, value_len;
};

/*
 * The record at *at, which moves on behind it: 1 = filled in, 0 = end, -1 = malformed (no '=', or
 * an empty key). The NUL behind the last record may be missing.
 */
int conf_next(const char *bytes, size_t n, size_t *at, struct conf_record *out);
/* Whether the record has this key. */
int conf_is(const struct conf_record *r, const char *key);
/* A decimal value from 1 to max, or the fallback when it is anything else. */
unsigned conf_number(const struct conf_record *r, unsigned max, unsigned fallback);
