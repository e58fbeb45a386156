#include "src/base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/lazylib.h"
#include "src/base/mem.h"

/* Everything that is used of libarchive: one row makes a typed pointer and its lookup. */
#define CALLS(X)                                                                                   \
	X(archive_entry_filetype)                                                                  \
	X(archive_entry_hardlink)                                                                  \
	X(archive_entry_mtime)                                                                     \
	X(archive_entry_pathname)                                                                  \
	X(archive_entry_perm)                                                                      \
	X(archive_entry_size)                                                                      \
	X(archive_entry_symlink)                                                                   \
	X(archive_error_string)                                                                    \
	X(archive_read_data)                                                                       \
	X(archive_read_free)                                                                       \
	X(archive_read_new)                                                                        \
	X(archive_read_next_header)                                                                \
	X(archive_read_open)                                                                       \
	X(archive_read_support_filter_bzip2)                                                       \
	X(archive_read_support_filter_gzip)                                                        \
	X(archive_read_support_filter_lz4)                                                         \
	X(archive_read_support_filter_lzma)                                                        \
	X(archive_read_support_filter_xz)                                                          \
	X(archive_read_support_filter_zstd)                                                        \
	X(archive_read_support_format_ar)                                                          \
	X(archive_read_support_format_cpio)                                                        \
	X(archive_read_support_format_empty)                                                       \
	X(archive_read_support_format_raw)                                                         \
	X(archive_read_support_format_tar)

LAZYLIB_CALLS(CALLS);
LAZYLIB_LARGE_FILES("archive", "libarchive.so.13");

static const struct lazylib library = {
	.files = files,
	.name = "libarchive",
	.purpose = "unpacking",
	.debian = "libarchive13",
	.fedora = "libarchive",
	.symbols = symbols,
	.nsymbols = ARRAY_LEN(symbols),
};

enum { CHUNK = 128 * 1024 };

struct arc {
	struct calls lib;
	struct archive *a;
	char *name;
	struct arc *outer; /* where the bytes come from; NULL = fd */
	int fd;
	int source_errno; /* why the source could not be read, 0 = it could */
	unsigned char chunk[CHUNK];
};

static int load(struct calls *lib, struct err *e)
{
	return lazylib_open(&library, lib, e);
}

int arc_available(struct err *e)
{
	struct calls lib;

	return load(&lib, e);
}

static la_ssize_t pull(struct archive *la, void *user, const void **bytes)
{
	struct arc *a = user;
	ssize_t n;

	(void)la;
	*bytes = a->chunk;
	if (a->outer) {
		n = a->outer->lib.archive_read_data(a->outer->a, a->chunk, CHUNK);
		if (n < 0)
			a->source_errno = a->outer->source_errno ? a->outer->source_errno : EBADMSG;
		return n;
	}
	do
		n = read(a->fd, a->chunk, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		a->source_errno = errno;
	return n;
}

static int failed(struct arc *a, struct err *e)
{
	const char *why = a->lib.archive_error_string(a->a);

	if (a->source_errno && !a->outer)
		return err_sys(e, a->source_errno, "cannot read '%s'", a->name);
	return err_set(e, EBADMSG, "'%s' is damaged or not in a known format: %s", a->name,
		why ? why : "unexpected end");
}

static void support(struct arc *a, bool raw)
{
	/* Their results only warn that an external program would be used. */
	a->lib.archive_read_support_filter_gzip(a->a);
	a->lib.archive_read_support_filter_lz4(a->a);
	a->lib.archive_read_support_filter_xz(a->a);
	a->lib.archive_read_support_filter_lzma(a->a);
	a->lib.archive_read_support_filter_zstd(a->a);
	a->lib.archive_read_support_filter_bzip2(a->a);
	if (raw) {
		a->lib.archive_read_support_format_empty(a->a);
		a->lib.archive_read_support_format_raw(a->a);
		return;
	}
	a->lib.archive_read_support_format_ar(a->a);
	a->lib.archive_read_support_format_cpio(a->a);
	a->lib.archive_read_support_format_tar(a->a);
}

static struct arc *start(int fd, struct arc *outer, const char *name, bool raw, struct err *e)
{
	struct calls lib;
	struct arc *a;

	if (load(&lib, e))
		return NULL;
	a = xmalloc(sizeof(*a));
	a->lib = lib;
	a->a = lib.archive_read_new();
	a->name = xstrdup(name);
	a->outer = outer;
	a->fd = fd;
	a->source_errno = 0;
	if (!a->a) {
		err_set(e, ENOMEM, "out of memory while opening '%s'", name);
		arc_close(a);
		return NULL;
	}
	support(a, raw);
	if (lib.archive_read_open(a->a, a, NULL, pull, NULL) != ARCHIVE_OK) {
		failed(a, e);
		arc_close(a);
		return NULL;
	}
	return a;
}

struct arc *arc_open_fd(int fd, const char *name, struct err *e)
{
	return start(fd, NULL, name, false, e);
}

struct arc *arc_open_nested(struct arc *outer, const char *name, struct err *e)
{
	return start(-1, outer, name, false, e);
}

void arc_close(struct arc *a)
{
	if (!a)
		return;
	if (a->a)
		a->lib.archive_read_free(a->a);
	free(a->name);
	free(a);
}

/* Takes "./" and "/" off the front; NULL when a component is "..". */
static const char *safe_path(const char *path)
{
	while (*path == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	for (const char *p = path; p && *p; p = strchr(p, '/')) {
		p += *p == '/';
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return NULL;
	}
	return path;
}

static int checked(struct arc *a, const char *path, const char **out, struct err *e)
{
	*out = path ? safe_path(path) : NULL;
	if (!*out)
		return err_set(e, EBADMSG, "'%s' has an entry with an unusable name '%s'", a->name,
			path ? path : "");
	return 0;
}

static enum arc_type type_of(mode_t filetype)
{
	switch (filetype) {
	case AE_IFREG:
		return ARC_FILE;
	case AE_IFDIR:
		return ARC_DIR;
	case AE_IFLNK:
		return ARC_SYMLINK;
	default:
		return ARC_OTHER;
	}
}

int arc_next(struct arc *a, struct arc_entry *out, struct err *e)
{
	struct archive_entry *ae;
	int rc = a->lib.archive_read_next_header(a->a, &ae);
	const char *hardlink;

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return failed(a, e);
	*out = (struct arc_entry){
		.link = a->lib.archive_entry_symlink(ae),
		.type = type_of(a->lib.archive_entry_filetype(ae)),
		.mode = a->lib.archive_entry_perm(ae),
		.mtime = (int64_t)a->lib.archive_entry_mtime(ae),
	};
	if (out->type == ARC_FILE && a->lib.archive_entry_size(ae) > 0)
		out->size = (uint64_t)a->lib.archive_entry_size(ae);
	hardlink = a->lib.archive_entry_hardlink(ae);
	if (hardlink) {
		out->type = ARC_HARDLINK;
		rc = checked(a, hardlink, &out->link, e);
		if (rc < 0)
			return rc;
	}
	rc = checked(a, a->lib.archive_entry_pathname(ae), &out->path, e);
	return rc < 0 ? rc : 1;
}

ssize_t arc_read(struct arc *a, void *buf, size_t n, struct err *e)
{
	ssize_t got = a->lib.archive_read_data(a->a, buf, n);

	return got < 0 ? failed(a, e) : got;
}

int arc_copy(struct arc *a, int to, uint64_t max, struct err *e)
{
	cleanup_free unsigned char *buf = xmalloc(CHUNK);
	uint64_t total = 0;
	ssize_t n;

	while ((n = arc_read(a, buf, CHUNK, e)) > 0) {
		int rc;

		total += (uint64_t)n;
		if (total > max)
			return err_set(e, EFBIG, "an entry of '%s' is larger than %llu bytes",
				a->name, (unsigned long long)max);
		rc = file_write_fd(to, buf, (size_t)n);
		if (rc)
			return err_sys(e, rc, "cannot write what '%s' unpacks to", a->name);
	}
	return n < 0 ? (int)n : 0;
}

static int drain(struct arc *a, size_t max, struct str *out, struct err *e)
{
	size_t total = 0;
	ssize_t n;

	while ((n = arc_read(a, str_reserve(out, CHUNK), CHUNK, e)) > 0) {
		total += (size_t)n;
		if (total > max)
			return err_set(
				e, EFBIG, "'%s' unpacks to more than %zu bytes", a->name, max);
		out->len += (size_t)n;
		out->s[out->len] = '\0';
	}
	return n < 0 ? (int)n : 0;
}

/* The one entry that a compressed file is: 1, 0 when it holds nothing, or -errno. */
static int open_raw(struct arc *a, struct err *e)
{
	struct archive_entry *ae;
	int rc = a->lib.archive_read_next_header(a->a, &ae);

	if (rc == ARCHIVE_EOF)
		return 0;
	return rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? 1 : failed(a, e);
}

int arc_decompress(int fd, const char *name, size_t max, struct str *out, struct err *e)
{
	struct arc *a = start(fd, NULL, name, true, e);
	int rc;

	if (!a)
		return e && e->code ? -e->code : -EIO;
	rc = open_raw(a, e);
	if (rc > 0)
		rc = drain(a, max, out, e);
	arc_close(a);
	return rc;
}

int arc_decompress_to(int fd, const char *name, int to, uint64_t max, struct err *e)
{
	struct arc *a = start(fd, NULL, name, true, e);
	int rc;

	if (!a)
		return e && e->code ? -e->code : -EIO;
	rc = open_raw(a, e);
	if (rc > 0)
		rc = arc_copy(a, to, max, e);
	arc_close(a);
	return rc;
}
