/*
 * Errors as values. A function that can fail returns 0 (or a count) on success and a negative
 * errno on failure; what a person may read travels in a `struct err`, always the last parameter.
 * The lowest level that knows the nouns writes the sentence, callers may put a prefix before it,
 * and only the command line and the dashboard print it.
 */
#pragma once

#include <stdarg.h>

/* Caller-owned, no heap: safe to use when memory has run out. `code` is a positive errno, 0 = none.
 */
struct err {
	int code;
	char msg[1024]; /* one sentence, no newline at its end */
	char hint[512]; /* what mends it, may hold several lines; empty = none */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		0, {0},                                                                            \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

/* Every function accepts e == NULL and returns -|code|, so `return err_set(e, EINVAL, ...)` works.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Like err_set(), with ": " and the text of errno `code` appended. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "prefix: " before the message; returns -e->code. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds one hint line; returns -e->code. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);

/* Tells compilers and analysers what they cannot see through a variadic call: the result is
 * negative. */
static inline int err_negative(int rc)
{
	if (rc >= 0)
		__builtin_unreachable();
	return rc;
}
#define err_set(...)	err_negative(err_set(__VA_ARGS__))
#define err_sys(...)	err_negative(err_sys(__VA_ARGS__))
#define err_prefix(...) err_negative(err_prefix(__VA_ARGS__))
#define err_hint(...)	err_negative(err_hint(__VA_ARGS__))
