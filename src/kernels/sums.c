#include "src/kernels/sums.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define SIGNATURE "-----BEGIN PGP SIGNATURE-----"

/* "HEX  NAME" (a `*` before the name marks binary mode). */
static int match(const char *line, size_t n, const char *name, char out[SHA256_HEX + 1])
{
	size_t hex = 0, len = strlen(name);

	while (hex < n && isxdigit((unsigned char)line[hex]))
		hex++;
	if (hex != SHA256_HEX || n != SHA256_HEX + 2 + len || line[hex] != ' ' ||
		(line[hex + 1] != ' ' && line[hex + 1] != '*') ||
		memcmp(line + hex + 2, name, len) != 0)
		return -ENOENT;
	for (size_t i = 0; i < SHA256_HEX; i++)
		out[i] = (char)tolower((unsigned char)line[i]);
	out[SHA256_HEX] = '\0';
	return 0;
}

int sums_find(const char *manifest, size_t n, const char *name, char out[SHA256_HEX + 1])
{
	const char *end = manifest + n;

	for (const char *line = manifest; line < end;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((nl ? nl : end) - line);

		if (len && line[len - 1] == '\r')
			len--;
		if (len == strlen(SIGNATURE) && !memcmp(line, SIGNATURE, len))
			break;
		if (!match(line, len, name, out))
			return 0;
		line = nl ? nl + 1 : end;
	}
	return -ENOENT;
}
