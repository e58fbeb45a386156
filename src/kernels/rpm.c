#include "src/kernels/rpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEAD = 96,
	PREAMBLE = 16, /* magic, four reserved bytes, number of entries, bytes of data */
	ENTRY = 16,    /* tag, type, offset, count */
	ENTRIES_MAX = 0xffff,
	TYPE_STRING = 6,
	TEXT_MAX = 256,
};

/* Tags of the describing header. */
enum { NAME = 1000, VERSION = 1001, RELEASE = 1002, ARCH = 1022, PAYLOADFORMAT = 1124 };

struct header {
	const unsigned char *entries, *data;
	uint32_t count, size; /* entries; bytes of data */
	size_t end;	      /* behind it, in the file */
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool rpm_begins(const unsigned char *bytes, size_t n)
{
	return n >= 4 && !memcmp(bytes, "\xed\xab\xee\xdb", 4);
}

static int read_header(
	const unsigned char *head, size_t n, size_t at, struct header *out, struct err *e)
{
	uint64_t end;

	if (at > n || n - at < PREAMBLE || memcmp(head + at, "\x8e\xad\xe8\x01", 4) != 0)
		return err_set(e, EBADMSG, "a header is missing or cut off");
	out->count = be32(head + at + 8);
	out->size = be32(head + at + 12);
	end = (uint64_t)at + PREAMBLE + (uint64_t)out->count * ENTRY + out->size;
	if (out->count > ENTRIES_MAX || end > n)
		return err_set(e, EBADMSG, "a header is longer than what is there");
	out->entries = head + at + PREAMBLE;
	out->data = out->entries + (size_t)out->count * ENTRY;
	out->end = (size_t)end;
	return 0;
}

/* A text that ends within the data, and could be a name or a version; NULL where there is none. */
static const char *text_of(const struct header *h, uint32_t tag)
{
	for (uint32_t i = 0; i < h->count; i++) {
		const unsigned char *entry = h->entries + (size_t)i * ENTRY;
		uint32_t offset = be32(entry + 8);
		const char *text = (const char *)h->data + offset;
		size_t n;

		if (be32(entry) != tag || be32(entry + 4) != TYPE_STRING || offset >= h->size)
			continue;
		n = strnlen(text, h->size - offset);
		if (!n || n == h->size - offset || n > TEXT_MAX)
			return NULL;
		for (size_t c = 0; c < n; c++)
			if (text[c] <= ' ' || text[c] > '~' || text[c] == '/')
				return NULL;
		return text;
	}
	return NULL;
}

static const char *debian_arch(const char *arch)
{
	return !strcmp(arch, "x86_64") ? "amd64" : !strcmp(arch, "noarch") ? "all" : arch;
}

static int describe(const struct header *h, struct deb822 *out, struct err *e)
{
	const char *name = text_of(h, NAME), *version = text_of(h, VERSION),
		   *release = text_of(h, RELEASE), *arch = text_of(h, ARCH),
		   *format = text_of(h, PAYLOADFORMAT);

	if (!name || !version || !release || !arch)
		return err_set(e, EBADMSG, "it does not say its name, version and architecture");
	if (format && strcmp(format, "cpio") != 0)
		return err_set(e, EBADMSG, "its files are in an archive of kind %s", format);
	*out = (struct deb822){
		.package = xstrdup(name),
		.version = xasprintf("%s-%s", version, release),
		.architecture = xstrdup(debian_arch(arch)),
		.depends = xstrdup(""),
	};
	return 0;
}

int rpm_parse(
	const unsigned char *head, size_t n, struct deb822 *out, uint64_t *payload, struct err *e)
{
	struct header h;
	int rc;

	*out = (struct deb822){0};
	if (!rpm_begins(head, n))
		return err_set(e, EBADMSG, "it does not begin as one");
	rc = read_header(head, n, LEAD, &h, e);
	/* the signatures are padded to eight bytes */
	rc = rc ? rc : read_header(head, n, (h.end + 7) & ~(size_t)7, &h, e);
	rc = rc ? rc : describe(&h, out, e);
	*payload = rc ? 0 : h.end;
	return rc;
}
