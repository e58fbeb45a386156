#include "src/kernels/sums.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <sha2.h>

#include "src/base/lazylib.h"

#define CALLS(X) X(SHA256Init) X(SHA256Update) X(SHA256End)

LAZYLIB_CALLS(CALLS);

static const struct lazylib lib = {
	.file = "libmd.so.0",
	.name = "libmd",
	.purpose = "verifying a download",
	.debian = "libmd0",
	.fedora = "libmd",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

#define SIGNATURE "-----BEGIN PGP SIGNATURE-----"

enum { CHUNK = 1 << 18 };

int sums_of_fd(int fd, char out[SUM_HEX + 1], struct err *e)
{
	cleanup_free unsigned char *buf = xmalloc(CHUNK);
	struct calls c;
	SHA2_CTX sum;
	off_t at = 0;
	ssize_t n;
	int rc = lazylib_open(&lib, &c, e);

	if (rc)
		return rc;
	c.SHA256Init(&sum);
	while ((n = pread(fd, buf, CHUNK, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read the download back");
		c.SHA256Update(&sum, buf, (size_t)n);
		at += n;
	}
	c.SHA256End(&sum, out);
	return 0;
}

/* "HEX  NAME" (a `*` before the name marks binary mode). */
static int match(const char *line, size_t n, const char *name, char out[SUM_HEX + 1])
{
	size_t hex = 0, len = strlen(name);

	while (hex < n && isxdigit((unsigned char)line[hex]))
		hex++;
	if (hex != SUM_HEX || n != SUM_HEX + 2 + len || line[hex] != ' ' ||
		(line[hex + 1] != ' ' && line[hex + 1] != '*') ||
		memcmp(line + hex + 2, name, len) != 0)
		return -ENOENT;
	for (size_t i = 0; i < SUM_HEX; i++)
		out[i] = (char)tolower((unsigned char)line[i]);
	out[SUM_HEX] = '\0';
	return 0;
}

int sums_find(const char *manifest, size_t n, const char *name, char out[SUM_HEX + 1])
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
