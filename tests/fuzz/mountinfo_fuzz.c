/* mountinfo, then a zero byte, then a path: the device is one that the table has. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/locks/holders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = xmalloc(size + 2);
	unsigned major, minor;
	struct mounts *m;
	const char *path;

	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	path = text + strlen(text) + 1;
	m = mounts_parse(text);
	if (mounts_device(m, path > text + size ? "/" : path, &major, &minor)) {
		char needle[32];

		/* As it is written there, or with zeros before. */
		snprintf(needle, sizeof(needle), "%u", minor);
		if (!strstr(text, needle))
			abort();
	}
	mounts_free(m);
	return 0;
}
