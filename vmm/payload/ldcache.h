/*
 * Reader of /etc/ld.so.cache in its format of today (magic "glibc-ld.so.cache1.1", which may follow
 * the old format's part in one file). Foreign bytes: everything is checked against the file's size.
 */
#pragma once

#include <stddef.h>

#include "src/base/err.h"
#include "src/base/str.h"

struct ldcache {
	struct str file;   /* owned */
	const char *table; /* start of the header in file, NULL = no cache */
	size_t size;	   /* bytes from there */
	size_t n;	   /* entries */
};

/* A missing or strange file is an empty cache. */
void ldcache_open(const char *path, struct ldcache *out);
/* The same from bytes, which are copied. */
void ldcache_parse(const void *bytes, size_t n, struct ldcache *out);
void ldcache_release(struct ldcache *c);

/*
 * The next absolute path that is listed for a name, from entry *at on, which moves behind it; NULL
 * when there is none. Entries for CPUs with special capabilities are passed over: the guest may
 * have fewer than this machine.
 */
const char *ldcache_next(const struct ldcache *c, const char *soname, size_t *at);
