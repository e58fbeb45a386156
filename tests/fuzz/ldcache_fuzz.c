/* Any bytes as an ld.so.cache: every answer must be an absolute path that ends inside of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/payload/ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"libc.so.6", "", "a"};
	struct ldcache c;
	size_t answers = 0;

	ldcache_parse(data, size, &c);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *path;

		for (size_t at = 0; (path = ldcache_next(&c, names[i], &at)); answers++)
			if (path[0] != '/' || strlen(path) >= size)
				abort();
	}
	if (answers > ARRAY_LEN(names) * c.n)
		abort();
	ldcache_release(&c);
	return 0;
}
