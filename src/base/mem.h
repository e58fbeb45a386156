/*
 * Memory with manners: allocators that never return NULL (they abort with one line on stderr when
 * the machine is out of memory), scope-bound cleanup, and arenas that are freed in one go.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
/* n * size is checked for overflow. */
void *xreallocarray(void *p, size_t n, size_t size)
	__attribute__((returns_nonnull, alloc_size(2, 3)));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull, nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 0)));

/* Scope-bound cleanup: `cleanup_free char *s = NULL;`. A pointer that leaves the scope alive goes
 * through take_ptr(), which hands it over and clears the variable. */
void cleanup_free_fn(void *p);
void cleanup_close_fn(const int *fd);
void cleanup_file_fn(FILE **f);
#define cleanup_free  __attribute__((cleanup(cleanup_free_fn)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fn)))
#define cleanup_file  __attribute__((cleanup(cleanup_file_fn)))
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})
#define take_fd(fd)                                                                                \
	({                                                                                         \
		int taken_ = (fd);                                                                 \
		(fd) = -1;                                                                         \
		taken_;                                                                            \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* A region of memory that is freed as a whole: the owner of an immutable model. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Zeroed, aligned for any object, lives until arena_free(). */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));
