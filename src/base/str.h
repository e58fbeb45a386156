/*
 * Growable strings, vectors and small string tools. A `struct str` is always NUL-terminated when it
 * was appended to; STR_INIT owns nothing and needs no release.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "src/base/mem.h"

struct str {
	char *s; /* NULL while empty and never appended to: use str_get() to read */
	size_t len, cap;
};

#define STR_INIT                                                                                   \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define cleanup_str __attribute__((cleanup(str_release)))

void str_release(struct str *b);
/* Empties without giving memory back. */
void str_clear(struct str *b);
void str_append(struct str *b, const void *bytes, size_t n);
void str_add(struct str *b, const char *s);
void str_addc(struct str *b, char c);
void str_repeat(struct str *b, char c, size_t n);
void str_printf(struct str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Room for n more bytes plus NUL; returns where they go. The caller then adds to len itself. */
char *str_reserve(struct str *b, size_t n);
/* Never NULL; borrowed. */
const char *str_get(const struct str *b);
/* Hands the heap string over (never NULL) and leaves b empty. */
char *str_steal(struct str *b);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* Cuts trailing white space in place, skips leading; returns the start inside s. */
char *str_trim(char *s);
/* The nearest of n names to `word` by edit distance, or NULL when none is near enough to suggest.
 */
const char *str_nearest(const char *word, const char *const *names, size_t n);

/* A list of heap strings. NULL-terminated as soon as it has been pushed to. */
struct strv {
	char **v;
	size_t n, cap;
};
#define STRV_INIT                                                                                  \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define cleanup_strv __attribute__((cleanup(strv_release)))
void strv_push(struct strv *l, const char *s); /* copies */
void strv_take(struct strv *l, char *s);       /* takes the heap string */
void strv_pushf(struct strv *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strv_copy(struct strv *to, const struct strv *from); /* appends copies */
bool strv_has(const struct strv *l, const char *s);
void strv_sort(struct strv *l);
void strv_release(struct strv *l);

/* Vectors of any type: VEC(struct row) rows = {0}; vec_push(&rows, r); rows.v[i]; free(rows.v). */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
#define vec_push(vec, ...)                                                                         \
	do {                                                                                       \
		if ((vec)->n == (vec)->cap) {                                                      \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                              \
			(vec)->v = xreallocarray((vec)->v, (vec)->cap, sizeof(*(vec)->v));         \
		}                                                                                  \
		(vec)->v[(vec)->n++] = (__VA_ARGS__);                                              \
	} while (0)
